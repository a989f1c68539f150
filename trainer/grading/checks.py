"""A rubric's checks answered over the rep's turns: pure counting, every answer with its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.grading.scorecard import CheckResult, Evidence
from trainer.library import Check
from trainer.listening import Reading
from trainer.listening.grounding import GROUNDED
from trainer.pathway import Move

_QUOTE_CHARACTERS = 220


@dataclass(frozen=True, slots=True)
class RepTurn:
    """A rep turn with its number in the transcript and its reading."""

    number: int
    reading: Reading

    @property
    def text(self) -> str:
        """What was said."""
        return self.reading.text

    def makes(self, *moves: Move) -> bool:
        """Whether the turn makes any of the moves."""
        return not self.reading.labels.isdisjoint(moves)


def evidence(turn: RepTurn, moves: Sequence[Move] = ()) -> Evidence:
    """The turn as a quoted line, with the surest of ``moves`` that it makes."""
    made = [move for move in moves if move in turn.reading.labels]
    quote = turn.text
    if len(quote) > _QUOTE_CHARACTERS:
        quote = quote[: _QUOTE_CHARACTERS - 1].rsplit(" ", 1)[0] + "…"
    return Evidence(
        turn=turn.number,
        quote=quote,
        move=max(made, key=lambda move: turn.reading.moves.get(move, 0.0), default=None),
    )


def answer(check: Check, turns: Sequence[RepTurn]) -> CheckResult:
    """One check answered; ``passed`` is None where nothing came that it looks ``after``."""
    scope = list(turns[: check.within_first] if check.within_first else turns)
    if check.before:
        first = next((i for i, turn in enumerate(scope) if turn.makes(*check.before)), len(scope))
        scope = scope[:first]
    unanswered = False
    if check.after:
        later = [i for i, turn in enumerate(scope) if turn.makes(*check.after)]
        unanswered = not later
        scope = scope[later[0] + 1 :] if later else []
    found = [
        turn
        for turn in scope
        if turn.makes(*check.any_of) and (not check.grounded or turn.reading.grounding >= GROUNDED)
    ]
    enough = len(found) >= check.at_least
    passed = enough and (check.at_most is None or len(found) <= check.at_most)
    return CheckResult(
        id=check.id,
        asks=check.asks,
        stage=check.stage,
        passed=None if unanswered else passed,
        evidence=tuple(evidence(turn, check.any_of) for turn in found[:4]),
    )
