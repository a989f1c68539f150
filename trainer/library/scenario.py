"""The situation of a call: who is on the line, what brought them, what a good rep would hear."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field, model_validator

from trainer.library.persona import Content, Identifier, Words
from trainer.pathway import LeadSource, Move, Speaker
from trainer.transcripts.turn import Turn


class Prospect(Content):
    """The person on the line. ``company`` and ``role`` are absent for a consumer at home."""

    name: Words
    role: Words | None = None
    company: Words | None = None
    city: Words | None = None

    @property
    def first_name(self) -> str:
        """The name one would be called by on the phone."""
        return self.name.split()[0]


class Lead(Content):
    """How the conversation began before the call: the rep has to pick it up from here."""

    source: LeadSource
    saw: Words | None = None
    """What our marketing put before them."""
    wrote: Words | None = None
    """What they wrote, said or ticked, in their own words."""

    @property
    def turns(self) -> tuple[Turn, ...]:
        """What the prospect had said before the call, as the first turn of the conversation."""
        return (Turn(Speaker.PROSPECT, self.wrote),) if self.wrote else ()


class Offer(Content):
    """The rep's product sheet."""

    company: Words
    sells: Words
    price: Words
    does: list[Words] = Field(default_factory=list)
    """What it does, one plain thing each."""
    not_for: list[Words] = Field(default_factory=list)
    """Whom it does not fit: said aloud, this is candour."""
    proof: list[Words] = Field(default_factory=list)
    """What a claim can rest on: references, measured results, documents."""
    takes: list[Words] = Field(default_factory=list)
    """What it takes to start, and how long."""


class Fact(Content):
    """Something true of the prospect. Surface facts come for a fair question, deep ones only at
    enough rapport and empathy."""

    id: Identifier
    depth: Literal["surface", "deep"]
    say: Words
    """The fact as a clause in the prospect's words, no capital and no full stop:
    ``two drivers quit over a late check``."""


class Question(Content):
    """Something this prospect wants to know from the rep."""

    id: Identifier
    say: Words
    """The question as they would put it: ``What happens if a run is late?``"""


class Date(Content):
    """A real date in the prospect's life: the honest source of urgency."""

    on: dt.date
    why: Words
    """What happens then, in the prospect's own words, to follow the date: ``we open Saturdays``."""


class Objection(Content):
    """A reason against. It lifts when the rep makes at least two of the moves in ``through``."""

    id: Identifier
    say: Words
    """As a clause: ``changing systems in December sounds insane``."""
    through: list[Move] = Field(min_length=1)


class Scenario(Content):
    """One situation to practise. Any persona can be cast in it; ``persona`` is the usual one."""

    id: Identifier
    title: Words
    persona: Identifier
    industry: Words = "general"
    rubric: Identifier = "authentic-persuasion"
    prospect: Prospect
    lead: Lead
    you: Offer
    stakes: Words | None = None
    """What it means for this prospect if nothing changes, or if they choose wrong."""
    facts: list[Fact] = Field(min_length=1)
    questions: list[Question] = Field(default_factory=list)
    dates: list[Date] = Field(default_factory=list)
    objections: list[Objection] = Field(default_factory=list)
    yes_means: Words
    """What a yes is in this call, as a noun phrase: ``a two-week parallel run that starts on a
    named Monday``."""
    onboarding: int | None = Field(default=None, ge=1)
    """The place in the order in which new hires meet it; absent for the rest."""

    @property
    def tellable(self) -> tuple[Fact, ...]:
        """Everything this prospect could tell a rep: the facts, then the dates as facts."""
        dates = (
            Fact(id=f"date-{n}", depth="surface", say=f"on {date.on:%B} {date.on.day} {date.why}")
            for n, date in enumerate(self.dates, start=1)
        )
        return (*self.facts, *dates)

    @model_validator(mode="after")
    def _ids_differ(self) -> Scenario:
        for kind, items in (
            ("fact", self.facts),
            ("question", self.questions),
            ("objection", self.objections),
        ):
            ids = [item.id for item in items]
            twice = sorted({one for one in ids if ids.count(one) > 1})
            if twice:
                raise ValueError(f"two {kind}s have the id {twice[0]!r}; ids tell them apart")
        return self
