"""A scorecard as plain lines, for screen readers, pipes and the terminal without the app."""

from __future__ import annotations

import textwrap

from trainer.grading.judge import SecondOpinion
from trainer.grading.scorecard import Scorecard

_WIDTH = 78
_MARKS = {True: "yes", False: "no ", None: "-  "}


def as_text(card: Scorecard, *, details: bool = False, second: SecondOpinion | None = None) -> str:
    """The scorecard in reading order: the verdict, the ladder, what to try, what went well.

    ``details`` adds the checks and the counts; a ``second`` opinion stands beside its checks.
    """
    lines = [_wrapped(card.sentence, 0)]
    if card.score is not None:
        enough = "reaches" if card.passed else "does not reach"
        earned = "earned" if card.earned else "not earned"
        lines.append(f"Score {card.score} of 100, which {enough} the pass mark.")
        lines.append(f"The close was {earned}; its form: {card.form.value}.")
        lines += ["", "The ladder"]
        for stage, one in card.stages.items():
            lines.append(f"  {stage.value:<8} {one.level or '-':<4} {one.score!s:>3}")
            for shown in one.evidence[:1]:
                lines.append(_wrapped(f"turn {shown.turn}: “{shown.quote}”", 11))
    if card.coach:
        lines += ["", "To try"]
        for number, note in enumerate(card.coach, start=1):
            lines.append(_wrapped(f"{number}. Turn {note.turn}, you said: “{note.said}”", 2))
            lines.append(_wrapped(note.missed, 5))
            lines.append(_wrapped(f"Try: {note.try_}", 5))
    if card.small_victories:
        lines += ["", "What went well"]
        lines += [_wrapped(victory, 2) for victory in card.small_victories]
    if card.set_aside:
        lines += ["", "Heard, but not counted"]
        lines += [_wrapped(f"Turn {one.turn} {one.reason}.", 2) for one in card.set_aside]
    if details:
        lines += ["", *(_checks(card) if second is None else _checks_twice(second))]
        stats = card.stats
        talk = "-" if stats.talk_ratio is None else f"{stats.talk_ratio:.0%}"
        lines += [
            "",
            "Counts (hints only)",
            f"  your share of the words {talk}; questions {stats.questions}, "
            f"open ones {stats.open_questions};",
            f"  reflections {stats.reflections}; longest turn {stats.longest_turn_words} words",
        ]
    return "\n".join(lines) + "\n"


def _checks(card: Scorecard) -> list[str]:
    return ["Checks", *(_wrapped(f"{_MARKS[one.passed]}  {one.asks}", 2) for one in card.checks)]


def _checks_twice(opinion: SecondOpinion) -> list[str]:
    """Both opinions side by side, where they differ, and what the second could not answer."""
    lines = [_wrapped(f"Checks: the grader, then {opinion.judge} (1.00 a sure yes)", 0)]
    for one in opinion.answers:
        sure = "    " if one.p is None else f"{one.p:.2f}"
        marks = f"{_MARKS[one.passed]}  {_MARKS[one.answered]} {sure} {'*' if one.differs else ' '}"
        lines.append(_hanging(marks, one.asks))
    if opinion.agreement is not None:
        alike = opinion.compared - len(opinion.differing)
        differ = f", and differ on the {len(opinion.differing)} marked *" * bool(opinion.differing)
        lines.append(
            _wrapped(
                f"They agree on {alike} of {opinion.compared} ({opinion.agreement:.0%}){differ}.", 2
            )
        )
    if opinion.unusable:
        reasons = dict.fromkeys(one.unusable for one in opinion.answers if one.unusable)
        lines.append(
            _wrapped(f"No second opinion on {opinion.unusable}: {'; '.join(map(str, reasons))}.", 2)
        )
    lines.append(_wrapped("The second opinion changes neither verdict nor score.", 2))
    return lines


def _hanging(marks: str, text: str) -> str:
    head = f"  {marks} "
    return textwrap.fill(text, _WIDTH, initial_indent=head, subsequent_indent=" " * len(head))


def _wrapped(text: str, indent: int) -> str:
    pad = " " * indent
    return textwrap.fill(text, _WIDTH, initial_indent=pad, subsequent_indent=pad)
