"""A GGUF file in this process, through llama.cpp (the package ``xllamacpp``): the way to a model of
3 to 8 billion parameters on a laptop that has the memory but no server.

llama.cpp comes as a server and can't be had without its door. Here the door is a socket file in
a folder of our own that is taken away once the model is loaded, so that nobody can knock; where
there are no socket files (Windows) it is a random port of the loopback behind a random key. We
never use it ourselves: requests are handed over in process.
"""

from __future__ import annotations

import math
import os
import queue
import secrets
import shutil
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trainer.engines.answer_text import PiecedText
from trainer.engines.base import Cancellation, Prompt, Sampling
from trainer.engines.chat_text import PLAIN_STOPS, chat_text
from trainer.engines.file_template import FileTemplate
from trainer.engines.gguf_header import GgufHeader
from trainer.errors import EngineFailed, ModelUnavailable, UnreadableInput

INSTALL = ".venv/bin/python -m pip install -c constraints.txt -e '.[gguf]'"
"""What brings the package this engine needs, said in the folder of the program."""

CONTEXT = 8192
"""Tokens taken in at the most: a whole call fits, and its keys and values take about 1 GB in a
model of 8 billion parameters."""

ROWS = 4
"""Answers drawn side by side at the most; more are drawn in rounds."""

_BATCH = 64  # tokens of a prompt read at once: between batches a cancelled request is dropped
_LIKELIEST = 200
_BUSY_SECONDS = 60.0
_LOOK_SECONDS = 0.05  # between two looks at whether we are to stop
_THREADS = 8

Event = Mapping[str, Any]


