"""What listening hands on: one rep turn, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trainer.pathway import Move
from trainer.transcripts import Turn


@dataclass(frozen=True, slots=True)
class Reading:
    """One rep turn in context, as moves.

    Probabilities are calibrated; ``labels`` are the moves held to be present, each by its own
    threshold, so a move with a costly false alarm needs more certainty.
    """

    text: str
    moves: Mapping[Move, float]
    """The probability of every move, 0 to 1."""
    labels: frozenset[Move]
    """The moves held to be present."""
    words: int
    """Length of the turn in words."""
    question: bool
    """Whether the turn puts a question to the prospect."""
    grounding: float
    """How much the turn takes up what the prospect said or wrote before, 0 (nothing) to 1."""
    unheard: tuple[str, ...] = ()
    """Figures that the turn states and nobody has said before: in a reflection, a sign that the
    rep misheard."""
    facts: frozenset[str] = frozenset()
    """Ids of the known facts (as handed to the listener) that the turn takes up."""
    near: Mapping[str, float] = field(default_factory=dict)
    """How near in meaning each known fact is to what the turn asks, or to all of it where it asks
    nothing: the cosine of their vectors, by the fact's id."""


class Listener(Protocol):
    """Anything that can read a rep's turn."""

    def listen(
        self, text: str, context: Sequence[Turn], *, facts: Mapping[str, str] | None = None
    ) -> Reading:
        """Read one turn. ``context``: the turns before it, oldest first. ``facts``: id to words."""
        ...

    def listen_all(self, turns: Sequence[tuple[str, Sequence[Turn]]]) -> list[Reading]:
        """Read many turns, each with its context, in order; the same results as one by one."""
        ...
