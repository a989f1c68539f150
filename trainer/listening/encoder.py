"""Sentences as vectors: all-MiniLM-L6-v2, run so that a text always gives the same vector.

The same turn must read the same alone, in a call and in a batch, to the last digit. Matrix
products round differently for different shapes, so every text is run in a block of a fixed shape
(``ROWS`` texts, padded to a length that depends on that text alone); empty rows fill a block that
is not full. torch is imported on first use only.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.errors import ModelUnavailable

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENCODER_ID = "minilm-l6-v2"
"""The encoder's id in the catalogue of models."""
DIMENSIONS = 384
ROWS = 4
"""Texts in one block: the sum of speed alone (few) and in bulk (many)."""
LENGTHS = (16, 24, 32, 48, 64, 96, 128, 256)
"""The lengths in tokens that a text is padded to; the rest of a longer one is not read."""
_KEPT = 4096
_MENDING = f"fetch it again with: trainer models pull {ENCODER_ID}"
_FILES = ("config.json", "model.safetensors", "tokenizer.json")

Progress = Callable[[str, int, int | None], None]
"""Told what is being done, how much of it is done, and how much there is (None: unknown)."""


class Encoder:
    """Texts to unit vectors of ``DIMENSIONS`` numbers, remembered for texts seen lately."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self._tokenizer = tokenizer
        self._model = model
        self._seen: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    @classmethod
    def load(cls, folder: Path, progress: Progress | None = None) -> Encoder:
        """Load from a folder that holds the model's own files.

        Raises ``ModelUnavailable`` naming the file that is missing or damaged.
        """
        for name in _FILES:
            if not (folder / name).is_file():
                raise ModelUnavailable(f"{folder / name} is missing; {_MENDING}")
        if progress:
            progress("loading the encoder", 0, None)
        from transformers import AutoModel, AutoTokenizer
        from transformers.utils import logging

        bars = logging.is_progress_bar_enabled()
        logging.disable_progress_bar()
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, dtype="float32"
            )
        except Exception as error:  # transformers, tokenizers and safetensors raise many kinds
            raise ModelUnavailable(
                f"the encoder in {folder} is damaged ({type(error).__name__}: {error}); {_MENDING}"
            ) from error
        finally:
            if bars:
                logging.enable_progress_bar()
        if model.config.hidden_size != DIMENSIONS:
            raise ModelUnavailable(
                f"{folder / 'config.json'} gives vectors of {model.config.hidden_size} numbers, "
                f"the listener needs {DIMENSIONS}; {_MENDING}"
            )
        model.eval()
        return cls(tokenizer, model)

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
        """Encode texts not seen lately into ``found``, block by block."""
        if not texts:
            return
        ids = self._tokenizer(texts, truncation=True, max_length=LENGTHS[-1])["input_ids"]
        by_length: dict[int, list[int]] = {}
        for index, tokens in enumerate(ids):
            fitting = next(length for length in LENGTHS if len(tokens) <= length)
            by_length.setdefault(fitting, []).append(index)
        for length, indices in sorted(by_length.items()):
            for start in range(0, len(indices), ROWS):
                block = indices[start : start + ROWS]
                vectors = self._block([ids[index] for index in block], length)
                for index, vector in zip(block, vectors, strict=True):
                    found[texts[index]] = vector

    def _block(self, rows: list[list[int]], length: int) -> list[NDArray[np.float32]]:
        """One forward pass of exactly ``ROWS`` by ``length`` tokens."""
        import torch

        pad = self._tokenizer.pad_token_id
        ids = torch.full((ROWS, length), pad, dtype=torch.long)
        mask = torch.zeros((ROWS, length), dtype=torch.long)
        mask[len(rows) :, 0] = 1  # an empty row still needs one token to look at
        for index, tokens in enumerate(rows):
            ids[index, : len(tokens)] = torch.tensor(tokens)
            mask[index, : len(tokens)] = 1
        with torch.inference_mode():
            hidden = self._model(input_ids=ids, attention_mask=mask).last_hidden_state
            weight = mask.unsqueeze(-1).to(hidden.dtype)
            mean = (hidden * weight).sum(dim=1) / weight.sum(dim=1)
            unit = torch.nn.functional.normalize(mean, dim=1)
        return [vector.copy() for vector in unit[: len(rows)].numpy()]
