"""Whoever waits for ten thousand calls sees how far it is, and results stay results."""

from __future__ import annotations

import io

import pytest

from trainer.reports import progress
from trainer.reports.progress import Progress
from trainer.reports.troubles import Troubles


class Terminal(io.StringIO):
    """A stream that somebody watches."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, to be set by the test."""
    now = [0.0]
    monkeypatch.setattr("trainer.reports.progress.time.monotonic", lambda: now[0])
    return now


def run(total: int, clock: list[float], seconds: float) -> None:
    with Progress(total) as telling:
        for place in range(total):
            clock[0] += seconds
            telling.advance(failed=place == 1)
        telling.say("[b]a note[/b]")


def test_in_a_log_a_plain_line_now_and_then(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    run(2000, clock, 0.125)
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.splitlines()
    assert lines[0] == "120 of 2,000 done, 1 of them not read; about 4 minutes left"
    assert len(lines) == 16 + 1
    assert lines[-1] == "[b]a note[/b]"


def test_a_short_batch_and_a_single_file_say_nothing_of_themselves(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    run(3, clock, 0.5)
    run(1, clock, 600)
    assert capsys.readouterr().err == "[b]a note[/b]\n" * 2


def test_on_a_terminal_a_bar_that_leaves_nothing_behind_but_the_notes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    watched = Terminal()
    monkeypatch.setattr("sys.stderr", watched)
    monkeypatch.setenv("TERM", "xterm")
    with Progress(5) as telling:
        telling.advance(failed=True)
        telling.say("[b]a note[/b]")
    assert capsys.readouterr().out == ""
    assert "1/5" in watched.getvalue()
    assert "1 not read" in watched.getvalue()
    assert "[b]a note[/b]" in watched.getvalue()


def test_where_the_results_scroll_by_on_the_same_terminal_there_is_no_bar(
    clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Terminal()
    monkeypatch.setattr("sys.stderr", watched)
    monkeypatch.setattr("sys.stdout", Terminal())
    run(50, clock, 10)
    assert watched.getvalue() == "[b]a note[/b]\n"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "1 second"), (42, "42 seconds"), (3600, "1 hour"), (5400 * 2, "3 hours")],
)
def test_what_is_left_is_told_as_people_do(seconds: float, words: str) -> None:
    assert progress._span(seconds) == words


def test_troubles_are_counted_to_the_last_and_listed_up_to_a_hundred() -> None:
    troubles = Troubles(1000)
    for number in range(3):
        troubles.add(f"{number}.txt: empty")
    assert troubles.summary.splitlines() == [
        "3 of 1,000 could not be read:", "  0.txt: empty", "  1.txt: empty", "  2.txt: empty",
    ]  # fmt: skip
    for number in range(3, 900):
        troubles.add(f"{number}.txt: empty")
    lines = troubles.summary.splitlines()
    assert lines[0] == "900 of 1,000 could not be read:"
    assert len(lines) == 102
    assert lines[-1] == "  and 800 more, told above"
