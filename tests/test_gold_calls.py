"""The grader beside people: sixty whole calls, labelled without sight of the rubric.

The rubric was later loosened on these calls, so the figures guard what was reached; they are no
measure on unseen calls. What they came to is printed with ``-rP``.
"""

from __future__ import annotations

import pytest

from trainer import locations
from trainer.agreement.gold import read_gold
from trainer.agreement.study import hear, measure
from trainer.calls.loading import load_listener
from trainer.library.shelf import Shelf

pytestmark = [pytest.mark.model, pytest.mark.slow]

GOLD = locations.bundled() / "models" / "grading" / "gold"
RUBRIC = Shelf.load().rubric("authentic-persuasion")


def test_verdict_and_levels_agree_with_people_as_far_as_they_did() -> None:
    """Handed the moves, the grader agrees nearly always; by its own ears, mostly."""
    material = read_gold([GOLD])
    _, heard = hear(material, load_listener(), RUBRIC)
    measured = measure([], heard, rubric=RUBRIC.id, listener="shipped").calls
    assert not material.troubles
    assert measured is not None
    assert measured.given is not None
    figures = {
        who: {name: one.value or 0.0 for name, one in judged.figures.items()}
        for who, judged in (("heard", measured.heard), ("labelled", measured.given))
    }
    for who, values in figures.items():
        print(who, {name: round(value, 3) for name, value in values.items()})  # noqa: T201 - for -rP
    assert measured.calls == 60
    assert measured.heard.coverage.value == 1
    assert figures["labelled"]["verdict"] >= 0.9
    assert figures["heard"]["verdict"] >= 0.75
    assert figures["heard"]["levels_exact"] >= 0.65
    assert figures["heard"]["asked_turns"] >= 0.9
