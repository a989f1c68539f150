"""Getting ready for a call: the models, once, and whoever waits is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.readings import MarkedListener
from trainer.calls import loading
from trainer.calls.loading import EngineChoice
from trainer.engines import local_engine, openai_engine
from trainer.engines.base import Message, Prompt, Sampling
from trainer.engines.catalog import Catalog
from trainer.errors import ModelUnavailable

PROMPT = Prompt([Message("user", "hello")])


def test_everything_a_call_needs_is_loaded_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, float | None]] = []
    monkeypatch.setattr(loading, "load_listener", MarkedListener)
    loaded = loading.load(EngineChoice("authored"), lambda what, part: told.append((what, part)))
    assert loaded.engine.name == "authored"
    assert isinstance(loaded.listener, MarkedListener)
    assert told[-1] == ("ready", 1.0)
    parts = [part for _, part in told if part is not None]
    assert parts == sorted(parts)


def test_the_authored_engine_has_no_words_of_its_own() -> None:
    engine = loading.load_engine(EngineChoice("authored"))
    assert engine.name == "authored"
    assert engine.draw(PROMPT, Sampling(), 3) == []


def test_a_server_and_a_model_are_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Any, ...]] = []
    monkeypatch.setattr(openai_engine, "OpenAIEngine", lambda *given: opened.append(given))
    loading.load_engine(EngineChoice("openai", "big", "http://localhost:9/v1"))
    loading.load_engine(EngineChoice("openai"))
    assert opened == [
        ("http://localhost:9/v1", "big"), (openai_engine.DEFAULT_BASE_URL, None),
    ]  # fmt: skip

    class Local:
        @staticmethod
        def load(model: str | None, progress: object) -> str:
            return f"local {model}"

    monkeypatch.setattr(local_engine, "LocalEngine", Local)
    assert loading.load_engine(EngineChoice(model="some/one")) == "local some/one"  # type: ignore[comparison-overlap]


def test_without_its_models_the_listener_says_which_file_and_how_to_mend_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path))
    with pytest.raises(ModelUnavailable, match="missing"):
        loading.load_listener()


def test_only_the_models_that_are_not_there_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path))
    fetched: list[str] = []
    told: list[float | None] = []

    def pull(card: Any, tell: Any) -> None:
        fetched.append(card.use)
        tell("fetching", 50, 200)
        tell("fetching", 50, None)

    monkeypatch.setattr("trainer.engines.download.pull", pull)
    catalog = Catalog.load()
    cards = (catalog.default("voice"), catalog.default("encoder"))
    wanted = [part.use for card in cards for part in catalog.parts(card.id)]
    loading.pull_models(lambda _, part: told.append(part))
    assert fetched == wanted
    assert told == [0.25, None] * len(wanted)
    fetched.clear()
    monkeypatch.setattr("trainer.engines.catalog.Catalog.is_whole", lambda *_: True)
    loading.pull_models()
    assert fetched == []
    loading.pull_models(force=True)
    assert fetched == wanted
