"""Readings made by hand, so that what the mind and the grader decide is tested without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trainer.listening import Reading
from trainer.pathway import Move
from trainer.transcripts import Turn


def reading(*moves: Move, text: str = "", words: int = 15, grounding: float = 1.0,
            unheard: tuple[str, ...] = (), facts: frozenset[str] = frozenset()) -> Reading:  # fmt: skip
    """A reading that holds just these moves to be present."""
    asks = {Move.OPEN_QUESTION, Move.CLOSED_QUESTION, Move.IMPACT_QUESTION, Move.ASK_FOR_SALE}
    return Reading(
        text=text or " ".join(moves) or "okay",
        moves={move: 0.95 if move in moves else 0.02 for move in Move},
        labels=frozenset(moves),
        words=words,
        question=bool(asks & set(moves)),
        grounding=grounding,
        unheard=unheard,
        facts=facts,
    )


class MarkedListener:
    """Hears the moves a test wrote in front of the words: ``reflection+empathy: That hurts.``"""

    def listen(
        self, text: str, context: Sequence[Turn], *, facts: Mapping[str, str] | None = None
    ) -> Reading:
        marked, _, _ = text.partition(":")
        names = marked.replace(" ", "").split("+")
        known = [Move(name) for name in names if name in set(Move)]
        return reading(*known, text=text, words=len(text.split()))

    def listen_all(self, turns: Sequence[tuple[str, Sequence[Turn]]]) -> list[Reading]:
        return [self.listen(text, context) for text, context in turns]
