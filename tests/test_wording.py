"""Words compared as words: what listening, the guard and the coach rest on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer import wording
from trainer.wording import content, content_set, figures, sentences, stem, tokens


@pytest.mark.parametrize(
    ("said", "values"),
    [
        ("three of our last six runs", [3, 6]),
        ("3 of our last 6 runs", [3, 6]),
        ("twenty-five drivers", [25]),
        ("two hundred and five stops", [205]),
        ("$1,200.50 a month", [1200.5]),
        ("9k, maybe 2 million", [9000, 2_000_000]),
        ("twelve hundred", [1200]),
        ("a hundred and fifty a month", [150]),
        ("Under forty visits. It's a hundred and eighty-nine", [40, 189]),
        ("Eleven of a hundred and forty", [11, 140]),
        ("a dozen trucks by the 31st", [12, 31]),
        ("the worst one of them", []),
        ("nobody said a number", []),
    ],
)
def test_a_number_is_the_same_in_digits_and_in_words(said: str, values: list[float]) -> None:
    """A rep who says "three" takes up the prospect's "3"."""
    assert [figure.value for figure in figures(said)] == values


def test_a_figure_is_kept_as_it_was_said() -> None:
    """The coach quotes the rep's own words, not a number it made of them."""
    assert [figure.said for figure in figures("about twenty-five of $1,200")] == [
        "twenty-five",
        "1,200",
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [("runs", "run"), ("running", "run"), ("worried", "worries"), ("drivers", "driver")],
)
def test_forms_of_one_word_meet_in_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_words_without_a_topic_are_left_out() -> None:
    """ "I see, so you really..." takes up nothing."""
    assert content("I see, so you really do have it") == []
    assert content_set(["So the drivers quit over 3 runs"]) >= {"driver", "quit", "n:3"}


def test_a_turn_falls_into_its_sentences() -> None:
    assert sentences("That wears a team down. What happened? Tell me!") == [
        "That wears a team down.",
        "What happened?",
        "Tell me!",
    ]
    assert tokens("It’s 3.5 weeks") == ["it's", "3.5", "weeks"]


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    """Whatever is typed into the chat, nothing breaks."""
    for figure in figures(text):
        assert figure.said in text
    assert all(sentences(text))
    content_set([text])


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
