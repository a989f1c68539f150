"""Opening the engine that the user named, loading only what that one needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args
from urllib.parse import urlsplit

from trainer.engines.base import Engine
from trainer.errors import UnreadableInput

Kind = Literal["transformers", "openai", "llama", "authored"]
KINDS: tuple[str, ...] = get_args(Kind)
"""What ``--engine`` may name."""


def check_choice(kind: str, *, model: str | None, base_url: str | None) -> None:
    """Look at what the user named before anything is loaded for it; opens nothing.

    Raises ``UnreadableInput`` for an unknown kind, an option that belongs to another one, an
    address that is none or a model's name that can't be one, and ``ModelUnavailable`` for a path
    that holds no model.
    """
    if kind not in KINDS:
        raise UnreadableInput(f"there is no engine {kind!r}; there are: {', '.join(KINDS)}")
    if base_url and kind != "openai":
        raise UnreadableInput(f"--base-url goes with --engine openai, not with {kind}")
    if base_url and not _is_address(base_url):
        raise UnreadableInput(
            f"{base_url!r} is no server address; it should look like http://127.0.0.1:8080/v1"
        )
    if model is not None and kind == "transformers":
        from trainer.engines.catalog import Catalog

        Catalog.load().named(model)
    if kind == "llama":
        from trainer.engines.llama_engine import check_file

        check_file(model)


def _is_address(base_url: str) -> bool:
    try:
        parts = urlsplit(base_url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket left open
        return False


def open_engine(
    kind: str = "transformers",
    *,
    model: str | None = None,
    base_url: str | None = None,
    progress: Callable[[str, int, int | None], None] | None = None,
) -> Engine:
    """The engine, ready to speak. ``authored`` draws nothing: a call without a model.

    Raises ``UnreadableInput`` for an unknown kind or an option that belongs to another one, and
    whatever that engine raises when it can't be had (``ModelUnavailable``, ``EngineFailed``).
    """
    check_choice(kind, model=model, base_url=base_url)
    if kind == "openai":
        from trainer.engines.openai_engine import DEFAULT_BASE_URL, OpenAIEngine

        return OpenAIEngine(base_url or DEFAULT_BASE_URL, model)
    if kind == "llama":
        from trainer.engines.llama_engine import LlamaEngine

        return LlamaEngine.load(model or "", progress=progress)
    if kind == "authored":
        from trainer.engines.scripted_engine import SilentEngine

        return SilentEngine()
    from trainer.engines.local_engine import LocalEngine

    return LocalEngine.load(model, progress=progress)
