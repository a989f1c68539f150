"""The command line as a user meets it: arguments in, words out, an exit code."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.readings import MarkedListener
from trainer import cli
from trainer.calls import loading
from trainer.calls.loading import Loaded
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.grading.grader import Grader
from trainer.library.shelf import Shelf

BUNDLED = Shelf.load()


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


Run = Callable[..., Ran]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user of their own, with no models and no calls yet."""
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(cli, "_shelf", _shelf)  # what ships is read once for all these tests
    return tmp_path / "home"


def _shelf(library: Path | None) -> Shelf:
    if library is not None:
        return Shelf.load(library)
    return replace(BUNDLED, scenarios=dict(BUNDLED.scenarios), personas=dict(BUNDLED.personas))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run `trainer` with these arguments and what is typed."""

    def go(*arguments: object, typed: str | bytes = "") -> Ran:
        raw = typed.encode() if isinstance(typed, str) else typed
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        code: object = 0
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as left:
            code = left.code or 0
        captured = capsys.readouterr()
        assert isinstance(code, int)
        assert "Traceback" not in captured.err
        return Ran(code, captured.out, captured.err)

    return go


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener that hears what a test marked, and a prospect with its authored lines only."""
    listener = MarkedListener()
    monkeypatch.setattr(loading, "load_listener", lambda: listener)
    monkeypatch.setattr(
        loading,
        "load",
        lambda *_: Loaded(listener, ScriptedEngine([], name="authored"), Grader(listener)),
    )
