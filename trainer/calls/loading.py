"""Getting ready for a call: the models, loaded once, with progress for whoever waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainer.engines.base import Engine
from trainer.listening import Listener

if TYPE_CHECKING:
    from trainer.grading.grader import Grader

Progress = Callable[[str, float | None], None]
"""Told what is being done, and how much of it, 0 to 1 (None where nobody knows)."""


@dataclass(frozen=True, slots=True)
class EngineChoice:
    """Which engine voices the prospect."""

    kind: str = "transformers"
    model: str | None = None
    """A card id, a Hugging Face chat model, a folder or file; the kind's default where absent."""
    base_url: str | None = None
    """Where the OpenAI-compatible server listens."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a call needs."""

    listener: Listener
    engine: Engine
    grader: Grader


def silent(_doing: str, _part: float | None) -> None:
    """A progress that tells nobody."""


def load(choice: EngineChoice | None = None, progress: Progress = silent) -> Loaded:
    """Load the listener and the engine. Takes seconds.

    Raises ``ModelUnavailable`` where a model is missing or damaged, ``EngineFailed`` where a
    server can't be reached.
    """
    from trainer.grading.grader import Grader

    progress("learning to listen", None)
    listener = load_listener()
    progress("finding the prospect's voice", 0.4)
    engine = load_engine(choice or EngineChoice(), progress)
    progress("ready", 1.0)
    return Loaded(listener, engine, Grader(listener))


def load_listener() -> Listener:
    """The listener alone, for grading and for labelling turns."""
    from trainer.listening.listener import EncoderListener

    return EncoderListener.load()


def load_engine(choice: EngineChoice, progress: Progress = silent) -> Engine:
    """The chosen engine. Imports what it needs, and nothing else."""
    from trainer.engines import open_engine

    return open_engine(
        choice.kind,
        model=choice.model,
        base_url=choice.base_url,
        progress=lambda what, done, total: progress(what, done / total if total else None),
    )


def pull_models(progress: Progress = silent, *, force: bool = False) -> None:
    """Fetch the default models that are not there yet.

    Raises ``ModelUnavailable`` where one can't be had.
    """
    from trainer.engines.catalog import Catalog
    from trainer.engines.download import pull

    catalog = Catalog.load()
    for use in ("voice", "encoder"):
        card = catalog.default(use)
        if force or not catalog.is_whole(card.id):
            for part in catalog.parts(card.id):
                pull(
                    part, lambda what, done, total: progress(what, done / total if total else None)
                )
