"""The prospect's inner state and what it decides to do: plain values, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from trainer.pathway import Act, Move, Outcome, Stage

SayKind = Literal["fact", "question", "objection"]
"""What kind of thing a direction hands the voice to say."""


class Mood(StrEnum):
    """How the prospect feels about this call right now, as the screen and the voice name it."""

    ANNOYED = "annoyed"
    GUARDED = "guarded"
    NEUTRAL = "neutral"
    OPEN = "open"
    WARM = "warm"
    KEEN = "keen"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the prospect stands after a turn. Levels, patience and lean run from 0 to 1."""

    levels: Mapping[Stage, float]
    patience: float
    lean: float
    """How much of the way the prospect is coming; 0.51 and more before a yes."""
    mood: Mood = Mood.GUARDED
    disclosed: frozenset[str] = frozenset()
    """Ids of the facts already told."""
    raised: frozenset[str] = frozenset()
    """Ids of the objections already raised."""
    objection: str | None = None
    """Id of the objection that stands open."""
    worked: frozenset[Move] = frozenset()
    """Moves made on the open objection since it was raised."""
    asked: frozenset[str] = frozenset()
    """Ids of the questions the prospect has put."""
    waiting_for: Literal["answer", "proof"] | None = None
    """What the prospect asked for last and has not had."""
    uses: Mapping[Move, int] = field(default_factory=dict)
    """How often each move has been made."""
    said: frozenset[str] = frozenset()
    """What the rep has said before, folded, so that a turn said twice is known as such."""
    turns: int = 0
    """Rep turns so far."""
    barren: int = 0
    """Rep turns in a row that brought nothing."""
    earned_for: int = 0
    """Rep turns since the close was earned; 0 while it is not."""
    stopped: int = 0
    """How often the prospect stopped a close or a push."""
    agreed: bool = False
    """Whether the yes has been said; the call goes on past it."""
    since_yes: int = 0
    """Rep turns since the yes."""
    outcome: Outcome | None = None
    """Set when the prospect ends the conversation."""


@dataclass(frozen=True, slots=True)
class Direction:
    """What the prospect does now, for the voice to put into words."""

    act: Act
    mood: Mood
    say: str | None = None
    """The fact, question or objection to voice, in its authored words."""
    say_kind: SayKind | None = None
    say_id: str | None = None
    why: str = ""
    """The reason, in words for the film room: "you asked before anything was earned"."""
