"""A Llama-like model written as a graph for ONNX Runtime, its weights rounded to 8 bits.

Why not run the model as it comes: torch calls some 400 operations a token one by one, and a small
model waits for the calls. The graph has nine operations a layer, each a whole step of the model.

Weights: every 64 inputs of a row share a scale, and are whole multiples of it from -127 to 127.
Activations are rounded the same way as they come. Embeddings are float16, everything else float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from trainer.engines.onnx_backend import GRAPH, WEIGHTS

FAMILIES = frozenset({"llama", "mistral", "qwen2", "qwen3"})
"""Model types that are laid out as ``write`` writes them."""

BLOCK = 64
"""Weights that share a scale."""

_BITS = 8
_INT8 = 4  # MatMulNBits' accuracy_level: activations rounded to 8 bits, sums whole numbers
_FIXED_ROTATIONS = frozenset({"default", "linear", "llama3", "yarn"})
_ALIGNED = 64  # bytes
_OPSET, _IR = 18, 10


def obstacle(config: Any) -> str | None:
    """Why a model with this configuration can't be written as a graph; None where it can."""
    if config.model_type not in FAMILIES:
        return f"{config.model_type} models have no graph here"
    if config.hidden_act != "silu":
        return f"its layers use {config.hidden_act}"
    if any(kind != "full_attention" for kind in getattr(config, "layer_types", None) or ()):
        return "not all its layers look at the whole text"
    if config.model_type == "mistral" and config.sliding_window:
        return "its layers don't look at the whole text"
    rotation = (getattr(config, "rope_parameters", None) or {}).get("rope_type", "default")
    if rotation not in _FIXED_ROTATIONS:
        return f"its positions ({rotation}) depend on how long the text is"
    return None


def write(model: Any, folder: Path, *, positions: int, tell: Callable[[int, int], None]) -> None:
    """Write a transformers causal language model as ``model.onnx`` and ``weights.bin``.

    Reads ids (batch, new), the number of tokens held after them less one (batch) and as such, and
    for each layer room for keys and values (batch, heads, room, size); writes into that room, and
    gives logits (batch, 1, vocabulary) after the last id. ``positions``: the longest text, in
    tokens. ``tell`` is told how many layers are done, of how many.
    """
    config, layers = model.config, model.model.layers
    with (folder / WEIGHTS).open("wb") as file:
        draft = _Draft(file, config)
        _rotation(draft, model.model.rotary_emb, positions)
        draft.constant("embeddings", _array(model.model.embed_tokens.weight).astype(np.float16))
        draft.add("Gather", ["embeddings", "ids"], ["looked_up"])
        draft.add("Cast", ["looked_up"], ["x"], to=TensorProto.FLOAT)
        first = draft.constant("norm", _array(layers[0].input_layernorm.weight))
        draft.add("SimplifiedLayerNormalization", ["x", first], ["normed"], epsilon=draft.epsilon)
        x, normed = "x", "normed"
        for number, layer in enumerate(layers):
            tell(number, len(layers))
            following = layers[number + 1].input_layernorm if number + 1 < len(layers) else None
            after = model.model.norm if following is None else following
            x, normed = _layer(draft, f"{number}.", layer, (x, normed), after)
        draft.constant("last", np.array([-1], np.int64))
        draft.constant("end", np.array([np.iinfo(np.int64).max], np.int64))
        draft.constant("along", np.array([1], np.int64))
        draft.add("Slice", [normed, "last", "end", "along"], ["kept"])
        draft.product("kept", [model.get_output_embeddings()], "logits")
        onnx.save(draft.model(len(layers)), folder / GRAPH)
    tell(len(layers), len(layers))


