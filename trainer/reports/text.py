"""A scorecard as plain lines, for screen readers, pipes and the terminal without the app."""

from __future__ import annotations

import textwrap

from trainer.grading.scorecard import Scorecard

_WIDTH = 78


def as_text(card: Scorecard, *, details: bool = False) -> str:
    """The scorecard in reading order: the verdict, the ladder, what to try, what went well."""
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
    if details:
        lines += ["", "Checks"]
        for check in card.checks:
            mark = {True: "yes", False: "no ", None: "-  "}[check.passed]
            lines.append(_wrapped(f"{mark}  {check.asks}", 2))
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


def _wrapped(text: str, indent: int) -> str:
    pad = " " * indent
    return textwrap.fill(text, _WIDTH, initial_indent=pad, subsequent_indent=pad)
