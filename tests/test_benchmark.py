"""The benchmark: every figure the README quotes is measured, none is made up."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.readings import MarkedListener
from trainer import benchmark, yardstick
from trainer.calls.loading import Loaded
from trainer.engines.base import Message, Prompt
from trainer.engines.local_engine import LocalEngine
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
    assert "no file that llama.cpp reads" in figures["beside_llama_cpp"]["left_out"]
    assert figures["tokens_a_second"] == 0  # nothing speaks here, and nothing is claimed
    assert json.loads(json.dumps(figures)) == figures
    page = benchmark.as_text(figures)
    assert "6 of 6" in page
    assert max(len(line) for line in page.splitlines()) <= 100
    assert told


@pytest.mark.model
@pytest.mark.skipif(find_spec("xllamacpp") is None, reason="xllamacpp is not installed")
def test_the_voice_is_held_to_llama_cpp_on_the_same_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Few rounds, beside other work: the figures are there; how good they are, `bench` tells."""
    monkeypatch.setattr(yardstick, "ROUNDS", 2)
    monkeypatch.setattr(yardstick, "ANSWER", 8)
    turns = [Prompt([Message("user", f"Tell me about {what}.")]) for what in ("May", "June")]
    found = yardstick.beside(LocalEngine.load(), turns)
    for key in ("tokens_a_second", "first_token_s"):
        assert found[key]["ours"] > 0
        assert found[key]["llama_cpp"] > 0
    page = "\n".join(benchmark._compared(found))
    assert "times its speed" in page
    assert max(len(line) for line in page.splitlines()) <= 100


def test_without_llama_cpp_the_comparison_is_left_out_and_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(yardstick, "find_spec", lambda _: None)
    engine = LocalEngine.__new__(LocalEngine)
    engine.gguf = tmp_path / "voice.gguf"
    found = yardstick.beside(engine, [])
    assert "xllamacpp is not installed" in "".join(benchmark._compared(found))
