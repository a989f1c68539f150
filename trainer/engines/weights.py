"""Which weights a voice is made of, and those weights as a transformers model."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.engines.catalog import DATA_SUFFIXES, AdapterSource, Catalog, ModelCard, Progress
from trainer.errors import ModelUnavailable

_ANSWER_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Source:
    """Where a voice's weights lie."""

    name: str
    """The card's id, or the model's name as given."""
    where: str
    """A folder, a ``.gguf`` file, or the id of a Hugging Face model."""
    card: ModelCard | None = None
    adapter: Path | None = None
    """The folder of the adapter that tunes them."""
    sums: tuple[str, ...] = ()
    """The sha256 of every file, as the cards have them; empty for what has no card."""

    @property
    def gguf(self) -> Path | None:
        """The file, where it is one to be converted."""
        return Path(self.where) if self.where.endswith(".gguf") else None

    def mark(self) -> str:
        """Twelve letters that change with the weights. Raises ``ModelUnavailable``."""
        try:
            about = "\n".join(self.sums or _seen(self.where))
        except OSError as error:
            raise ModelUnavailable(f"{self.where} can't be read ({error.strerror})") from error
        return hashlib.sha256(about.encode()).hexdigest()[:12]


def find(model: str | None) -> Source:
    """What ``--model`` means: None for the default card, or a card's id, a folder, a ``.gguf``
    file, or the id of a Hugging Face chat model.

    Raises ``ModelUnavailable`` (exit 3) with what is missing and how to get it, and
    ``UnreadableInput`` (exit 2) for a name that can't be one.
    """
    catalog = Catalog.load()
    card = catalog.named(model)
    if isinstance(card, str):
        _reach(card)
        return Source(card, card)
    if isinstance(card, Path):
        return Source(card.name, str(card))
    if card.use != "voice":
        raise ModelUnavailable(
            f"{card.id} is an encoder and can't speak; `trainer models list` names the voices"
        )
    folder = catalog.require(card.id)
    parts = catalog.parts(card.id)
    tuned = folder if isinstance(card.source, AdapterSource) else None
    base = catalog.where(parts[0].id)
    gguf = [base / file.name for file in parts[0].files if file.name.endswith(".gguf")]
    sums = tuple(file.sha256 for part in parts for file in part.files)
    return Source(card.id, str(gguf[0] if gguf else base), card, tuned, sums)


def load(source: Source, progress: Progress | None = None) -> tuple[Any, Any]:
    """The weights as a transformers model, in the precision they come in (float32 with an adapter
    merged in), and the tokenizer. Only safetensors and GGUF; never a model's own code.

    Raises ``ModelUnavailable``.
    """
    from trainer.engines.conversion import converted

    gguf = source.gguf
    where = str(converted(gguf, progress)) if gguf else source.where
    if progress:
        progress(f"loading {source.name}", 0, None)
    try:
        return _load(where, source)
    except ModelUnavailable:
        if gguf is None:
            raise
        # What broke is only our copy; the file it was made from is there.
        return _load(str(converted(gguf, progress, anew=True)), source)


def _load(where: str, source: Source) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from transformers.utils import logging as transformers_logging

    transformers_logging.disable_progress_bar()
    dtype = "auto" if source.adapter is None else torch.float32
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            where, dtype=dtype, use_safetensors=True, trust_remote_code=False
        ).eval()
    except Exception as error:  # what can go wrong here is open-ended: network, disk, old formats
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelUnavailable(
            f"{source.name} can't be loaded: {reason} (a model here is a folder, a .gguf file or a "
            "Hugging Face id, with safetensors or GGUF weights)"
        ) from error
    if source.adapter is not None:
        from trainer.engines.adapter import merge

        merge(model, source.adapter)
    return model, tokenizer


def _seen(where: str) -> list[str]:
    """What tells one state of a model on disk from another, without reading it all."""
    path = Path(where)
    if not path.exists():  # of the Hugging Face cache: its folder is named for the commit
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(where, "config.json")
        return [where, Path(found).parent.name if isinstance(found, str) else "not here yet"]
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    seen = [(file.name, file.stat()) for file in files if file.suffix in DATA_SUFFIXES]
    return [str(path.resolve()), *(f"{name}:{of.st_size}:{of.st_mtime_ns}" for name, of in seen)]


def _reach(hub_id: str) -> None:
    """Ask once whether a model can be had, where no part of it is here yet: loading would try
    again for a minute, and say so each time."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url, try_to_load_from_cache

    if isinstance(try_to_load_from_cache(hub_id, "config.json"), str):
        return
    try:
        get_hf_file_metadata(hf_hub_url(hub_id, "config.json"), timeout=_ANSWER_SECONDS)
    except Exception as error:  # its own errors, and those of whatever HTTP library it uses
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelUnavailable(
            f"{hub_id} is not on this machine, and Hugging Face does not give it ({reason}); "
            "check the name and the network, or name a folder or a .gguf file"
        ) from error
