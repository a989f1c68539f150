"""The benchmark: every figure the README quotes is measured, none is made up."""

from __future__ import annotations

import json

import pytest

from tests.readings import MarkedListener
from trainer import benchmark
from trainer.calls.loading import Loaded
from trainer.engines.scripted_engine import SilentEngine
from trainer.grading.grader import Grader


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A listener and an engine that weigh nothing, so that only the measuring is tested."""
    listener = MarkedListener()
    loaded = Loaded(listener, SilentEngine(), Grader(listener))
    monkeypatch.setattr(benchmark, "load", lambda _choice: loaded)


@pytest.mark.usefixtures("bare")
def test_all_that_a_rep_waits_for_is_measured_and_told() -> None:
    told: list[str] = []
    figures = benchmark.measure(6, told.append)
    assert figures["replies"] == 6
    assert figures["authored_replies"] == 6
    for key in ("help_s", "first_word_s", "whole_reply_s", "grade_40_turns_s"):
        assert 0 <= figures[key]["median"] <= figures[key]["p95"]
    assert figures["whole_reply_s"]["median"] > figures["first_word_s"]["median"]
    assert figures["yardstick_gflops"] > 0
    assert figures["peak_memory_mb"] > 0
    assert figures["tokens_a_second"] == 0  # nothing speaks here, and nothing is claimed
    assert json.loads(json.dumps(figures)) == figures
    page = benchmark.as_text(figures)
    assert "6 of 6" in page
    assert max(len(line) for line in page.splitlines()) <= 100
    assert told
