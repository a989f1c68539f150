"""A voice made ready to speak fast, once: its graph built, tried, and kept in the cache.

A graph is used only where it gives what the weights give, tried on a text when it is built. What
can't be built, or fails the trial, is remembered with the reason, and torch runs that model.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from trainer import locations
from trainer.engines import weights
from trainer.engines.backend import Backend, Logits
from trainer.engines.catalog import Progress
from trainer.engines.onnx_backend import OnnxBackend, Shape
from trainer.engines.tokenizer import FolderTokenizer, reads
from trainer.engines.weights import Source

FORMAT = 3
"""Raised when what a prepared voice holds changes, so that older ones are made anew."""

LARGEST = 3_000_000_000
"""Parameters of the largest model that gets a graph; larger ones take more memory to prepare than
a laptop has, and speak better through a server or as a GGUF file. Tried up to 1.2 billion (random
weights, two threads of a busy machine): ready in 3 s, 12 tokens a second and 1.9 GB, where packed
layers in torch took 47 s, 8 tokens a second and 7.3 GB, and read a prompt in half the time."""

SMALL = 500_000_000
"""Parameters up to which one thread computes, and a graphics card brings nothing."""

TOLERANCE = 0.05
"""How far a graph may be from its weights: the mean divergence (Kullback-Leibler, in nats) of the
next token's probabilities over ``SAMPLE``. What rounding costs stands in ``graph.py``."""

SAMPLE = (
    "I have five minutes. What is this based on? You wrote that three runs went out wrong in "
    "March; two drivers quit over a late check, and it cost us nine thousand dollars. "
    "Honestly, I'm tired of hearing that it will be different this time."
)
"""Speech of the kind a voice will produce."""

_REFUSAL = "refused.json"
_PREPARING = "preparing the voice, once"
_CARD = "there is a graphics card"
_MOST_THREADS = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """What speaks: a backend with its tokenizer."""

    backend: Backend
    tokenizer: Any
    ends: frozenset[int]
    """Tokens that end an answer."""
    how: str
    """What computes, and why not something faster, in words."""
    threads: int


def prepared(source: Source, progress: Progress | None = None) -> Prepared:
    """The voice, from the cache where it was made ready before. The first time takes half a minute.

    Raises ``ModelUnavailable``.
    """
    folder = _folder(source)
    kept = _kept(folder)
    if isinstance(kept, Prepared):
        return kept
    with _turn(folder):
        kept = _kept(folder)  # another process may have been faster
        if isinstance(kept, Prepared):
            return kept
        model, tokenizer = weights.load(source, progress)
        reason = kept or _obstacle(model)
        if reason is None:
            folder = _folder(source)  # of a model fetched just now, the commit is known now
            reason = _prepare(model, tokenizer, folder, source, progress)
            made = None if reason else _kept(folder)
            if isinstance(made, Prepared):
                return made
    return _by_torch(model, tokenizer, reason or "its graph can't be opened")


def threads_for(parameters: int) -> int:
    """How many threads to compute with: one for a small model, else all this process may use.

    The layers of a small model take microseconds. Threads that meet after each of them gain
    little on an idle machine and wait for others' time slices on a busy one. Measured on two
    cores with a graph: 2 threads draw 131 tokens a second where 1 draws 110, and beside other work
    66 where 1 draws 78; with packed layers in torch, beside other work, 7 and 30.
    """
    if parameters < SMALL:
        return 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(allowed or 1, _MOST_THREADS))


