"""A made-up persona and scenario for tests of what is decided, so that no edit of the content
that ships can change what a test means."""

from __future__ import annotations

import datetime as dt
from typing import Any

from trainer.library import Persona, Scenario
from trainer.library.shelf import Casting, Shelf
from trainer.pathway import Act, Move, Stage
from trainer.prospect.standing import Mood, Standing


def persona(**changes: Any) -> Persona:
    """Someone in the middle of everything, with a line or two for some acts."""
    return Persona.model_validate(
        {
            "id": "middling",
            "summary": "Takes people as they come.",
            "talks": ["plain sentences"],
            "needs": dict.fromkeys(Stage, 0.5),
            "opens_with": Act.GREET,
            "lines": {
                Act.GREET: ["Hello, {first_name} speaking.", "Yes, this is {first_name}."],
                Act.DISCLOSE: ["To be honest, {fact}.", "I don't tell many, but {fact}."],
                Act.ANSWER: ["Well, {fact}.", "It comes and goes."],
                Act.OBJECT: ["The trouble is, {objection}."],
            },
            **changes,
        }
    )


def scenario(**changes: Any) -> Scenario:
    """A bakery with a cold room that fails, and an oven company on the phone."""
    return Scenario.model_validate(
        {
            "id": "cold-room",
            "title": "A cold room that gives up",
            "persona": "middling",
            "prospect": {
                "name": "Mira Holt", "role": "owner", "company": "Holt Bakery", "city": "Duluth",
            },
            "lead": {"source": "web_form", "wrote": "Our cold room stopped again."},
            "you": {"company": "Frostline", "sells": "cold rooms", "price": "90 dollars a month"},
            "facts": [
                {"id": "dough", "depth": "surface", "say": "the dough went off overnight"},
                {"id": "repairs", "depth": "surface", "say": "we called the mechanic four times"},
                {"id": "loan", "depth": "deep", "say": "my brother's loan pays for every repair"},
                {"id": "tears", "depth": "deep", "say": "I cried in the van behind the shop"},
            ],
            "questions": [
                {"id": "noise", "say": "How loud is it at night?"},
                {"id": "visit", "say": "Who comes out when it stops?"},
            ],
            "dates": [{"on": dt.date(2027, 2, 14), "why": "the Valentine orders are due"}],
            "objections": [
                {"id": "money", "say": "a new one costs more than the van",
                 "through": [Move.REFLECTION, Move.EXPECTATION]},
                {"id": "closing", "say": "we can't close the shop for a day",
                 "through": [Move.EXPECTATION, Move.PROOF]},
            ],
            "yes_means": "a survey on a named Monday",
            **changes,
        }
    )  # fmt: skip


def casting(**changes: Any) -> Casting:
    """The two of them, judged by the rubric that ships."""
    rubric = Shelf.load().rubrics["authentic-persuasion"]
    return Casting(scenario(**changes), persona(), rubric)


def standing(
    who: Persona | None = None, /, *, carried: str | None = None, **changes: Any
) -> Standing:
    """A prospect who stands somewhere: ``carried`` is the highest stage that is where this
    persona needs it, those above it empty; None is the start of a call."""
    needs = (who or persona()).needs
    order = list(Stage)
    upto = -1 if carried is None else order.index(Stage(carried))
    levels = {stage: needs[stage] if i <= upto else 0.0 for i, stage in enumerate(order)}
    given = {"levels": levels, "patience": 0.7, "lean": 0.4, "mood": Mood.NEUTRAL, "turns": 4}
    return Standing(**{**given, **changes})
