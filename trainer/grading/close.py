"""The close of a call: its form, whether it was earned, and the verdict that follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trainer.grading.checks import RepTurn, answer
from trainer.grading.stages import LEVELS, level, points
from trainer.library import Rubric
from trainer.pathway import Form, Move, Verdict
from trainer.replies import refuses, takes_up


@dataclass(frozen=True, slots=True)
class Close:
    """How the close went, with the turns that show it."""

    asked: tuple[RepTurn, ...]
    assumed: tuple[RepTurn, ...]
    """Turns that go ahead as decided without asking."""
    pressed: tuple[RepTurn, ...]
    good: RepTurn | None
    """The first close that was assumed, unpressed and not refused, and earned by then; one that
    the prospect took up is forgiven as much as the rubric says."""
    earned: bool
    """At the close, or by the end where none was made."""
    earned_at: int | None
    """The turn by which the close was earned."""
    refused: RepTurn | None = None
    """The first close that was assumed and turned down."""

    @property
    def form(self) -> Form:
        """The form of the close; a sale once asked for was asked for."""
        if self.asked:
            return Form.ASKED
        return Form.ASSUMED if self.assumed else Form.NONE

    @property
    def verdict(self) -> Verdict:
        """The first verdict that applies, in the order of the vocabulary."""
        if self.asked:
            return Verdict.ASKED
        if self.assumed and any(t.number <= self.assumed[-1].number for t in self.pressed):
            return Verdict.PRESSURED
        if self.assumed:
            return Verdict.EARNED_CLOSE if self.good else Verdict.ASSUMED_TOO_SOON
        return Verdict.LEFT_ON_TABLE if self.earned else Verdict.NOT_EARNED

    @property
    def sentence(self) -> str:
        """The verdict as a rep reads it, with the turn that decided it."""
        match self.verdict:
            case Verdict.ASKED if self.earned:
                return f"You earned it, then asked for it: turn {self.asked[0].number}."
            case Verdict.ASKED:
                return f"You asked for the sale before it was earned: turn {self.asked[0].number}."
            case Verdict.PRESSURED:
                return f"You closed on pressure: turn {self.pressed[0].number}."
            case Verdict.ASSUMED_TOO_SOON if (
                self.refused and self.earned_at and self.earned_at < self.refused.number
            ):
                number = self.refused.number
                return f"You had what earns a close, but they turned it down: turn {number}."
            case Verdict.ASSUMED_TOO_SOON:
                number = self.assumed[0].number
                return f"You assumed the close before it was earned: turn {number}."
            case Verdict.EARNED_CLOSE if self.good:
                return f"You earned it and assumed it, without asking: turn {self.good.number}."
            case Verdict.LEFT_ON_TABLE:
                return f"You had earned it by turn {self.earned_at}, and never closed."
            case _ if self.pressed:
                return f"The close was not earned, and you pushed: turn {self.pressed[0].number}."
            case _:
                return "The close was not earned, and you did not force it."


def find(turns: Sequence[RepTurn], rubric: Rubric, replies: Mapping[int, str]) -> Close:
    """The close of a call. ``replies``: the prospect's next words, by rep turn number."""
    asked = tuple(turn for turn in turns if turn.makes(Move.ASK_FOR_SALE))
    assumed = tuple(t for t in turns if t.makes(Move.ASSUMPTIVE_CLOSE) and t not in asked)
    good = next((t for t in assumed if _is_good(t, turns, rubric, replies)), None)
    earned_at = next(
        (
            turn.number
            for turn in turns
            if not refuses(replies.get(turn.number, "")) and is_earned(_upto(turns, turn), rubric)
        ),
        None,
    )
    if good and (earned_at is None or earned_at > good.number):
        earned_at = good.number
    if asked:
        earned = is_earned(_upto(turns, asked[0]), rubric)
    elif assumed:
        earned = good is not None
    else:
        earned = earned_at is not None
    pressed = tuple(turn for turn in turns if turn.makes(Move.PRESSURE))
    refused = next((t for t in assumed if refuses(replies.get(t.number, ""))), None)
    return Close(asked, assumed, pressed, good, earned, earned_at, refused)


FEWEST_TURNS = 4
"""What earns the close must come from at least so many turns: the method is a conversation, and
said all in one breath it is a speech."""


def shortfall(turns: Sequence[RepTurn], rubric: Rubric) -> int | None:
    """By how many levels, all stages together, the call stays below where the rubric wants them.
    0: the close is earned. None: it can't be, since a needed check is missed or all was said in
    fewer than ``FEWEST_TURNS`` turns."""
    results = [answer(check, turns) for check in rubric.checks]
    needed = {check.id for check in rubric.checks if check.needed_to_earn}
    if any(result.passed is False for result in results if result.id in needed):
        return None
    required = {check.id for check in rubric.checks if check.at_least > 0}
    shown = {line.turn for r in results if r.passed and r.id in required for line in r.evidence}
    if len(shown) < FEWEST_TURNS:
        return None
    return sum(
        max(
            0,
            LEVELS.index(weight.to_earn)
            - LEVELS.index(level(points(stage, results, rubric), stage, rubric)),
        )
        for stage, weight in rubric.stages.items()
    )


def is_earned(turns: Sequence[RepTurn], rubric: Rubric) -> bool:
    """Whether what was said so far earns the close, whoever may take it up."""
    return shortfall(turns, rubric) == 0


def _is_good(
    close: RepTurn, turns: Sequence[RepTurn], rubric: Rubric, replies: Mapping[int, str]
) -> bool:
    reply = replies.get(close.number, "")
    if close.makes(Move.PRESSURE) or refuses(reply):
        return False
    short = shortfall(_upto(turns, close), rubric)
    return short is not None and short <= (rubric.taken_up_forgives if takes_up(reply) else 0)


def _upto(turns: Sequence[RepTurn], last: RepTurn) -> list[RepTurn]:
    return [turn for turn in turns if turn.number <= last.number]
