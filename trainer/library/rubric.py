"""How a call is judged: binary checks over the moves a transcript shows, weighed by stage.

A rubric is shown to the rep before the call and frozen into the call that used it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from trainer.library.persona import Content, Identifier, Words
from trainer.pathway import Move, Stage

CONDUCT_POINTS = 5
"""Points that a failed check of the whole call takes off, for each unit of its weight."""


class Check(Content):
    """One yes-or-no question about the rep's turns.

    It passes when turns that show any move of ``any_of`` number at least ``at_least`` and at most
    ``at_most``. ``within_first`` looks only at the rep's first so many turns; ``before`` and
    ``after`` only at turns before or after the first turn that shows one of those moves (where
    no turn does, ``before`` looks at the whole call and ``after`` leaves the check unanswered).
    ``grounded`` counts only turns that take up something the prospect said.
    """

    id: Identifier
    asks: Words
    """The check as a question a rep can read: "Did you say back what they told you?" """
    stage: Stage | None = None
    """The stage it counts towards; absent for checks of the whole call."""
    any_of: list[Move] = Field(min_length=1)
    at_least: int = Field(default=0, ge=0)
    at_most: int | None = Field(default=None, ge=0)
    within_first: int | None = Field(default=None, ge=1)
    before: list[Move] = Field(default_factory=list)
    after: list[Move] = Field(default_factory=list)
    grounded: bool = False
    weight: float = Field(default=1, gt=0, le=10)
    needed_to_earn: bool = False
    """Whether the close can't be earned without it."""
    missed: Words
    """What to say to a rep who missed it: honest, specific, kind."""
    kept: Words
    """The small victory when it is passed."""
    instead: Words | None = None
    """An example of a line that would pass it."""

    @model_validator(mode="after")
    def _can_fail(self) -> Check:
        if self.at_least == 0 and self.at_most is None:
            raise ValueError(
                "can never fail: give at_least (how often it must happen) "
                "or at_most (how often it may)"
            )
        if self.at_most is not None and self.at_most < self.at_least:
            raise ValueError("can never pass: at_most is below at_least")
        return self


class StageWeight(Content):
    """How much a stage counts in the score, and where its levels begin (0 to 100)."""

    weight: float = Field(gt=0, le=100)
    mid: Annotated[int, Field(ge=1, le=99)] = 40
    high: Annotated[int, Field(ge=2, le=100)] = 75
    to_earn: Literal["low", "mid", "high"] = "mid"
    """The level this stage must reach before the close counts as earned."""

    @model_validator(mode="after")
    def _in_order(self) -> StageWeight:
        if self.mid >= self.high:
            raise ValueError("mid must lie below high")
        return self


class Rubric(Content):
    """A set of checks with the weights that make them a score."""

    id: Identifier
    title: Words
    summary: Words
    pass_mark: int = Field(ge=0, le=100)
    stages: dict[Stage, StageWeight]
    checks: list[Check] = Field(min_length=1)
    caps: dict[Literal["asked", "pressured", "assumed_too_soon", "not_earned"],
               Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=dict)  # fmt: skip
    """The highest score a call with that verdict can have."""
    taken_up_forgives: Annotated[int, Field(ge=0, le=5)] = 0
    """By how many levels, all stages together, a close that the prospect takes up at once may stay
    below what earns it. A needed check is never forgiven."""

    @field_validator("stages")
    @classmethod
    def _every_stage(cls, stages: dict[Stage, StageWeight]) -> dict[Stage, StageWeight]:
        missing = [stage.value for stage in Stage if stage not in stages]
        if missing:
            raise ValueError(f"nothing is said of {', '.join(missing)}; give each a weight")
        return stages

    @field_validator("checks")
    @classmethod
    def _a_check_for_each(cls, checks: list[Check]) -> list[Check]:
        bare = [stage.value for stage in Stage if all(one.stage is not stage for one in checks)]
        if bare:
            raise ValueError(
                f"no check counts towards {', '.join(bare)}; add one with stage: {bare[0]}"
            )
        ids = [check.id for check in checks]
        twice = sorted({one for one in ids if ids.count(one) > 1})
        if twice:
            raise ValueError(f"two checks have the id {twice[0]!r}; rename one of them")
        return checks
