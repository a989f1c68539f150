"""A rep who is stuck asks for a hint: what this prospect needs, never the words to say."""

from __future__ import annotations

import pytest

from tests.cast import persona, scenario, standing
from trainer.pathway import Move, Outcome, Stage
from trainer.prospect.hint import hint
from trainer.prospect.standing import Standing

WHO, WHERE = persona(), scenario()


@pytest.mark.parametrize(
    ("now", "says"),
    [
        (standing(outcome=Outcome.HUNG_UP), "over"),
        (standing(agreed=True), "said yes"),
        (standing(patience=0.1, waiting_for="proof"), "hanging up"),
        (standing(waiting_for="proof"), "check"),
        (standing(waiting_for="answer"), "Answer it first"),
        (standing(objection="money"), "reflection or expectation"),
        (standing(objection="money", worked=frozenset({Move.REFLECTION})), "helps: expectation."),
        (
            standing(objection="money", worked=frozenset({Move.REFLECTION, Move.EXPECTATION})),
            "staying with it",
        ),
        (standing(carried="urgency", lean=0.6), "Go ahead as if decided: a survey on a named"),
        (standing(carried="urgency", lean=0.3), "30%"),
        (standing(), "Our cold room stopped again."),
        (standing(carried="rapport"), "understood"),
        (standing(carried="empathy"), "believe"),
        (standing(carried="trust"), "Tie one thing"),
        (standing(carried="hope"), "Why now?"),
    ],
)
def test_the_hint_names_the_one_thing_that_helps_most_now(now: Standing, says: str) -> None:
    given = hint(now, WHO, WHERE)
    assert says in given
    assert "{" not in given


def test_a_cold_call_begins_with_why_them() -> None:
    cold = scenario(lead={"source": "cold"})
    assert "never asked for this call" in hint(standing(), WHO, cold)
    mailed = scenario(lead={"source": "mailer", "saw": "Cold rooms that stay cold."})
    assert "Cold rooms that stay cold." in hint(standing(), WHO, mailed)


def test_no_hint_gives_a_secret_away() -> None:
    for stage in (None, *Stage):
        given = hint(standing(carried=stage), WHO, WHERE)
        assert all(fact.say not in given for fact in WHERE.tellable)
