"""Features: evidence from the turn's own words, always in bounds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.listening.features import NAMES, Situation, asks, dense, terms

PAYROLL = (("rep", "Hi Dana."), ("prospect", "We had 3 bad runs and two drivers quit. Is it safe?"))

texts = st.text(max_size=200) | st.text(
    alphabet="aemhm .,!?'’ok1%$Ünyouwhat", max_size=400
)  # the second: near misses of the patterns, long runs of one letter included
speakers = st.sampled_from(["rep", "prospect"])
situations = st.builds(
    Situation, texts, st.lists(st.tuples(speakers, texts), max_size=4).map(tuple)
)


def seen(text: str, context: tuple[tuple[str, str], ...] = PAYROLL) -> dict[str, float]:
    return dict(zip(NAMES, dense(Situation(text, context)), strict=True))


@given(situations)
def test_any_turn_gives_the_same_finite_row(situation: Situation) -> None:
    """No input breaks the features, and the same turn gives the same numbers."""
    row = dense(situation)
    assert len(row) == len(NAMES)
    assert all(math.isfinite(value) and 0 <= value <= 12 for value in row)
    assert row == dense(situation)
    found = terms(situation)
    assert len(found) == len(set(found))


def test_names_are_told_apart() -> None:
    assert len(NAMES) == len(set(NAMES))


def test_a_turn_that_says_back_echoes() -> None:
    """Taking up "three runs" is seen though the prospect wrote "3"."""
    assert seen("Three bad runs, and the drivers left.")["echo_last"] > 0.9
    assert seen("Our platform integrates everything.")["echo_last"] == 0


def test_a_figure_nobody_said_is_seen() -> None:
    assert seen("Five bad runs.")["figures_unheard"] == 1
    assert seen("Three bad runs.")["figures_unheard"] == 0


def test_what_the_prospect_just_did_is_seen() -> None:
    assert seen("Yes.")["p_question"] == 1
    assert seen("Yes.", (("prospect", "It's too expensive."),))["p_objection"] == 1
    assert seen("Hello.", ())["opener"] == 1


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Would you like to go ahead?", "last_would_you_like"),
        ("How does that sit with you?", "check_in"),
        ("Only two slots left, the price goes up Friday.", "scarcity"),
        ("I guarantee it, 100%.", "absolute"),
        ("I'll put you down for Monday.", "arrange"),
        ("Is now a bad time?", "permission"),
    ],
)
def test_telling_words_leave_their_mark(text: str, mark: str) -> None:
    assert seen(text)[mark] > 0
    assert seen("The warehouse has a blue door.")[mark] == 0


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("What happened on the worst one?", True),
        ("okay so how many people are on it", True),
        ("Whats it at? 240 I think.", True),
        ("That wears a team down.", False),
        ("What you said makes sense.", False),
        ("", False),
    ],
)
def test_a_question_is_one_with_or_without_its_mark(text: str, *, asked: bool) -> None:
    """Transcripts often lose the question mark."""
    assert asks(text) is asked