def _folder(source: Source) -> Path:
    return locations.cache() / "voices" / f"{Path(source.name).name}-{FORMAT}-{source.mark()}"


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Wait until no other process makes the same voice ready. Where the cache can't be written,
    nobody is waited for: nothing will be kept."""
    from filelock import FileLock

    with ExitStack() as held:
        with suppress(OSError):
            folder.parent.mkdir(parents=True, exist_ok=True)
            held.enter_context(FileLock(folder.parent / f".{folder.name}.lock"))
        yield


def _kept(folder: Path) -> Prepared | str | None:
    """The voice as kept, or why it has no graph; None where nothing is kept that is any good."""
    try:
        refused = json.loads((folder / _REFUSAL).read_text("utf-8"))
        if refused["onnxruntime"] == onnxruntime.__version__:
            return str(refused["why"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    try:
        shape = Shape.read(folder)
        if shape.parameters >= SMALL and _graphics_card():
            return _CARD
        threads = threads_for(shape.parameters)
        backend = OnnxBackend(folder, threads=threads)
        tokenizer = FolderTokenizer(folder) if shape.own_tokenizer else _theirs(folder)
    except Exception:  # cut short by a power cut, say: whatever its readers make of it
        return None
    how = f"onnxruntime, 8 bits, {threads} thread" + ("s" if threads > 1 else "")
    return Prepared(backend, tokenizer, frozenset(shape.ends), how, threads)


def _theirs(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, trust_remote_code=False)


def _graphics_card() -> bool:
    import torch

    return torch.cuda.is_available()


def _obstacle(model: Any) -> str | None:
    """Why a model gets no graph, as far as can be told by looking; None where it gets one."""
    from trainer.engines.graph import obstacle

    parameters = model.num_parameters()
    if parameters >= SMALL and _graphics_card():
        return _CARD
    if parameters > LARGEST:
        return f"it has more than {LARGEST / 1e9:.0f} billion parameters"
    return obstacle(model.config)


def _prepare(
    model: Any, tokenizer: Any, folder: Path, source: Source, progress: Progress | None
) -> str | None:
    """Build the graph, try it and put it in place; why it is no good, where it is none."""
    tell = progress or (lambda *_: None)
    tell(_PREPARING, 0, None)
    model.float()
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
            made = Path(scratch) / "voice"
            made.mkdir()
            try:
                _build(model, tokenizer, made, source, tell)
                reason = _trial(model, made, tokenizer(SAMPLE)["input_ids"])
            except OSError:
                raise
            except Exception as error:  # a model that is not what its configuration says
                reason = f"its graph can't be built ({type(error).__name__}: {error})"
            if reason is not None:
                shutil.rmtree(made)
                made.mkdir()
                refused = {"onnxruntime": onnxruntime.__version__, "why": reason}
                (made / _REFUSAL).write_text(json.dumps(refused), "utf-8")
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(made, folder)
    except OSError as error:
        return f"its graph can't be kept in {folder.parent} ({error.strerror or error})"
    return reason


def _build(model: Any, tokenizer: Any, folder: Path, source: Source, tell: Progress) -> None:
    from trainer.engines import graph

    tokenizer.save_pretrained(folder)
    config, card = model.config, source.card
    positions = config.max_position_embeddings
    shape = Shape(
        parameters=model.num_parameters(),
        layers=config.num_hidden_layers,
        heads=config.num_key_value_heads,
        head_size=graph.head_size(config),
        vocabulary=config.vocab_size,
        context=min(positions, card.context) if card else positions,
        ends=tuple(sorted(_ends(model, tokenizer))),
        own_tokenizer=reads(folder, tokenizer, template=card.chat_template if card else None),
    )
    graph.write(
        model, folder, sample=tokenizer(SAMPLE)["input_ids"], positions=shape.context,
        tell=lambda done, layers: tell(_PREPARING, done, layers),
    )  # fmt: skip
    shape.write(folder)


def _trial(model: Any, folder: Path, sample: Sequence[int]) -> str | None:
    """Compare the graph with the weights, over a text taken in token by token and at once; what
    is wrong, or None."""
    import torch

    with torch.inference_mode():
        wanted = model(torch.tensor([sample]), use_cache=False).logits[0]
    backend = OnnxBackend(folder, threads=threads_for(model.num_parameters()))
    found = [backend.extend(token) for token in sample]
    backend.forget()
    at_once = backend.take_in(sample)
    true = wanted.double().log_softmax(-1).numpy()
    worst = max(divergence(true, np.array(found)), divergence(true[-1:], np.array([at_once])))
    return None if worst <= TOLERANCE else f"its graph is {worst:.2g} nats off the weights"


def divergence(true: NDArray[np.float64], logits: Logits) -> float:
    """Mean over the rows of the Kullback-Leibler divergence, in nats, of the probabilities that
    ``logits`` stand for from those whose logarithms are ``true``."""
    scores = logits.astype(np.float64)
    scores -= scores.max(-1, keepdims=True)
    found = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    return float((np.exp(true) * (true - found)).sum(-1).mean())


def _by_torch(model: Any, tokenizer: Any, reason: str) -> Prepared:
    import torch

    from trainer.engines.packing import can_pack, pack
    from trainer.engines.torch_backend import TorchBackend

    threads = threads_for(model.num_parameters())
    how = f"torch, {threads} thread{'s' if threads > 1 else ''}"
    if torch.cuda.is_available():
        model, how = model.to("cuda"), "torch on the graphics card"
    elif can_pack():
        done = pack(model, tokenizer(SAMPLE, return_tensors="pt")["input_ids"])
        how += f", {done.packed} of {done.packed + len(done.kept)} layers in 8 bits"
    else:
        model.float()
    ends = _ends(model, tokenizer)
    return Prepared(
        TorchBackend(model, threads=threads), tokenizer, ends, f"{how}: {reason}", threads
    )


def _ends(model: Any, tokenizer: Any) -> frozenset[int]:
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    several = named if isinstance(named, list) else [named]
    return frozenset(one for one in [*several, tokenizer.eos_token_id] if one is not None)
