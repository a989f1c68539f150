"""Who the prospect is: how they weigh what a rep does, and how they sound."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from trainer.pathway import Act, Move, Stage

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9]+([_-][a-z0-9]+)*$", max_length=60)]
"""Lower-case words joined by ``-`` or ``_``."""

Words = Annotated[str, Field(min_length=1, max_length=600)]
"""A short piece of authored text."""


class Content(BaseModel):
    """Base of everything a trainer writes: unknown keys are errors, values can't be changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Persona(Content):
    """A personality that can be cast in any scenario.

    ``lines`` are what this person says, act by act. They show the model how the persona sounds,
    and stand in when the model's words are not fit to be said. A line may hold the slots
    ``{fact}``, ``{question}`` and ``{objection}``, filled with what the moment calls for.
    """

    id: Identifier
    title: Words | None = None
    """The name shown in lists; made from the id where absent."""
    summary: Words
    """One or two sentences that tell a trainer who this is."""
    talks: list[Words] = Field(min_length=1, max_length=8)
    """How they talk, in short notes: "short exact sentences", "figures"."""
    weighs: dict[Move, Annotated[float, Field(ge=-4, le=4)]] = Field(default_factory=dict)
    """How much a move counts with this person, -4 (hurts) to +4 (helps). Unnamed moves count as
    they do with most people: +2 for those that help, -2 for those that hurt."""
    needs: dict[Stage, Annotated[float, Field(ge=0, le=1)]]
    """Where each stage must stand before a yes, 0 to 1."""
    patience: Literal["low", "medium", "high"] = "medium"
    opens_with: Act = Act.HOLD_BACK
    """How they meet a rep they do not know yet, once the rep has spoken."""
    lines: dict[Act, list[Words]] = Field(default_factory=dict)

    @field_validator("needs")
    @classmethod
    def _every_stage(cls, needs: dict[Stage, float]) -> dict[Stage, float]:
        missing = [stage.value for stage in Stage if stage not in needs]
        if missing:
            raise ValueError(f"says nothing of {', '.join(missing)}; name all five stages")
        return {stage: needs[stage] for stage in Stage}

    @property
    def name(self) -> str:
        """The title, or the id in words."""
        return self.title or self.id.replace("-", " ").replace("_", " ").capitalize()
