"""Sentences as vectors: all-MiniLM-L6-v2, run so that a text always gives the same vector.

The same turn must read the same alone, in a call and in a batch, to the last digit. Matrix
products round differently for different shapes, so every text is run by itself, at its own length,
without padding; on few cores that is as fast as blocks, and a single turn is answered sooner.
Texts seen lately are remembered. torch is imported on first use only.
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
MAX_TOKENS = 256
"""How much of a text is read; a longer turn is cut."""
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
        """Encode texts not seen lately into ``found``, one by one."""
        if not texts:
            return
        import torch

        rows = self._tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        with torch.inference_mode():
            for text, tokens in zip(texts, rows, strict=True):
                ids = torch.tensor([tokens])
                hidden = self._model(input_ids=ids).last_hidden_state
                unit = torch.nn.functional.normalize(hidden.mean(dim=1), dim=1)
                found[text] = unit[0].numpy().copy()
