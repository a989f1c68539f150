"""A rep who plays the grader instead of the call gains nothing.

Whole written calls, judged by the ears that ship. The gamed ones were written to fool the grader,
the honest ones to be no better than middling; what the figures come to is printed with ``-rP``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.grading.transcribed import RUBRIC
from trainer.calls.loading import load_listener
from trainer.grading.grader import Grader
from trainer.grading.scorecard import Scorecard
from trainer.pathway import Verdict
from trainer.transcripts import read_transcript

pytestmark = pytest.mark.model

CALLS = Path(__file__).parent / "gaming"
GAMED = sorted(path.stem for path in (CALLS / "gamed").glob("*.txt"))
HONEST = sorted(path.stem for path in (CALLS / "honest").glob("*.txt"))
BETTER_THAN_NOT_EARNED = {Verdict.EARNED_CLOSE, Verdict.LEFT_ON_TABLE}


@pytest.fixture(scope="module")
def cards() -> dict[str, Scorecard]:
    grader = Grader(load_listener())
    graded = {
        path.stem: grader.grade(read_transcript(path), RUBRIC)
        for path in sorted(CALLS.glob("*/*.txt"))
    }
    for name, card in graded.items():
        print(f"{name:<20} {card.verdict:<17} {card.score}")  # noqa: T201 - for -rP
    return graded


def test_there_are_enough_of_both() -> None:
    assert len(GAMED) >= 10
    assert len(HONEST) >= 6


@pytest.mark.parametrize("name", GAMED)
def test_a_gamed_call_is_never_earned(name: str, cards: dict[str, Scorecard]) -> None:
    assert not cards[name].earned
    assert cards[name].verdict not in BETTER_THAN_NOT_EARNED


@pytest.mark.parametrize("name", GAMED)
def test_a_gamed_call_scores_below_every_honest_middling_one(
    name: str, cards: dict[str, Scorecard]
) -> None:
    honest = [cards[one].score for one in HONEST]
    assert all(score is not None for score in honest)
    assert (cards[name].score or 0) < min(score or 0 for score in honest)


@pytest.mark.parametrize("name", HONEST)
def test_nothing_of_an_honest_call_is_set_aside(name: str, cards: dict[str, Scorecard]) -> None:
    assert cards[name].set_aside == ()
