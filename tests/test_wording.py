"""Words compared as words: what the guard and the coach rest on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer import wording


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("drivers", "driver"), ("worried", "worry"), ("running", "run"), ("missing", "missed"),
        ("payments", "pay"), ("calling", "called"), ("families", "family"), ("Dana's", "Dana"),
        ("three", "3"),
    ],
)  # fmt: skip
def test_two_forms_of_a_word_meet(one: str, other: str) -> None:
    assert wording.stem(one.lower()) == wording.stem(other.lower())


@pytest.mark.parametrize(("one", "other"), [("bill", "bike"), ("order", "orchard")])
def test_short_and_unlike_words_stay_apart(one: str, other: str) -> None:
    assert wording.stem(one) != wording.stem(other)


def test_figures_count_however_they_are_written() -> None:
    assert wording.figures("Three of 6 runs, 1,200 checks, twenty percent, 45%") == {
        "3", "6", "1200", "20", "45",
    }  # fmt: skip
    assert wording.figures("one of them, zero doubt") == set()


def test_recall_is_the_share_of_what_was_to_be_said() -> None:
    wanted = "two drivers quit over a late check"
    assert wording.recall("Well, two drivers quit, over one late check.", wanted) == 1.0
    assert 0 < wording.recall("The drivers were angry.", wanted) < 0.5
    assert wording.recall("anything", "to be or not to be") == 1.0


def test_likeness_is_by_distinct_words_and_the_apostrophe_does_not_matter() -> None:
    assert wording.likeness("It\u2019s late.", "it's LATE") == 1.0
    assert wording.likeness("", "") == 1.0
    assert wording.likeness("one two", "three four") == 0.0


@given(st.text(), st.text())
def test_no_text_breaks_a_comparison(one: str, other: str) -> None:
    assert 0 <= wording.recall(one, other) <= 1
    assert 0 <= wording.likeness(one, other) <= 1
    assert wording.likeness(one, other) == wording.likeness(other, one)
