"""Opening the engine that the user named, loading only what that one needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

from trainer.engines.base import Engine
from trainer.errors import UnreadableInput

Kind = Literal["transformers", "openai", "authored"]
KINDS: tuple[str, ...] = get_args(Kind)
"""What ``--engine`` may name."""


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
    if kind not in KINDS:
        raise UnreadableInput(f"there is no engine {kind!r}; there are: {', '.join(KINDS)}")
    if base_url and kind != "openai":
        raise UnreadableInput(f"--base-url goes with --engine openai, not with {kind}")
    if kind == "openai":
        from trainer.engines.openai_engine import DEFAULT_BASE_URL, OpenAIEngine

        return OpenAIEngine(base_url or DEFAULT_BASE_URL, model)
    if kind == "authored":
        from trainer.engines.scripted_engine import SilentEngine

        return SilentEngine()
    from trainer.engines.transformers_engine import TransformersEngine

    return TransformersEngine.load(model, progress=progress)
