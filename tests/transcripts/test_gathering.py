"""A manager points at a folder of calls, and the right files are taken in a settled order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trainer.transcripts.gathering import ENDINGS, gather


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder as a recorder leaves it."""
    for name in (
        "b.json", "a.vtt", "A.TXT", "notes.docx", "call.mp3", ".hidden.txt", "may/2.srt",
        "may/10.md", "may/deep/1.jsonl", ".trash/old.txt", "June/one.log",
    ):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("Rep: Hi.\nProspect: Hi.\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_folder_brings_what_our_readers_know_sorted_and_nothing_hidden(calls: Path) -> None:
    found = [os.path.relpath(path, calls) for path in gather([str(calls)])]
    assert found == ["A.TXT", "a.vtt", "b.json", "may/10.md", "may/2.srt", "may/deep/1.jsonl"]
    assert all(path.lower().endswith(ENDINGS) for path in found)


def test_a_pattern_that_no_shell_filled_in_is_filled_in_here(calls: Path) -> None:
    assert list(gather(["may/*.srt"])) == ["may/2.srt"]
    assert list(gather(["**/*.md"])) == ["may/10.md"]
    assert list(gather(["[ab].*"])) == ["a.vtt", "b.json"]


def test_a_pattern_that_names_an_ending_brings_that_ending_others_what_a_folder_would(
    calls: Path,
) -> None:
    assert list(gather(["*.mp3", "June/*.log"])) == ["call.mp3", "June/one.log"]
    assert list(gather(["**"])) == [os.path.relpath(path) for path in gather(["."])]
    assert list(gather(["m*"])) == ["may/10.md", "may/2.srt", "may/deep/1.jsonl"]


def test_what_is_named_is_taken_in_the_order_and_as_often_as_it_is_named(calls: Path) -> None:
    named = ["notes.docx", "-", "a.vtt", "a.vtt", "gone.txt", "no/*.txt"]
    assert list(gather(named)) == named


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(calls: Path) -> None:
    Path("call [1].txt").write_text("Rep: Hi.\n")
    assert list(gather(["call [1].txt"])) == ["call [1].txt"]


def test_an_empty_folder_is_handed_on_for_its_reader_to_refuse(calls: Path) -> None:
    assert list(gather(["June"])) == ["June"]


def test_links_that_go_round_in_a_circle_end(calls: Path) -> None:
    Path("may/again").symlink_to(calls)
    assert len(list(gather(["may"]))) == 3
