"""Words from outside made safe: whatever comes in, plain text comes out."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trainer.plaintext import MAX_TURN_CHARACTERS, clean, clip

HOSTILE = st.text(
    st.sampled_from("\x1b[]()PX^_\\;:?0123456789mKJHhl \n\r\t\x07\x00\x90\x98\x9b\x9c\x9d\x9f"
                    "\u202e\u2066\u200b\u200d\ufeff\ud800\ue000abé漢\U0001f44d"), max_size=60,
)  # fmt: skip


@given(st.one_of(st.text(), HOSTILE))
@example("\x1b\x1b[31m[32m")
@example("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\")
@settings(max_examples=500, deadline=None)
def test_no_control_over_the_terminal_is_left_whatever_came_in(text: str) -> None:
    cleaned = clean(text)
    kinds = {char: unicodedata.category(char) for char in cleaned}
    assert all(kind[0] != "C" or char == "\u200d" for char, kind in kinds.items())
    assert "\n" not in cleaned
    assert "  " not in cleaned
    assert cleaned == cleaned.strip()
    cleaned.encode("utf-8")  # nothing that can't be written to a file
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("given_", "cleaned"),
    [
        ("plain words, as they are.", "plain words, as they are."),
        ("Zoë naïve 漢字 \U0001f468\u200d\U0001f469\u200d\U0001f467",
         "Zoë naïve 漢字 \U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;a new title\x07words", "words"),
        ("\x9b31mred", "red"),
        ("\x1bPq#0;2;0;0;0\x1b\\words", "words"),
        ("\x1b]52;c;aGk=", ""),
        ("line\r\none\ttwo\u2028three", "line one two three"),
        ("left\u202eright", "leftright"),
        ("[red]markup[/red] <b>stays</b>", "[red]markup[/red] <b>stays</b>"),
        ("", ""),
    ],
)  # fmt: skip
def test_what_a_person_would_read_is_what_is_left(given_: str, cleaned: str) -> None:
    assert clean(given_) == cleaned


@pytest.mark.parametrize(
    "piece",
    ["word ", "\x1b", "\x1b[", "\x1b]", "\x9b", "\x90", "\x9d0;", "\x1b[0", "\x00", "\u202e"],
)
def test_a_megabyte_of_anything_is_cleaned_while_nobody_waits(piece: str) -> None:
    """A megabyte of broken sequences once took hours: each looked for its end to the end."""
    megabyte = piece * (1_000_000 // len(piece))
    for end in ("", "\x1b"):
        assert "\x1b" not in clean(megabyte + end)


@given(st.text(), st.integers(1, 50))
@settings(deadline=None)
def test_clipped_is_never_longer_and_what_fits_is_left_alone(text: str, limit: int) -> None:
    clipped = clip(text, limit)
    assert len(clipped) <= limit
    assert (clipped == text) == (len(text) <= limit) or clipped == text
    assert text.startswith(clipped.removesuffix("…"))


def test_a_cut_is_made_between_words_where_there_are_any() -> None:
    assert clip("one two three", 9) == "one two…"
    assert clip("onetwothree", 6) == "onetw…"
    assert len(clip("word " * 5000)) <= MAX_TURN_CHARACTERS
