"""A Llama-like model written as a graph for ONNX Runtime, its weights rounded to 8 bits.

Why not run the model as it comes: torch calls some 400 operations a token one by one, and a small
model waits for the calls. The graph has nine operations a layer, each a whole step of the model.

Weights: every 64 inputs of a row share a scale, and are whole multiples of it from -127 to 127.
Activations are rounded the same way as they come. Embeddings are float16, everything else float32.

What rounding costs, measured with SmolLM2-135M-Instruct on prompts as the voice makes them, against
the weights in float32: mean divergence of the next token's probabilities (nats, 640 tokens).

======================================= ====== ============================================
inputs not evened out                   .0042
the same, layers ``down`` in float32    .0037  the largest inputs there are
as it is: evened out (``evening.py``)   .0017
the same, 32 inputs a scale             .0011  16 % slower a token
the same, activations in float32        .0005  twenty times slower: no kernel for it
======================================= ====== ============================================

Of 200 greedy answers of up to 40 tokens by the voice that ships, 179 are those of the weights to
the last token, and of their tokens 99.4 % (``python -m trainer.evaluation rounding``); where one
parts, the weights prefer another word by 1 % in the median. An adapter before, less sure of its
words: 131 with 32 inputs a scale, 81 where inputs are not evened out, 105 by llama.cpp with the
4-bit file that these weights come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from trainer.engines import evening
from trainer.engines.evening import Layer, Linear
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


def write(
    model: Any,
    folder: Path,
    *,
    sample: Sequence[int],
    positions: int,
    tell: Callable[[int, int], None],
) -> None:
    """Write a transformers causal language model as ``model.onnx`` and ``weights.bin``.

    Reads ids (batch, new), the number of tokens held after them less one (batch) and as such, and
    for each layer room for keys and values (batch, heads, room, size); writes into that room, and
    gives logits (batch, 1, vocabulary) after the last id. ``sample``: ordinary text, as tokens, by
    which the inputs of layers are evened out. ``positions``: the longest text, in tokens. ``tell``
    is told how many layers are done, of how many.
    """
    count = len(model.model.layers)
    reached = evening.reach(model, sample)
    with (folder / WEIGHTS).open("wb") as file:
        draft = _Draft(file, model.config)
        _rotation(draft, model.model.rotary_emb, positions)
        draft.constant("embeddings", evening.embeddings(model).astype(np.float16))
        draft.add("Gather", ["embeddings", "ids"], ["looked_up"])
        draft.add("Cast", ["looked_up"], ["start"], to=TensorProto.FLOAT)
        before = ["start"]
        for number in range(count):
            tell(number, count)
            before = _layer(draft, f"{number}.", evening.layer(model, number, reached), before)
        norm, logits = evening.head(model, reached)
        _, normed = draft.normed(before, norm, "end")
        for name, place in (("last", -1), ("past", np.iinfo(np.int64).max), ("along", 1)):
            draft.constant(name, np.array([place], np.int64))
        draft.add("Slice", [normed, "last", "past", "along"], ["kept"])
        draft.product("kept", logits, "logits")
        onnx.save(draft.model(count), folder / GRAPH)
    tell(count, count)


def _layer(draft: _Draft, at: str, layer: Layer, before: Sequence[str]) -> list[str]:
    """One layer on the sum of what came ``before``; the names of what sums up to what it gives."""
    x, normed = draft.normed(before, layer.norm, f"{at}in")
    asked = [draft.product(normed, layer.asked, f"{at}asked"), "", ""]
    if layer.head_norms:
        asked = _normed_heads(draft, at, asked[0], layer.head_norms)
    held = [f"{at}keys", f"{at}values"]
    draft.add(
        "GroupQueryAttention",
        [*asked, *held, "upto", "total", "cosines", "sines"],
        [f"{at}seen", *(f"{name}_after" for name in held)],
        num_heads=draft.heads, kv_num_heads=draft.shared, do_rotary=1,
    )  # fmt: skip
    seen = draft.product(f"{at}seen", layer.seen, f"{at}o")
    x, normed = draft.normed([x, seen], layer.norm_mlp, f"{at}mlp")
    gate = draft.product(normed, layer.gate, f"{at}gate")
    draft.add("Sigmoid", [gate], [f"{at}sigmoid"])
    draft.add("Mul", [gate, f"{at}sigmoid"], [f"{at}silu"])
    draft.add("Mul", [f"{at}silu", draft.product(normed, layer.up, f"{at}up")], [f"{at}h"])
    return [x, draft.product(f"{at}h", layer.down, f"{at}down")]


def _normed_heads(
    draft: _Draft, at: str, asked: str, norms: tuple[NDArray[np.float32], NDArray[np.float32]]
) -> list[str]:
    """Queries, keys and values apart, the first two normed head by head."""
    size, heads = draft.size, np.array([draft.heads, draft.shared, draft.shared], np.int64)
    widths = draft.constant(f"{at}widths", heads * size)
    queries, keys, values = apart = [f"{at}q", f"{at}k", f"{at}v"]
    draft.add("Split", [asked, widths], apart, axis=-1)
    by_head = draft.constant(f"{at}by_head", np.array([0, 0, -1, size], np.int64))
    whole = draft.constant(f"{at}whole", np.array([0, 0, -1], np.int64))
    for name, norm in zip((queries, keys), norms, strict=True):
        draft.add("Reshape", [name, by_head], [f"{name}_heads"])
        draft.normed([f"{name}_heads"], norm, f"{name}_even")
        draft.add("Reshape", [f"{name}_even.normed", whole], [f"{name}_normed"])
    return [f"{queries}_normed", f"{keys}_normed", values]


def _rotation(draft: _Draft, rotary: Any, positions: int) -> None:
    """The turn of each pair of a head's numbers, for every position."""
    angles = np.arange(positions)[:, None] * rotary.inv_freq.double().numpy()
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

    def normed(
        self, parts: Sequence[str], weight: NDArray[np.float32], name: str
    ) -> tuple[str, str]:
        """Sum up ``parts``, one or two, and norm the sum; the names of the sum and of the norm."""
        given = [*parts, self.constant(f"{name}.norm", weight)]
        if len(parts) == 1:
            self.add(
                "SimplifiedLayerNormalization", given, [f"{name}.normed"], epsilon=self.epsilon
            )
            return parts[0], f"{name}.normed"
        found = [f"{name}.normed", "", "", f"{name}.sum"]
        self.add("SkipSimplifiedLayerNormalization", given, found, epsilon=self.epsilon)
        return f"{name}.sum", f"{name}.normed"

    def product(self, x: str, linear: Linear, name: str) -> str:
        """Multiply ``x`` by a linear layer, rounded; the name of what it gives."""
        bytes_, scales = rounded(linear.weight)
        inputs = [x, self.constant(f"{name}.w", bytes_), self.constant(f"{name}.s", scales)]
        plain = name if linear.bias is None else f"{name}.plain"
        outputs, width = linear.weight.shape
        self.add(
            "MatMulNBits", inputs, [plain],
            N=outputs, K=width, bits=_BITS, block_size=BLOCK, accuracy_level=_INT8,
        )  # fmt: skip
        if linear.bias is not None:
            self.add("Add", [plain, self.constant(f"{name}.b", linear.bias)], [name])
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
