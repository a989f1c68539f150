"""Sentences as vectors, for likeness: all-MiniLM-L6-v2 as it was published, run by ``bert``.

Each text by itself, so that it always gives the same vector. Texts seen lately are remembered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.errors import ModelUnavailable
from trainer.listening.bert import WIDTH, Bert, Tensors, quantized, read_tensors

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENCODER_ID = "minilm-l6-v2"
"""The encoder's id in the catalogue of models."""
DIMENSIONS = WIDTH
MAX_TOKENS = 256
"""How much of a text is read; a longer turn is cut."""
_KEPT = 4096
_MENDING = f"fetch it again with: trainer models pull {ENCODER_ID}"

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is done, and how much there is (None: unknown)."""


class Encoder:
    """Texts to unit vectors of ``DIMENSIONS`` numbers, remembered for texts seen lately."""

    def __init__(self, tokenizer: Any, words: Tensors) -> None:
        """``words``: the tensors of the model's own file."""
        self.tokenizer = tokenizer
        self.words = words
        self._bert = Bert(words, quantized(words))
        self._seen: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    @classmethod
    def load(cls, folder: Path, progress: Progress | None = None) -> Encoder:
        """Load from a folder that holds the model's own files.

        Raises ``ModelUnavailable`` naming the file that is missing or damaged.
        """
        if progress:
            progress("loading the encoder", 0, None)
        words = read_tensors(folder / "model.safetensors", _MENDING)
        try:
            return cls(read_tokenizer(folder), words)
        except (KeyError, ValueError, RuntimeError) as error:
            path = folder / "model.safetensors"
            raise ModelUnavailable(f"{path} is not {ENCODER_ID} ({error}); {_MENDING}") from error

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a text, in order, shape (texts, ``DIMENSIONS``); zeros for no text."""
        wanted = list(dict.fromkeys(text for text in texts if text))
        found = {text: self._seen[text] for text in wanted if text in self._seen}
        self._run([text for text in wanted if text not in found], found)
        for text in wanted:
            self._seen[text] = found[text]
            self._seen.move_to_end(text)
        while len(self._seen) > _KEPT:
            self._seen.popitem(last=False)
        rows = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for index, text in enumerate(texts):
            if text:
                rows[index] = found[text]
        return rows

    def _run(self, texts: list[str], found: dict[str, NDArray[np.float32]]) -> None:
        """Encode texts not seen lately into ``found``, one by one."""
        for text in texts:
            tokens = self.tokenizer.encode(text).ids
            cut = [*tokens[: MAX_TOKENS - 1], tokens[-1]] if len(tokens) > MAX_TOKENS else tokens
            mean = self._bert.hidden(cut).numpy().mean(axis=0)
            found[text] = mean / max(float(np.linalg.norm(mean)), 1e-12)


def read_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model's folder, neither padding nor cutting.

    Raises ``ModelUnavailable`` naming the file that is missing or damaged.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelUnavailable(f"{path} is missing; {_MENDING}")
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises plain Exception
        raise ModelUnavailable(f"{path} is damaged ({error}); {_MENDING}") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