class LlamaEngine:
    """One GGUF model, with what it read before kept for the next prompt. One answer at a time."""

    def __init__(self, server: Any, header: GgufHeader, *, name: str) -> None:
        self._server = server
        self._name = name
        self._header = header
        self._template = FileTemplate(header)
        self._lock = threading.Lock()
        self._last: _Request | None = None

    @classmethod
    def load(
        cls, file: str, *, progress: Callable[[str, int, int | None], None] | None = None
    ) -> LlamaEngine:
        """Open a ``.gguf`` file; of one cut into parts, the first.

        Raises ``ModelUnavailable`` (exit 3) when the package or the file is missing, the file is
        broken, no language model, or larger than this machine's memory.
        """
        path = check_file(file)
        header = GgufHeader.read(path)
        if not header.causal or "bert" in header.architecture or not header.architecture:
            raise ModelUnavailable(
                f"{path} can't speak: it holds {header.architecture or 'no model at all'}, which "
                "writes no words; take an instruct or chat model"
            )
        _check_memory(path)
        if progress:
            progress(f"loading {path.name}", 0, None)
        return cls(_opened(path, header), header, name=path.name)

    @property
    def name(self) -> str:
        """The file's name."""
        return self._name

    @property
    def sampling(self) -> Sampling:
        """As the file says, where it does. No penalty: llama.cpp's would look at the prompt too,
        where the words stand that are to be said."""
        usual, said = Sampling(repetition_penalty=1.0), self._header
        return Sampling(
            temperature=usual.temperature if said.temperature is None else said.temperature,
            top_p=usual.top_p if said.top_p is None else said.top_p,
            repetition_penalty=1.0,
        )

    def stream(
        self, prompt: Prompt, sampling: Sampling, cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Pieces of one answer as they are drawn; see ``Engine.stream``."""
        stopping = cancellation or Cancellation()
        text = self._answer(sampling)
        with self._asked(self._drawing(prompt, sampling), stopping) as events:
            for event in events:
                if piece := text.add(_piece(event)):
                    yield piece
                if text.done:
                    return
        if not stopping.cancelled and (rest := text.finish()):
            yield rest

    def draw(
        self,
        prompt: Prompt,
        sampling: Sampling,
        n: int,
        cancellation: Cancellation | None = None,
    ) -> list[str]:
        """``n`` whole answers, side by side: the prompt is read once; see ``Engine.draw``."""
        stopping = cancellation or Cancellation()
        drawn: list[str] = []
        while len(drawn) < n and not stopping.cancelled:
            rows = [_Row(self._answer(sampling)) for _ in range(min(ROWS, n - len(drawn)))]
            request = self._drawing(prompt, sampling, n=len(rows), first=len(drawn))
            with self._asked(request, stopping) as events:
                for event in events:
                    rows[_index(event)].take(event)
                    if all(row.over for row in rows):
                        break
            drawn += [row.said for row in rows if row.over or not stopping.cancelled]
        return drawn

    def choose(self, prompt: Prompt, options: Sequence[Sequence[str]]) -> list[float] | None:
        """From the likeliest first tokens; see ``Engine.choose``. An option not among the
        200 likeliest has 0."""
        request = self._reading(prompt) | {"n_predict": 1, "n_probs": _LIKELIEST}
        with self._asked(request, Cancellation()) as events:
            found = [chances for event in events if (chances := _chances(event))]
        if not found:
            return None
        words = [{spelling.strip() for spelling in option} for option in options]
        return [
            min(1.0, sum(chance for token, chance in found[0] if token.strip() in wanted))
            for wanted in words
        ]

    def prefill(self, prompt: Prompt) -> None:
        """Read what will stand at the head of the next prompt."""
        request = self._reading(prompt, answer=False) | {"n_predict": 0}
        with self._asked(request, Cancellation()) as events:
            for _ in events:
                pass

    # -- requests -----------------------------------------------------------------------------

    def _reading(self, prompt: Prompt, *, answer: bool = True) -> dict[str, Any]:
        try:
            text = chat_text(self._template, prompt.messages, answer=answer)
        except Exception as error:  # a template is somebody's program: anything can go wrong in it
            raise EngineFailed(
                f"the chat template of {self._name} does not work ({error}); take the file of "
                "another maker"
            ) from error
        return {
            "prompt": self._template.tokens(text),
            "cache_prompt": True,
            "stream": True,
            "return_progress": True,  # an event after each batch of the prompt: a chance to stop
        }

    def _drawing(
        self, prompt: Prompt, sampling: Sampling, *, n: int = 1, first: int = 0
    ) -> dict[str, Any]:
        return self._reading(prompt) | {
            "n": n,
            "n_predict": sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "repeat_penalty": 1.0,
            "seed": (sampling.seed * 1_000 + first) % 2**31,  # rows after the first count on
        }

    def _answer(self, sampling: Sampling) -> PiecedText:
        return PiecedText(sampling, () if self._header.template else PLAIN_STOPS)

    @contextmanager
    def _asked(self, request: dict[str, Any], stopping: Cancellation) -> Iterator[Iterator[Event]]:
        """What llama.cpp tells while it works on a request. Left early, the work is stopped: at
        the next word, or while it still reads, after the batch it is at."""
        with self._turn():
            if stopping.cancelled:
                yield iter(())
                return
            self._last = _Request(self._server, request, self._name)
            try:
                yield self._last.events(stopping)
            finally:
                self._last.stop()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        free = self._lock.acquire(timeout=_BUSY_SECONDS)
        try:
            if not free or (self._last and not self._last.ended(_BUSY_SECONDS)):
                raise EngineFailed(
                    f"{self._name} is still busy with another answer after {_BUSY_SECONDS:.0f} "
                    "seconds; an engine serves one call at a time"
                )
            yield
        finally:
            if free:
                self._lock.release()


class _Request:
    """One request, worked on in a thread of its own: llama.cpp tells its news by calling back,
    and drops what is thrown there, an interrupt by the user included."""

    def __init__(self, server: Any, request: dict[str, Any], name: str) -> None:
        self._name = name
        self._news: queue.SimpleQueue[Event | Exception | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, args=(server, request))
        self._thread.start()

    def events(self, stopping: Cancellation) -> Iterator[Event]:
        """The news as it comes, until all is told or we are to stop."""
        while not stopping.cancelled:
            try:
                event = self._news.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                continue
            if event is None:
                return
            if isinstance(event, Exception):
                raise EngineFailed(
                    f"{self._name} could not produce words ({type(event).__name__}: {event}); try "
                    "again, or take another model with --model"
                ) from event
            if "error" in event:
                raise EngineFailed(_refusal(self._name, event["error"]))
            yield event

    def stop(self) -> None:
        """Ask for the end; does not wait for it."""
        self._stop.set()

    def ended(self, seconds: float) -> bool:
        """Whether the work is over, after waiting for it that long at the most."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _work(self, server: Any, request: dict[str, Any]) -> None:
        try:
            server.handle_completions(request, self._hear)
            self._news.put(None)
        except Exception as error:
            self._news.put(error)

    def _hear(self, told: Any) -> bool:
        """True stops the work."""
        for event in told if isinstance(told, list) else [told]:
            self._news.put(event)
        return self._stop.is_set()


class _Row:
    """One of the answers drawn side by side."""

    def __init__(self, text: PiecedText) -> None:
        self._text = text
        self._ended = False
        self._said = ""

    @property
    def over(self) -> bool:
        return self._ended or self._text.done

    @property
    def said(self) -> str:
        return self._said

    def take(self, event: Event) -> None:
        if self.over:
            return
        self._said += self._text.add(_piece(event))
        if _choice(event).get("finish_reason"):
            self._said += self._text.finish()
            self._ended = True


def check_file(file: str | None) -> Path:
    """The path of a GGUF file that is there, and that there is a package to open it with.

    Raises ``UnreadableInput`` when no file is named, ``ModelUnavailable`` for the rest.
    """
    if file is None:
        raise UnreadableInput("--engine llama opens a file: name it with --model FILE.gguf")
    path = Path(file).expanduser()
    if not path.is_file():
        raise ModelUnavailable(f"there is no file {path}; --engine llama wants a .gguf file")
    if find_spec("xllamacpp") is None:
        raise ModelUnavailable(
            f"--engine llama needs the package xllamacpp, which is not here; get it with {INSTALL}"
        )
    return path


def _check_memory(path: Path) -> None:
    """Weights that don't fit would be read from the disk again for every word."""
    try:
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows tells neither
        return
    if 0 < there < path.stat().st_size:
        raise ModelUnavailable(
            f"{path.name} takes {path.stat().st_size / 1e9:.1f} GB, and this machine has "
            f"{there / 1e9:.1f} GB of memory; take a smaller model, or a smaller quantization"
        )


def _opened(path: Path, header: GgufHeader) -> Any:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.verbosity = -1
    params.n_ctx = min(CONTEXT, header.context_length or CONTEXT)
    params.n_parallel = ROWS
    params.kv_unified = True  # rows share what they have in common, and each may fill all of it
    params.n_batch = params.n_ubatch = _BATCH
    params.cache_ram_mib = 0  # no second store of earlier prompts: one call at a time
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _threads()
    params.ui = params.endpoint_slots = params.endpoint_props = False
    params.api_keys = [secrets.token_urlsafe(32)]
    folder = tempfile.mkdtemp(prefix="trainer-") if hasattr(socket, "AF_UNIX") else None
    params.hostnames = [str(Path(folder) / "door.sock") if folder else "127.0.0.1"]
    try:
        return xllamacpp.Server(params)
    except (RuntimeError, MemoryError) as error:
        raise ModelUnavailable(
            f"llama.cpp can't open {path}: it is broken or cut short, of a kind that this version "
            "does not know, or there is not enough memory free for it; fetch it again, or take a "
            "smaller one"
        ) from error
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def _threads() -> int:
    """How many threads to compute with: all cores this process may use but one.

    Threads that meet after every layer wait for the slowest; one core is left to the screen and
    whatever else runs. Measured on two cores with other work on them, 2 threads drew faster than
    1 most of the time, and now and then took 60 times as long.
    """
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(_THREADS, (allowed or 1) - 1))


def _choice(event: Event) -> Event:
    try:
        return dict(event["choices"][0])
    except (LookupError, TypeError, ValueError):  # news of how far the prompt is read
        return {}


def _piece(event: Event) -> str:
    text = _choice(event).get("text")
    return text if isinstance(text, str) else ""


def _index(event: Event) -> int:
    index = _choice(event).get("index", 0)
    return index if isinstance(index, int) else 0


def _chances(event: Event) -> list[tuple[str, float]]:
    """The likeliest tokens and their probabilities; none where an event tells of none."""
    try:
        top = _choice(event)["logprobs"]["content"][0]["top_logprobs"]
        told = [(str(one["token"]), math.exp(min(0.0, float(one["logprob"])))) for one in top]
    except (LookupError, TypeError, ValueError):
        return []
    return told


def _refusal(name: str, error: Any) -> str:
    if isinstance(error, dict) and error.get("type") == "exceed_context_size_error":
        return (
            f"the prompt for {name} has {error.get('n_prompt_tokens')} tokens, more than the "
            f"{error.get('n_ctx')} it can take in; choose a model with a longer context"
        )
    said = error.get("message", error) if isinstance(error, dict) else error
    return f"{name} could not produce words ({str(said)[:300]}); take another model with --model"
