"""Each test has its own stage; times are shown in UTC wherever the test runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .staging import Stage_


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.fixture
def stage(tmp_path: Path) -> Stage_:
    return Stage_(tmp_path)
