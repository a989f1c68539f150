"""The keys and values a model has taken in, kept over the turns of a call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer

_ROOM = 256
_CHUNK = 256


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


class KeptCache:
    """What the model has taken in so far, as tokens and as its cache of them."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.tokens: list[int] = []
        self._cache: Any = None
        self.forget()

    def forget(self) -> None:
        """Start over: after an error nothing in the cache can be relied on."""
        self.tokens = []
        self._cache = DynamicCache(config=self._model.config.get_text_config())
        layers = self._cache.layers
        if layers and all(type(layer) is DynamicLayer for layer in layers):
            self._cache.layers = [RoomyLayer() for _ in layers]

    def take_in(
        self, prompt: Sequence[int], stop: Callable[[], bool] = lambda: False
    ) -> torch.Tensor | None:
        """Bring the cache to exactly ``prompt``; logits (vocabulary,) after its last token.

        Only what differs from the tokens held is computed. The last token always runs alone, so
        that the same prompt gives the same logits whether or not it was held. None when ``stop``
        said to.
        """
        held = common(self.tokens, prompt[:-1])  # the last one always runs: its logits are wanted
        self._crop_to(held)
        logits = None
        while len(self.tokens) < len(prompt):
            if stop():
                return None
            start = len(self.tokens)
            upto = min(start + _CHUNK, max(len(prompt) - 1, start + 1))
            logits = self.step(torch.tensor([prompt[start:upto]]))[0]
            self.tokens.extend(prompt[start:upto])
        return logits

    def extend(self, token: int) -> torch.Tensor:
        """Take in one more token; logits (vocabulary,) after it."""
        logits = self.step(torch.tensor([[token]]))[0]
        self.tokens.append(token)
        return logits

    def step(self, tokens: torch.Tensor) -> torch.Tensor:
        """One pass over ``tokens`` (batch, new); logits (batch, vocabulary) after the last."""
        with torch.inference_mode():
            out = self._model(
                input_ids=tokens.to(self._model.device),
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=1,
            )
        last: torch.Tensor = out.logits[:, -1]
        return last

    def copies(self, n: int) -> KeptCache:
        """``n`` rows that all hold what this holds, to go on from apart; this one stays."""
        apart = KeptCache.__new__(KeptCache)
        apart._model, apart.tokens = self._model, list(self.tokens)
        with torch.inference_mode():
            apart._cache = deepcopy(self._cache)
            apart._cache.batch_repeat_interleave(n)
        return apart

    def _crop_to(self, held: int) -> None:
        surplus = len(self.tokens) - held
        if not surplus:
            return
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


def common(held: Sequence[int], wanted: Sequence[int]) -> int:
    """How many tokens at the head are the same."""
    count = 0
    for one, other in zip(held, wanted, strict=False):
        if one != other:
            break
        count += 1
    return count
