"""What the grader says of a call. Every claim carries the turns that show it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from trainer.pathway import Form, Move, Stage, Verdict

Level = Literal["low", "mid", "high"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Evidence(_Part):
    """A line of the transcript. ``turn`` counts from 1 over both speakers."""

    turn: int
    quote: str
    move: Move | None = None


class StageScore(_Part):
    """How a stage was built. None where the transcript does not allow a judgement."""

    score: int | None
    level: Level | None
    evidence: tuple[Evidence, ...] = ()
    """The lines that earned or cost it, the most telling first."""


class CheckResult(_Part):
    """One check of the rubric, answered."""

    id: str
    asks: str
    stage: Stage | None
    passed: bool | None
    """None where the check could not be answered."""
    evidence: tuple[Evidence, ...] = ()


class CoachNote(_Part):
    """One thing to try: what was said, what it missed, what to say instead."""

    turn: int
    said: str
    missed: str
    try_: str
    """Written as ``try`` in JSON."""


class SetAside(_Part):
    """Moves that were heard in a turn and count for nothing, with the reason."""

    turn: int
    reason: str
    """How the sentence "turn 5 ..." goes on: ``was said before in this call``."""
    moves: tuple[Move, ...]


class Statistics(_Part):
    """Plain counts: hints, never a judgement."""

    rep_turns: int
    prospect_turns: int
    talk_ratio: float | None
    """The rep's share of all words, 0 to 1."""
    questions: int
    open_questions: int
    reflections: int
    longest_turn_words: int


class Scorecard(_Part):
    """The whole judgement of one call."""

    verdict: Verdict
    sentence: str
    """The verdict in one sentence, with the turn that decided it."""
    earned: bool
    form: Form
    score: int | None
    passed: bool | None
    """Whether the score reaches the rubric's pass mark."""
    rubric: str
    stages: dict[Stage, StageScore]
    asked: tuple[int, ...] = ()
    assumptive: tuple[int, ...] = ()
    pressure: tuple[int, ...] = ()
    earned_at: int | None = None
    """The turn by which the close was earned."""
    checks: tuple[CheckResult, ...] = ()
    stats: Statistics
    coach: tuple[CoachNote, ...] = ()
    small_victories: tuple[str, ...] = ()
    unscored: tuple[str, ...] = ()
    """Why something could not be judged."""
    set_aside: tuple[SetAside, ...] = ()
    """What sounded right and counts for nothing: recited, pasted, parroted, said to a grader."""
    moves: tuple[tuple[int, tuple[Move, ...]], ...] = ()
    """The moves held to be present in each rep turn, by turn number."""
