"""all-MiniLM-L6-v2 as the listener runs it: linear layers in int8, one text at a time.

The same turn must read the same alone, in a call and in a batch, to the last digit. Matrix products
round differently for different shapes, so every text is run by itself, at its own length, without
padding. Weights are int8 with one scale a row; activations are quantized as they come, one scale a
text (PyTorch's dynamic quantization). On two cores that takes a third to a quarter of the time of
32-bit floats; the vectors' cosine with those of the float model is .99. Where the machine has no
such kernels, the same int8 weights are multiplied as floats. torch is imported on first use only.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.errors import ModelUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

Tensors = Mapping[str, "NDArray[Any]"]
"""Arrays by name, as a safetensors file holds them."""
WIDTH = 384
LAYERS = 6
_HEADS = 12
_EPSILON = 1e-12
_QUERY_KEY_VALUE = ("attention.self.query", "attention.self.key", "attention.self.value")
LINEARS: dict[str, tuple[str, ...]] = {
    "qkv": _QUERY_KEY_VALUE,
    "mix": ("attention.output.dense",),
    "up": ("intermediate.dense",),
    "down": ("output.dense",),
}
"""The linear layers of a block, by the names they have here, with their names in the model's own
file; queries, keys and values are one product."""
NORMS = {"mix_norm": "attention.output.LayerNorm", "down_norm": "output.LayerNorm"}


def quantized(tensors: Tensors) -> dict[str, NDArray[Any]]:
    """The blocks of a float model, by the names of its own file, as int8 rows with their scales.

    Word and position embeddings are left out: they are the same in every tuning of the model.
    """
    out: dict[str, NDArray[Any]] = {}
    for part in ("token_type_embeddings.weight", "LayerNorm.weight", "LayerNorm.bias"):
        out[f"embeddings.{part}"] = tensors[f"embeddings.{part}"].astype(np.float32)
    for layer in range(LAYERS):
        theirs = f"encoder.layer.{layer}."
        for name, parts in LINEARS.items():
            weight = np.concatenate([tensors[f"{theirs}{part}.weight"] for part in parts])
            weight = weight.astype(np.float32)
            scale = np.abs(weight).max(axis=1) / 127
            rows = np.clip(np.rint(weight / scale[:, None]), -127, 127)
            out[f"{layer}.{name}.weight"] = rows.astype(np.int8)
            out[f"{layer}.{name}.scale"] = scale
            bias = np.concatenate([tensors[f"{theirs}{part}.bias"] for part in parts])
            out[f"{layer}.{name}.bias"] = bias.astype(np.float32)
        for name, part in NORMS.items():
            for end in ("weight", "bias"):
                out[f"{layer}.{name}.{end}"] = tensors[f"{theirs}{part}.{end}"].astype(np.float32)
    return out


def read_tensors(path: Path, mending: str) -> dict[str, NDArray[Any]]:
    """All tensors of a safetensors file. Raises ``ModelUnavailable`` with how to mend it."""
    if not path.is_file():
        raise ModelUnavailable(f"{path} is missing; {mending}")
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise ModelUnavailable(f"{path} is damaged ({error}); {mending}") from error


@dataclass(frozen=True, slots=True)
class _Block:
    qkv: Any
    mix: Any
    mix_norm: tuple[Any, Any]
    up: Any
    down: Any
    down_norm: tuple[Any, Any]


class Bert:
    """Token numbers to hidden states."""

    def __init__(self, words: Tensors, blocks: Tensors) -> None:
        """``words``: the model's own file, for word and position embeddings; ``blocks``: all
        else, as ``quantized`` gives it. Raises KeyError or ValueError where they don't fit.
        """
        import torch

        self._words = torch.from_numpy(_float(words["embeddings.word_embeddings.weight"]))
        self._places = torch.from_numpy(_float(words["embeddings.position_embeddings.weight"]))
        self._kinds = torch.from_numpy(blocks["embeddings.token_type_embeddings.weight"])
        self._norm = _pair(blocks, "embeddings.LayerNorm")
        if self._words.shape[1] != WIDTH:
            raise ValueError(f"vectors of {self._words.shape[1]} numbers where {WIDTH} are wanted")
        self._blocks = [
            _Block(
                **{name: _linear(blocks, f"{layer}.{name}") for name in LINEARS},
                **{name: _pair(blocks, f"{layer}.{name}") for name in NORMS},
            )
            for layer in range(LAYERS)
        ]

    def hidden(self, tokens: Sequence[int], kinds: Sequence[int] | None = None) -> Any:
        """The last layer's states of one text as a torch tensor, (tokens, ``WIDTH``).

        ``kinds``: 0 for tokens of the first text of a pair, 1 for those of the second.
        """
        import torch
        from torch.nn.functional import gelu, layer_norm, scaled_dot_product_attention

        count = len(tokens)
        with torch.inference_mode():
            kind = self._kinds[0] if kinds is None else self._kinds[torch.tensor(kinds)]
            state = self._words[torch.tensor(tokens)] + self._places[:count] + kind
            state = layer_norm(state, (WIDTH,), *self._norm, _EPSILON)
            for block in self._blocks:
                split = block.qkv(state).view(count, 3, _HEADS, WIDTH // _HEADS)
                query, key, value = split.permute(1, 2, 0, 3).unsqueeze(1)
                mixed = scaled_dot_product_attention(query, key, value)[0]
                mixed = mixed.transpose(0, 1).reshape(count, WIDTH)
                state = layer_norm(state + block.mix(mixed), (WIDTH,), *block.mix_norm, _EPSILON)
                inner = block.down(gelu(block.up(state)))
                state = layer_norm(state + inner, (WIDTH,), *block.down_norm, _EPSILON)
        return state


def _float(array: NDArray[Any]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32)


def _pair(blocks: Tensors, name: str) -> tuple[Any, Any]:
    import torch

    return torch.from_numpy(blocks[f"{name}.weight"]), torch.from_numpy(blocks[f"{name}.bias"])


def _kernels() -> bool:
    """Whether PyTorch has its int8 kernels for this machine's processor."""
    import torch

    return "x86" in torch.backends.quantized.supported_engines


def _linear(blocks: Tensors, name: str) -> Any:
    """A function of states: the product with int8 rows, plus the bias."""
    import torch

    rows = torch.from_numpy(blocks[f"{name}.weight"])
    scale = torch.from_numpy(blocks[f"{name}.scale"])
    bias = torch.from_numpy(blocks[f"{name}.bias"])
    if rows.dtype is not torch.int8 or rows.shape[0] != len(scale) or len(bias) != len(scale):
        raise ValueError(f"{name} does not hold int8 rows with a scale and a bias each")
    if not _kernels():
        weight = rows.float() * scale[:, None]
        return lambda state: torch.nn.functional.linear(state, weight, bias)
    zeros = torch.zeros(len(scale), dtype=torch.long)
    with warnings.catch_warnings():
        # The type is to go in some later PyTorch; the version is pinned, and there are the floats.
        warnings.simplefilter("ignore", UserWarning)
        made = torch._make_per_channel_quantized_tensor(rows, scale.double(), zeros, 0)
    packed = torch.ops.quantized.linear_prepack(made, bias)
    # Without VNNI, pairs of full 8-bit products overflow their 16-bit sum: seven bits then.
    seven_bits = not torch.cpu._is_vnni_supported()
    product = torch.ops.quantized.linear_dynamic
    return lambda state: product(state, packed, seven_bits)
