"""Grounding: does the turn take up what the prospect said?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainer.listening.grounding import facts_taken_up, grounding, unheard

SAID = ["Three of our last six payroll runs went out wrong.", "Two drivers quit over a late check."]
lines = st.lists(st.text(max_size=80), max_size=4)


def test_saying_it_back_is_grounded_and_a_pitch_is_not() -> None:
    back = grounding("Three payroll runs wrong, and two drivers quit.", SAID)
    pitch = grounding("Our award-winning platform automates everything in the cloud.", SAID)
    assert back > 0.7
    assert pitch == 0


def test_one_echo_in_a_long_pitch_stays_low() -> None:
    """Dropping their word into a speech is not listening."""
    speech = (
        "Our payroll suite has dashboards, alerts, integrations, a mobile app, award winning "
        "support, templates, workflows, analytics, reporting, training and premium onboarding."
    )
    assert grounding(speech, SAID) < 0.4 < grounding("Wrong payroll runs, late checks.", SAID)


def test_other_words_for_the_same_are_found_by_meaning() -> None:
    text = "People walked out because wages came behind schedule."
    assert grounding(text, SAID, similarity=0.7) > grounding(text, SAID) + 0.3


def test_before_the_prospect_has_spoken_nothing_can_be_taken_up() -> None:
    assert grounding("Three payroll runs went wrong.", [], similarity=0.9) == 0


@given(st.text(max_size=120), lines, st.none() | st.floats(-1, 1))
def test_grounding_stays_between_nothing_and_all(
    text: str, said: list[str], similarity: float | None
) -> None:
    assert 0 <= grounding(text, said, similarity=similarity) <= 1


def test_a_misheard_figure_is_named_as_it_was_said() -> None:
    """ "Five runs" when they said three: the rep misheard, and the mind must know."""
    assert unheard("So five of six runs.", SAID) == ("five",)
    assert unheard("So 3 of 6 runs, 2 drivers.", SAID) == ()


@given(st.text(max_size=120))
def test_no_figure_is_new_once_said(text: str) -> None:
    assert unheard(text, [text]) == ()


def test_facts_are_taken_up_by_their_words_or_their_meaning() -> None:
    facts = {
        "quit": "two drivers quit over a late check",
        "union": "the new union contract starts on the fourth of January",
    }
    assert facts_taken_up("Two drivers quit over it?", facts) == {"quit"}
    assert facts_taken_up("Who resigned?", facts, similarities={"quit": 0.75}) == {"quit"}
    assert facts_taken_up("How was the weekend?", facts) == frozenset()
