"""A Llama-like model's layers as arrays, evened out so that little is lost by rounding them.

A few inputs of a layer are many times larger than the rest, always the same ones. Rounded together
with them, the rest are left few steps. So each input is divided by a factor of its own, and the
column of weights that it meets is multiplied by it, which changes nothing but the rounding; what
gave the input (a norm, the values, the gate's partner) has the division in its own weights, so
that nothing is added to be computed. The factors are those of Xiao et al. 2022
(arXiv:2211.10438): the root of the input's reach, over the root of its column's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]
Reach = dict[str, Array]
"""The largest size of each input of each linear layer, over some text, by the layer's name."""

_LEAST = np.float32(1e-5)


@dataclass(frozen=True, slots=True)
class Linear:
    """Some linear layers side by side."""

    weight: Array
    """(outputs, inputs)"""
    bias: Array | None
    """(outputs)"""

    def over(self, factors: Array) -> Linear:
        """With what it gives divided by ``factors`` (outputs)."""
        bias = None if self.bias is None else self.bias / factors
        return Linear(self.weight / factors[:, None], bias)

    def times(self, factors: Array) -> Linear:
        """For inputs that were divided by ``factors`` (inputs)."""
        return Linear(self.weight * factors, self.bias)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the model, in the order of its steps."""

    norm: Array
    asked: Linear
    """Queries, keys and values."""
    head_norms: tuple[Array, Array] | None
    """Of queries and of keys, where they have norms of their own (Qwen3)."""
    seen: Linear
    norm_mlp: Array
    gate: Linear
    up: Linear
    down: Linear


def reach(model: Any, tokens: Sequence[int]) -> Reach:
    """How far the inputs of the model's linear layers reach over a text."""
    found: Reach = {}

    def seen(name: str) -> Any:
        def look(_: Any, inputs: tuple[torch.Tensor, ...]) -> None:
            found[name] = _array(inputs[0].abs().flatten(0, -2).amax(0))

        return look

    hooks = [
        part.register_forward_pre_hook(seen(name))
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear)
    ]
    try:
        with torch.inference_mode():
            model(torch.tensor([tokens]), use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def layer(model: Any, number: int, reached: Reach) -> Layer:
    """One layer, evened out."""
    part, name = model.model.layers[number], f"model.layers.{number}."
    attention, mlp = part.self_attn, part.mlp
    queries, keys, values = map(_linear, (attention.q_proj, attention.k_proj, attention.v_proj))
    seen, down = _linear(attention.o_proj), _linear(mlp.down_proj)
    gate, up = _linear(mlp.gate_proj), _linear(mlp.up_proj)

    # The queries' heads share values: what is seen through one value has one factor.
    size = attention.head_dim
    shared = len(values.weight) // size
    in_groups = (shared, -1, size)
    alike = _factors(
        reached[f"{name}self_attn.o_proj"].reshape(in_groups).max(1).ravel(),
        np.abs(seen.weight).max(0).reshape(in_groups).max(1).ravel(),
    )
    spread = np.broadcast_to(
        alike.reshape(shared, 1, size), (shared, seen.weight.shape[1] // len(alike), size)
    ).ravel()

    asked = _beside(queries, keys, values.over(alike))
    into_asked = _factors(reached[f"{name}self_attn.q_proj"], np.abs(asked.weight).max(0))
    into_down = _factors(reached[f"{name}mlp.down_proj"], np.abs(down.weight).max(0))
    up = up.over(into_down)
    columns = np.maximum(np.abs(gate.weight).max(0), np.abs(up.weight).max(0))
    into_mlp = _factors(reached[f"{name}mlp.gate_proj"], columns)
    norms = None
    if hasattr(attention, "q_norm"):
        norms = (_array(attention.q_norm.weight), _array(attention.k_norm.weight))
    return Layer(
        norm=_array(part.input_layernorm.weight) / into_asked,
        asked=asked.times(into_asked),
        head_norms=norms,
        seen=seen.times(spread),
        norm_mlp=_array(part.post_attention_layernorm.weight) / into_mlp,
        gate=gate.times(into_mlp),
        up=up.times(into_mlp),
        down=down.times(into_down),
    )


def head(model: Any, reached: Reach) -> tuple[Array, Linear]:
    """The last norm, and the layer that gives the logits, evened out."""
    logits = _linear(model.get_output_embeddings())
    factors = _factors(reached["lm_head"], np.abs(logits.weight).max(0))
    return _array(model.model.norm.weight) / factors, logits.times(factors)


def embeddings(model: Any) -> Array:
    """(vocabulary, size)"""
    return _array(model.model.embed_tokens.weight)


def _factors(reached: Array, columns: Array) -> Array:
    """What to divide the inputs by; their geometric mean is 1."""
    factors = np.sqrt(np.maximum(reached, _LEAST) / np.maximum(columns, _LEAST))
    found: Array = (factors / np.exp(np.log(factors).mean())).astype(np.float32)
    return found


def _linear(part: Any) -> Linear:
    return Linear(_array(part.weight), None if part.bias is None else _array(part.bias))


def _beside(*parts: Linear) -> Linear:
    weight = np.concatenate([one.weight for one in parts])
    if all(one.bias is None for one in parts):
        return Linear(weight, None)
    none = [np.zeros(len(one.weight), np.float32) for one in parts]
    biases = [zero if one.bias is None else one.bias for one, zero in zip(parts, none, strict=True)]
    return Linear(weight, np.concatenate(biases))


def _array(tensor: torch.Tensor) -> Array:
    found: Array = tensor.detach().float().numpy()
    return found