def _layer(
    draft: _Draft, at: str, layer: Any, before: tuple[str, str], after: Any
) -> tuple[str, str]:
    """One layer; the names of what it gives, plain and normed for the layer ``after``."""
    x, normed = before
    attention, epsilon = layer.self_attn, draft.epsilon
    parts = [attention.q_proj, attention.k_proj, attention.v_proj]
    asked = [draft.product(normed, parts, f"{at}qkv"), "", ""]
    if hasattr(attention, "q_norm"):
        asked = _normed_heads(draft, at, asked[0], attention)
    held = [f"{at}keys", f"{at}values"]
    draft.add(
        "GroupQueryAttention",
        [*asked, *held, "upto", "total", "cosines", "sines"],
        [f"{at}seen", *(f"{name}_after" for name in held)],
        num_heads=draft.heads, kv_num_heads=draft.shared, do_rotary=1,
        scale=float(attention.scaling),
    )  # fmt: skip
    draft.product(f"{at}seen", [attention.o_proj], f"{at}o")
    middle = draft.constant(f"{at}norm_mlp", _array(layer.post_attention_layernorm.weight))
    draft.add(
        "SkipSimplifiedLayerNormalization", [x, f"{at}o", middle],
        [f"{at}b", "", "", f"{at}y"], epsilon=epsilon,
    )  # fmt: skip
    gate = draft.product(f"{at}b", [layer.mlp.gate_proj], f"{at}gate")
    up = draft.product(f"{at}b", [layer.mlp.up_proj], f"{at}up")
    draft.add("Sigmoid", [gate], [f"{at}sigmoid"])
    draft.add("Mul", [gate, f"{at}sigmoid"], [f"{at}silu"])
    draft.add("Mul", [f"{at}silu", up], [f"{at}h"])
    draft.product(f"{at}h", [layer.mlp.down_proj], f"{at}down")
    last = draft.constant(f"{at}norm_out", _array(after.weight))
    draft.add(
        "SkipSimplifiedLayerNormalization", [f"{at}y", f"{at}down", last],
        [f"{at}normed", "", "", f"{at}out"], epsilon=epsilon,
    )  # fmt: skip
    return f"{at}out", f"{at}normed"


def _normed_heads(draft: _Draft, at: str, qkv: str, attention: Any) -> list[str]:
    """Queries, keys and values apart, the first two normed head by head (Qwen3)."""
    size, heads = draft.size, np.array([draft.heads, draft.shared, draft.shared], np.int64)
    widths = draft.constant(f"{at}widths", heads * size)
    apart = [f"{at}q", f"{at}k", f"{at}v"]
    draft.add("Split", [qkv, widths], apart, axis=-1)
    by_head = draft.constant(f"{at}by_head", np.array([0, 0, -1, size], np.int64))
    whole = draft.constant(f"{at}whole", np.array([0, 0, -1], np.int64))
    for name, norm in ((apart[0], attention.q_norm), (apart[1], attention.k_norm)):
        weight = draft.constant(f"{name}_norm", _array(norm.weight))
        draft.add("Reshape", [name, by_head], [f"{name}_heads"])
        draft.add(
            "SimplifiedLayerNormalization", [f"{name}_heads", weight], [f"{name}_even"],
            epsilon=draft.epsilon,
        )  # fmt: skip
        draft.add("Reshape", [f"{name}_even", whole], [f"{name}_normed"])
    return [f"{apart[0]}_normed", f"{apart[1]}_normed", apart[2]]


def _rotation(draft: _Draft, rotary: Any, positions: int) -> None:
    """The turn of each pair of a head's numbers, for every position."""
    angles = np.arange(positions)[:, None] * _array(rotary.inv_freq).astype(np.float64)
    for name, turn in (("cosines", np.cos), ("sines", np.sin)):
        draft.constant(name, (turn(angles) * rotary.attention_scaling).astype(np.float32))


