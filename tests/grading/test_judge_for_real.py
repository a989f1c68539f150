"""The bundled voice as a judge: too small to be right, but everything about it has to work."""

from __future__ import annotations

import pytest

from tests.grading.transcribed import closed, graded
from trainer.calls.loading import Loaded
from trainer.engines.catalog import Catalog
from trainer.grading.judge import LEAST_SHARE, Judge
from trainer.transcripts import Transcript, Turn

pytestmark = [pytest.mark.model, pytest.mark.slow]

TALK = closed(
    [
        "You wrote that three runs went out wrong. Is now all right?",
        "What happened on the worst one?",
        "So the clerk types it twice, and two people quit over it.",
        "I'll set the parallel run for Monday.",
    ]
)


def test_it_gives_every_check_an_answer_or_a_reason_and_the_same_again(loaded: Loaded) -> None:
    card = graded(TALK)
    judge = Judge(loaded.engine)
    first = judge.opinion(TALK, card)
    assert first.judge == Catalog.load().default("voice").id
    assert len(first.answers) == len(card.checks)
    for one in first.answers:
        assert one.share is not None
        assert 0 < one.share <= 1.0001
        assert (one.p is None) == (one.answered is None) == (one.share < LEAST_SHARE)
    judge.opinion(closed(["Hello.", "Who is this?", "Goodbye."]), card)
    assert judge.opinion(TALK, card) == first


def test_a_call_longer_than_it_can_take_in_is_unscored_with_the_reason(loaded: Loaded) -> None:
    long = Transcript(tuple(Turn(turn.speaker, turn.text * 400) for turn in TALK.turns))
    told = Judge(loaded.engine).opinion(long, graded(TALK))
    assert told.unusable == len(told.answers)
    assert "longer context" in str(told.answers[0].unusable)
