"""Folders of content for a test of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .content import write_library


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of their own, and nothing bundled unless a test says so."""
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def bundled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundled library with one persona, one scenario and one rubric, all right."""
    root = write_library(tmp_path / "bundled")
    monkeypatch.setattr("trainer.locations.bundled", lambda: root)
    return root


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file below the test's folder."""

    def put(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return put
