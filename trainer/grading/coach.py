"""What to try next time: few notes, each beside the line it would replace; and what went well.

Honest, specific and kind, never flattery: a note quotes what was said, and a victory names a turn.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainer import wording
from trainer.grading.checks import RepTurn, evidence
from trainer.grading.close import Close
from trainer.grading.scorecard import CheckResult, CoachNote
from trainer.grading.stages import AGAINST
from trainer.library import Check, Rubric, Scenario
from trainer.listening.grounding import GROUNDED
from trainer.pathway import Move, Speaker, Stage, Verdict
from trainer.transcripts import Transcript

MOST_NOTES = 3
MOST_VICTORIES = 4

_UNTIED = (
    "It sounded like it, and may well have been, but there is nothing of theirs in it to show that "
    "it was about them. One of their own words makes it certain."
)
_PRESENTING = (Move.FEATURE_DUMP, Move.VALUE_LINK, Move.FUTURE_PICTURE, Move.PROOF)


class Coach:
    """Notes for one call."""

    def __init__(
        self,
        rubric: Rubric,
        transcript: Transcript,
        turns: Sequence[RepTurn],
        scenario: Scenario | None,
    ) -> None:
        self._rubric = rubric
        self._turns = turns
        self._prospect = [
            (number, turn.text) for number, turn in transcript.numbered(Speaker.PROSPECT)
        ]
        self._yes = scenario.yes_means if scenario else None

    def to_try(self, close: Close, results: Sequence[CheckResult]) -> tuple[CoachNote, ...]:
        """Up to three things to try, the one that decided the verdict first."""
        notes: list[CoachNote] = []
        self._on_the_close(notes, close)
        by_id = {check.id: check for check in self._rubric.checks}
        missed = [by_id[result.id] for result in results if result.passed is False]
        order = list(Stage)
        # What a close can't be earned without comes first, then the lowest stage: what stands
        # above it would have followed.
        missed.sort(
            key=lambda c: (
                not c.needed_to_earn,
                -1 if c.stage is None else order.index(c.stage),
                -c.weight,
            )
        )
        for check in missed:
            if len(notes) >= MOST_NOTES:
                break
            taken = {note.turn for note in notes}
            untied = self._untied(check, taken)
            if untied is not None:
                notes.append(self._note(untied, _UNTIED, self._instead(check, untied)))
                continue
            turn = self._to_replace(check, taken)
            if turn is not None:
                notes.append(self._note(turn, check.missed, self._instead(check, turn)))
        return tuple(notes)

    def victories(self, results: Sequence[CheckResult]) -> tuple[str, ...]:
        """What went well, each with the turn that shows it."""
        by_id = {check.id: check for check in self._rubric.checks}
        shown = [
            (by_id[result.id], result.evidence[0].turn)
            for result in results
            if result.passed and result.evidence and by_id[result.id].at_least > 0
        ]
        shown.sort(key=lambda pair: -pair[0].weight)
        return tuple(f"Turn {turn}: {check.kept}" for check, turn in shown[:MOST_VICTORIES])

    def _on_the_close(self, notes: list[CoachNote], close: Close) -> None:
        ahead = (
            f"Go ahead as decided: name the day and the next step of {self._yes}."
            if self._yes
            else "Go ahead as decided: “I'll set it up for Tuesday; the papers come today.”"
        )
        match close.verdict:
            case Verdict.ASKED if close.earned:
                missed = "You had earned it. Asking made them decide again."
                notes.append(self._note(close.asked[0], missed, ahead))
            case Verdict.ASKED:
                missed = "You asked them to decide before they had a reason to."
                instead = "Leave the sale alone and ask what this is costing them today."
                notes.append(self._note(close.asked[0], missed, instead))
            case Verdict.PRESSURED:
                missed = "The push was yours, not theirs. People who feel pushed push back."
                instead = "Use a date or a figure they gave you, or leave time out of it."
                notes.append(self._note(close.pressed[0], missed, instead))
            case Verdict.ASSUMED_TOO_SOON:
                missed = "You went ahead as if it were decided; for them it wasn't."
                instead = "“Before we go on: what would make this worth changing for you?”"
                notes.append(self._note(close.assumed[0], missed, instead))
            case Verdict.LEFT_ON_TABLE:
                missed = "They were ready, and you stopped one step short."
                notes.append(self._note(self._turns[-1], missed, ahead))

    def _untied(self, check: Check, taken: set[int]) -> RepTurn | None:
        """A turn that made the move, and whose words show nothing of what the prospect said."""
        return next(
            (
                turn
                for turn in self._turns
                if check.grounded
                and turn.number not in taken
                and turn.makes(*check.any_of)
                and turn.reading.grounding < GROUNDED
            ),
            None,
        )

    def _to_replace(self, check: Check, taken: set[int]) -> RepTurn | None:
        """The turn where the missed thing would have fitted best."""
        free = [turn for turn in self._turns if turn.number not in taken]
        if not free:
            return None
        if check.at_most is not None:
            return next((t for t in free if t.makes(*check.any_of)), None)
        scope = [t for t in free if t in self._turns[: check.within_first]] or free
        match check.stage:
            case Stage.RAPPORT:
                return scope[0]
            case Stage.EMPATHY:
                # After the prospect told something: the longer their words, the more there was
                # to take up. Not in place of a turn that already did.
                held = (Move.REFLECTION, Move.EMPATHY, Move.IMPACT_QUESTION)
                fitting = [t for t in scope[1:] if not t.makes(*held)] or scope
                return max(fitting, key=lambda t: (self._told_before(t), -t.number))
            case _:
                late = scope[len(scope) // 3 :]
                harmful = [t for t in late if t.makes(*AGAINST)]
                thin = [t for t in late if not t.reading.labels or t.makes(*_PRESENTING)]
                return (harmful or thin or late)[0]

    def _told_before(self, turn: RepTurn) -> int:
        before = [text for number, text in self._prospect if number == turn.number - 1]
        return len(wording.content_set([before[0]])) if before else 0

    def _instead(self, check: Check, turn: RepTurn) -> str:
        line = f"“{check.instead}”" if check.instead else "Leave it out."
        if check.at_least == 0 or not check.grounded:
            return line
        heard = [text for number, text in self._prospect if number < turn.number]
        telling = max(heard, key=lambda text: len(wording.content_set([text])), default=None)
        if telling is None or len(wording.content_set([telling])) < 2:
            return line
        quote = telling if len(telling) <= 90 else telling[:89].rsplit(" ", 1)[0] + "…"
        return f"Take up “{quote}”, as in: {line}"

    def _note(self, turn: RepTurn, missed: str, instead: str) -> CoachNote:
        return CoachNote(turn=turn.number, said=evidence(turn).quote, missed=missed, try_=instead)
