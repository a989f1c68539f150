"""Content that trainers write: personas, scenarios and rubrics as checked models."""

from trainer.library.persona import Persona
from trainer.library.rubric import Check, Rubric, StageWeight
from trainer.library.scenario import Fact, Lead, Objection, Offer, Prospect, Question, Scenario
from trainer.library.shelf import Casting, Shelf

__all__ = [
    "Casting",
    "Check",
    "Fact",
    "Lead",
    "Objection",
    "Offer",
    "Persona",
    "Prospect",
    "Question",
    "Rubric",
    "Scenario",
    "Shelf",
    "StageWeight",
]