def rounded(weight: NDArray[np.float32]) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A weight (outputs, inputs) as bytes (outputs, blocks, BLOCK), 128 for zero, and the scale of
    each block (outputs, blocks)."""
    outputs, inputs = weight.shape
    padded = np.pad(weight, ((0, 0), (0, -inputs % BLOCK))).reshape(outputs, -1, BLOCK)
    scales = np.maximum(np.abs(padded).max(-1) / 127, np.float32(1e-12))
    steps = np.rint(padded / scales[..., None]) + 128
    return steps.astype(np.uint8), scales


class _Draft:
    """A graph as it grows: its steps here, its weights in a file beside it."""

    def __init__(self, weights: BinaryIO, config: Any) -> None:
        self.heads = int(config.num_attention_heads)
        self.shared = int(config.num_key_value_heads)
        self.size = head_size(config)
        self.epsilon = float(config.rms_norm_eps)
        self._vocabulary = int(config.vocab_size)
        self._weights = weights
        self._steps: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def constant(self, name: str, array: NDArray[Any]) -> str:
        """Put an array beside the graph; its name. Shapes and places stand in the graph itself,
        where ONNX Runtime must read them to understand it."""
        if array.dtype == np.int64:
            self._constants.append(numpy_helper.from_array(array, name))
            return name
        self._weights.write(b"\0" * (-self._weights.tell() % _ALIGNED))
        where = {"location": WEIGHTS, "offset": self._weights.tell(), "length": array.nbytes}
        self._weights.write(np.ascontiguousarray(array).tobytes())
        tensor = TensorProto(
            name=name,
            data_type=helper.np_dtype_to_tensor_dtype(array.dtype),
            dims=array.shape,
            data_location=TensorProto.EXTERNAL,
        )
        for key, value in where.items():
            tensor.external_data.add(key=key, value=str(value))
        self._constants.append(tensor)
        return name

    def add(self, kind: str, inputs: Sequence[str], outputs: Sequence[str], **how: Any) -> None:
        """Add a step."""
        domain = "com.microsoft" if kind in _MICROSOFT else ""
        self._steps.append(helper.make_node(kind, inputs, outputs, domain=domain, **how))

    def product(self, x: str, linears: Sequence[Any], name: str) -> str:
        """Linear layers side by side as one step; the name of what it gives."""
        weight = np.concatenate([_array(one.weight) for one in linears])
        bytes_, scales = rounded(weight)
        inputs = [x, self.constant(f"{name}.w", bytes_), self.constant(f"{name}.s", scales)]
        result = name
        if any(one.bias is not None for one in linears):
            result = f"{name}.plain"
        self.add(
            "MatMulNBits", inputs, [result],
            N=weight.shape[0], K=weight.shape[1],
            bits=_BITS, block_size=BLOCK, accuracy_level=_INT8,
        )  # fmt: skip
        if result != name:
            biases = [
                np.zeros(len(one.weight), np.float32) if one.bias is None else _array(one.bias)
                for one in linears
            ]
            self.add("Add", [result, self.constant(f"{name}.b", np.concatenate(biases))], [name])
        return name

    def model(self, layers: int) -> onnx.ModelProto:
        """The whole, ready to be saved."""
        value = helper.make_tensor_value_info
        rooms = [f"{number}.{one}" for number in range(layers) for one in ("keys", "values")]
        room: list[str | int | None] = ["batch", self.shared, "room", self.size]
        inputs = [
            value("ids", TensorProto.INT64, ["batch", "new"]),
            value("upto", TensorProto.INT32, ["batch"]),
            value("total", TensorProto.INT32, []),
            *(value(name, TensorProto.FLOAT, room) for name in rooms),
        ]
        outputs = [
            value("logits", TensorProto.FLOAT, ["batch", 1, self._vocabulary]),
            *(value(f"{name}_after", TensorProto.FLOAT, room) for name in rooms),
        ]
        graph = helper.make_graph(self._steps, "voice", inputs, outputs, self._constants)
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("com.microsoft", 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=_IR)


_MICROSOFT = frozenset({"MatMulNBits", "GroupQueryAttention", "SkipSimplifiedLayerNormalization"})


def head_size(config: Any) -> int:
    """Numbers in one head's key."""
    named = getattr(config, "head_dim", None)
    return int(named or config.hidden_size // config.num_attention_heads)


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    found: NDArray[np.float32] = tensor.detach().float().numpy()
    return found
