"""llama.cpp on the voice's own weights, as the yardstick that ``trainer bench`` holds it to.

Both are given the same prompts in turn, in one process and on as many threads, draw the likeliest
token each time, and are timed alike, by when their pieces come. llama.cpp reads the file as it was
fetched, of 4 bits; an adapter, which changes no speed, is left out there.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trainer.engines.base import Engine, Message, Prompt, Sampling
from trainer.engines.local_engine import LocalEngine

ANSWER = 48
"""Tokens drawn for decoding speed."""
ROUNDS = 7

_STORY = Prompt([Message("user", "Tell me a long story about a lighthouse keeper.")])
_CONTEXT = 2048

Timed = tuple[float, float]
"""Seconds to the first piece, and tokens a second from there on."""


def beside(engine: Engine, turns: Sequence[Prompt]) -> dict[str, Any]:
    """How the engine compares. ``turns``: the prompts of a call, one a turn.

    Medians of decoding speed and of the time to the first token of every turn but the first, the
    ratio of each (ours over llama.cpp's), and the threads; or, under ``left_out``, why not.
    """
    if not isinstance(engine, LocalEngine) or engine.gguf is None:
        return {"left_out": "the voice is no file that llama.cpp reads"}
    if find_spec("xllamacpp") is None:
        return {"left_out": "xllamacpp is not installed (pip install 'earned-close[gguf]')"}
    llama = _Llama(engine.gguf, engine.threads)

    def asked(who: str, prompt: Prompt, count: int) -> Timed:
        if who == "ours":
            return _ours(engine, prompt, count)
        return llama.timed(engine.written(prompt), count)

    speeds: dict[str, list[float]] = {"ours": [], "llama_cpp": []}
    waits: dict[str, list[float]] = {"ours": [], "llama_cpp": []}
    for number in range(ROUNDS + 1):
        for who, found in speeds.items():
            speed = asked(who, _STORY, ANSWER)[1]
            if number:  # the first warms up
                found.append(speed)
    for number, turn in enumerate(turns):
        for who, found in waits.items():
            wait = asked(who, turn, 1)[0]
            if number:
                found.append(wait)
    return {
        "threads": engine.threads,
        "tokens_a_second": _compared(speeds, 1),
        "first_token_s": _compared(waits, 3),
    }


def _compared(found: dict[str, list[float]], digits: int) -> dict[str, float]:
    medians = {who: statistics.median(values) for who, values in found.items()}
    ratio = medians["ours"] / medians["llama_cpp"]
    return {who: round(value, digits) for who, value in medians.items()} | {
        "ratio": round(ratio, 2)
    }


def _ours(engine: LocalEngine, prompt: Prompt, count: int) -> Timed:
    sampling = Sampling(temperature=0, repetition_penalty=1.0, max_tokens=count, stop=())
    began = time.perf_counter()
    return _timed(began, [time.perf_counter() for _ in engine.stream(prompt, sampling)])


def _timed(began: float, pieces: Sequence[float]) -> Timed:
    if not pieces:
        return time.perf_counter() - began, 0.0
    rate = (len(pieces) - 1) / (pieces[-1] - pieces[0]) if len(pieces) > 1 else 0.0
    return pieces[0] - began, rate


class _Llama:
    """llama.cpp with one slot, which keeps what it has read."""

    def __init__(self, file: Path, threads: int) -> None:
        import xllamacpp

        settings = xllamacpp.CommonParams()
        settings.model.path = str(file)
        settings.n_ctx = _CONTEXT
        settings.n_parallel = 1
        settings.n_gpu_layers = 0
        settings.verbosity = -1
        settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = threads
        self._complete: Callable[..., None] = xllamacpp.Server(settings).handle_completions

    def timed(self, text: str, count: int) -> Timed:
        """Go on from ``text`` for ``count`` tokens."""
        pieces: list[float] = []

        def heard(event: dict[str, Any]) -> None:
            if any(choice["text"] for choice in event.get("choices", ())):
                pieces.append(time.perf_counter())

        began = time.perf_counter()
        request = {"prompt": text, "n_predict": count, "temperature": 0, "cache_prompt": True}
        self._complete({**request, "stream": True, "repeat_penalty": 1.0}, heard)
        return _timed(began, pieces)
