"""GGUF files turned into safetensors once, so that every later load takes a second."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from trainer import locations
from trainer.engines.catalog import Progress
from trainer.errors import ModelUnavailable

FORMAT = 1
"""Raised when what a conversion holds changes, so that older ones are made anew."""


def converted(gguf: Path, progress: Progress | None = None, *, anew: bool = False) -> Path:
    """The folder with this file's weights, tokenizer and chat template, converted if need be.

    ``anew``: an earlier conversion is of no use; throw it away.

    Raises ``ModelUnavailable`` when the file can't be read as a model or the cache not written.
    """
    home = locations.cache() / "converted"
    try:
        seen = gguf.stat()
        mark = f"{FORMAT}:{gguf.resolve()}:{seen.st_size}:{seen.st_mtime_ns}"
        folder = home / f"{gguf.stem}-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
        if anew:
            shutil.rmtree(folder, ignore_errors=True)
        if (folder / "config.json").is_file():
            return folder
        if progress:
            progress(f"converting {gguf.name}, once", 0, None)
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home, prefix=f".{gguf.stem}-") as scratch:
            _convert(gguf, Path(scratch) / "model")
            _put_in_place(Path(scratch) / "model", folder)
    except OSError as error:
        raise ModelUnavailable(
            f"{gguf} can't be converted into {home}: {error.strerror or error}; the cache needs "
            "room for about three times the file (TRAINER_HOME moves it)"
        ) from error
    return folder


def _convert(gguf: Path, folder: Path) -> None:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    where = {"pretrained_model_name_or_path": str(gguf.parent), "gguf_file": gguf.name}
    extra = {}
    if hasattr(transformers, "GgufConfig"):  # otherwise weights stay packed and can't be saved
        extra["quantization_config"] = transformers.GgufConfig(dequantize=True)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(**where)
        model = transformers.AutoModelForCausalLM.from_pretrained(
            **where, dtype=torch.bfloat16, **extra
        )
    except OSError:
        raise
    except Exception as error:  # the readers raise whatever a broken file makes them trip over
        raise ModelUnavailable(
            f"{gguf} can't be read as a language model in GGUF form ({error}); if it was placed "
            "by hand, fetch it again; for a bundled card, run `trainer models verify`"
        ) from error
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _put_in_place(made: Path, folder: Path) -> None:
    try:
        os.replace(made, folder)
    except OSError:
        if not (folder / "config.json").is_file():  # else another process was faster
            raise
        shutil.rmtree(made, ignore_errors=True)
