"""Any causal language model of transformers, run by torch: what has no graph of ours."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

from trainer.engines.backend import Backend, Logits

_ROOM = 256


class RoomyLayer(DynamicLayer):  # type: ignore[misc]
    """A layer that writes into room made ahead, where the usual one copies all at each token."""

    keys: torch.Tensor
    values: torch.Tensor
    _rooms: tuple[torch.Tensor, torch.Tensor] | None = None

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Take in new keys and values (batch, heads, tokens, size); all of them so far."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self._rooms = None
        held = self.keys.shape[-2] if self.keys.numel() else 0
        upto = held + key_states.shape[-2]
        rooms = self._rooms
        if rooms is None or rooms[0].shape[0] != key_states.shape[0] or rooms[0].shape[-2] < upto:
            rooms = (_roomy(self.keys, key_states, held), _roomy(self.values, value_states, held))
            self._rooms = rooms
        for room, new in zip(rooms, (key_states, value_states), strict=True):
            room[..., held:upto, :] = new
        self.keys, self.values = (room[..., :upto, :] for room in rooms)
        return self.keys, self.values


def _roomy(old: torch.Tensor, new: torch.Tensor, held: int) -> torch.Tensor:
    batch, heads, more, size = new.shape
    room = new.new_zeros((batch, heads, held + more + _ROOM, size))
    if held:
        room[..., :held, :] = old
    return room


class TorchBackend(Backend):
    """A transformers model with its cache of keys and values."""

    kind = "torch"

    def __init__(self, model: Any, *, threads: int = 1) -> None:
        super().__init__(getattr(model.config, "max_position_embeddings", None) or 1 << 30)
        self.model = model
        self._threads = threads
        self._cache: Any = None
        self.forget()

    def forget(self) -> None:
        """Start over with an empty cache."""
        self.tokens = []
        self._cache = DynamicCache(config=self.model.config.get_text_config())
        layers = self._cache.layers
        if layers and all(type(layer) is DynamicLayer for layer in layers):
            self._cache.layers = [RoomyLayer() for _ in layers]

    def copies(self, n: int) -> _Apart:
        """``n`` rows that all hold what this holds; this one stays."""
        with torch.inference_mode():
            cache = deepcopy(self._cache)
            cache.batch_repeat_interleave(n)
        return _Apart(self.model, cache, self._threads)

    def _pass(self, tokens: Sequence[int]) -> Logits:
        ids = torch.tensor([tokens])
        after: Logits = _logits(self.model, self._cache, ids, self._threads)[0]
        return after

    def _crop(self, held: int) -> None:
        surplus = len(self.tokens) - held
        if held == 0:
            self.forget()
            return
        try:
            with torch.inference_mode():
                self._cache.crop(-surplus)  # a negative count: so many off the end
        except (RuntimeError, ValueError, NotImplementedError):
            self.forget()  # kinds of attention that can't go back
        else:
            del self.tokens[held:]


class _Apart:
    """Rows with a cache of their own."""

    def __init__(self, model: Any, cache: Any, threads: int) -> None:
        self._model = model
        self._cache = cache
        self._threads = threads

    def step(self, tokens: Sequence[int]) -> Logits:
        return _logits(self._model, self._cache, torch.tensor(tokens)[:, None], self._threads)


def _logits(model: Any, cache: Any, tokens: torch.Tensor, threads: int) -> Logits:
    """One pass over ``tokens`` (rows, new); logits (rows, vocabulary) after the last. The number of
    threads is torch's, not ours: the listener, beside us, has another."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.inference_mode():
            out = model(
                input_ids=tokens.to(model.device),
                past_key_values=cache,
                use_cache=True,
                logits_to_keep=1,
            )
    finally:
        torch.set_num_threads(before)
    found: Logits = out.logits[:, -1].float().cpu().numpy()
    return found
