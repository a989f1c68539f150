"""A graph as ``graph.py`` writes them, run by ONNX Runtime on the processor.

Keys and values are written into room made ahead, read and written in place: a token costs no
copy, and going back to an earlier point of the text costs nothing at all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from trainer.engines.backend import Backend, Logits

GRAPH = "model.onnx"
WEIGHTS = "weights.bin"
ROOM = 1024
"""Tokens there is room for at first; more is made as a text grows."""

_SHAPE = "shape.json"
_QUIET = 3  # errors are raised; warnings would land in the middle of a screen


@dataclass(frozen=True, slots=True)
class Shape:
    """The measures of a graph, kept beside it."""

    parameters: int
    layers: int
    heads: int
    """Heads of keys and values."""
    head_size: int
    vocabulary: int
    context: int
    """Tokens."""
    ends: tuple[int, ...]
    """Tokens that end an answer."""
    own_tokenizer: bool
    """Whether ``FolderTokenizer`` reads the tokenizer beside it as transformers does."""

    def write(self, folder: Path) -> None:
        """Keep it beside the graph, last of all: with it go the sizes of all files there."""
        sizes = {file.name: file.stat().st_size for file in folder.iterdir()}
        (folder / _SHAPE).write_text(json.dumps({**asdict(self), "files": sizes}), "utf-8")

    @classmethod
    def read(cls, folder: Path) -> Shape:
        """The measures of the graph in ``folder``. Raises ``OSError`` or ``ValueError``, also where
        a file is not as long as it was when it was written."""
        raw = json.loads((folder / _SHAPE).read_text("utf-8"))
        try:
            for name, size in raw.pop("files").items():
                if (folder / name).stat().st_size != size:
                    raise ValueError(f"{folder / name} is not the {size:,} bytes it was")
            return cls(**{**raw, "ends": tuple(raw["ends"])})
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"{folder / _SHAPE} holds no measures ({error})") from error


class OnnxBackend(Backend):
    """A graph and the text it holds."""

    kind = "onnxruntime"

    def __init__(self, folder: Path, *, threads: int) -> None:
        """Open the graph in ``folder``; raises what ONNX Runtime does where it is no good."""
        self.shape = Shape.read(folder)
        super().__init__(self.shape.context)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _QUIET
        # Threads that wait for work by turning in circles take it from whatever else runs.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(
            str(folder / GRAPH), options, providers=["CPUExecutionProvider"]
        )
        self._text = _Texts(self._session, self.shape, 1, ROOM)

    def forget(self) -> None:
        """Start over."""
        self.tokens = []

    def copies(self, n: int) -> _Apart:
        """``n`` rows that all hold what this holds; this one stays."""
        return _Apart(self._text.copies(n, len(self.tokens)), len(self.tokens))

    def _pass(self, tokens: Sequence[int]) -> Logits:
        after: Logits = self._text.take_in(np.array([tokens], np.int64), len(self.tokens))[0]
        return after

    def _crop(self, held: int) -> None:
        del self.tokens[held:]


class _Apart:
    """Rows that go on from one text, each its own way."""

    def __init__(self, texts: _Texts, held: int) -> None:
        self._texts = texts
        self._held = held

    def step(self, tokens: Sequence[int]) -> Logits:
        logits = self._texts.take_in(np.array(tokens, np.int64)[:, None], self._held)
        self._held += 1
        return logits


class _Texts:
    """Room for the keys and values of some texts of the same length."""

    def __init__(
        self, session: onnxruntime.InferenceSession, shape: Shape, rows: int, room: int
    ) -> None:
        self._session = session
        self._shape = shape
        self._rows = rows
        self._logits = np.zeros((rows, 1, shape.vocabulary), np.float32)
        names = [f"{layer}.{one}" for layer in range(shape.layers) for one in ("keys", "values")]
        self._held: dict[str, NDArray[np.float32]] = dict.fromkeys(names, np.empty(0, np.float32))
        self._make_room(room, 0)

    def take_in(self, ids: NDArray[np.int64], held: int) -> Logits:
        """Logits (rows, vocabulary) after ``ids`` (rows, new), which follow ``held`` tokens."""
        upto = held + ids.shape[1]
        if upto > self._room:
            self._make_room(max(upto, 2 * self._room), held)
        counted = np.full(self._rows, upto - 1, np.int32)
        for name, given in (("ids", ids), ("upto", counted), ("total", np.array(upto, np.int32))):
            self._binding.bind_cpu_input(name, given)
        self._session.run_with_iobinding(self._binding)
        return self._logits[:, 0].copy()

    def copies(self, n: int, held: int) -> _Texts:
        """``n`` times the first ``held`` tokens of this, which has one row."""
        texts = _Texts(self._session, self._shape, n, self._room)
        for name, room in texts._held.items():
            room[:, :, :held] = self._held[name][:, :, :held]
        return texts

    def _make_room(self, room: int, held: int) -> None:
        """Room for so many tokens, the first ``held`` kept."""
        self._room = min(room, self._shape.context)
        self._binding = self._session.io_binding()
        value = onnxruntime.OrtValue.ortvalue_from_numpy  # shares the array's memory
        self._binding.bind_ortvalue_output("logits", value(self._logits))
        size = (self._rows, self._shape.heads, self._room, self._shape.head_size)
        for name, old in self._held.items():
            new = np.zeros(size, np.float32)
            if held:
                new[:, :, :held] = old[:, :, :held]
            self._held[name] = new
            self._binding.bind_ortvalue_input(name, value(new))
            self._binding.bind_ortvalue_output(f"{name}_after", value(new))
