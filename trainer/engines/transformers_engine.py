"""Any Hugging Face chat model in this process: the engine a call uses unless told otherwise."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging as transformers_logging

from trainer.engines.answer_text import AnswerText
from trainer.engines.base import Cancellation, Prompt, Sampling
from trainer.engines.catalog import Catalog, ModelCard, Progress
from trainer.engines.chat_text import PLAIN_STOPS, chat_text
from trainer.engines.conversion import converted
from trainer.engines.kept_cache import KeptCache, common
from trainer.engines.packing import can_pack, pack
from trainer.engines.sampler import Sampler
from trainer.errors import EngineFailed, ModelUnavailable

_SAMPLE = (
    "I have five minutes. What is this based on? You wrote that three runs went out wrong in "
    "March; two drivers quit over a late check, and it cost us nine thousand dollars. "
    "Honestly, I'm tired of hearing that it will be different this time."
)
"""Speech of the kind the model will produce, for trying out the packing of its layers."""

_BUSY_SECONDS = 60.0
_ANSWER_SECONDS = 10.0
_SMALL = 500_000_000  # parameters
_SPACES = "Ġ▁ "  # as tokenizers write a space before a word
_BASE = 4  # prompt tokens decoded along, so that the answer keeps its first space


class TransformersEngine:
    """A local model with one cache of keys and values, kept over the turns of a call.

    Each prompt is compared with what the cache holds, and only what is new is computed. One
    answer at a time; a second caller waits.
    """

    def __init__(
        self, model: Any, tokenizer: Any, *, name: str, card: ModelCard | None = None
    ) -> None:
        self._model = model
        self._card = card
        self._tokenizer = tokenizer
        self._name = name
        self._template = card.chat_template if card else None
        self._cache = KeptCache(model)
        self._lock = threading.Lock()
        self._ends = _end_tokens(model, tokenizer)
        self._never = sorted(set(tokenizer.all_special_ids) - self._ends)
        self._spellings: dict[tuple[str, ...], list[int]] = {}
        self._context = getattr(model.config, "max_position_embeddings", None) or 1 << 30

    @classmethod
    def load(
        cls, model: str | None = None, *, progress: Progress | None = None
    ) -> TransformersEngine:
        """Load a voice: None for the default card, or a card's id, a folder, a ``.gguf`` file, or
        the id of a Hugging Face chat model. Only safetensors and GGUF; never a model's own code.

        Raises ``ModelUnavailable`` (exit 3) with what is missing and how to get it, and
        ``UnreadableInput`` (exit 2) for a name that can't be one.
        """
        card, path = _found(model)
        name = card.id if card else Path(path).name if Path(path).exists() else path
        packed = Path(path) if path.endswith(".gguf") else None
        where = str(converted(packed, progress)) if packed else path
        if progress:
            progress(f"loading {name}", 0, None)
        try:
            loaded, tokenizer = _loaded(where, name)
        except ModelUnavailable:
            if packed is None:
                raise
            # What broke is only our copy; the file it was made from is there.
            loaded, tokenizer = _loaded(str(converted(packed, progress, anew=True)), name)
        return cls(loaded, tokenizer, name=name, card=card)

    @property
    def name(self) -> str:
        """The card's id, or the model's name as given."""
        return self._name

    @property
    def sampling(self) -> Sampling:
        """As the model's card says, or the usual."""
        return self._card.sampling.sampling() if self._card else Sampling()

    @property
    def directed_only(self) -> bool:
        """As the model's card says; a model without one is taken to be able to speak."""
        return self._card is not None and self._card.directed_only

    def stream(
        self, prompt: Prompt, sampling: Sampling, cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Pieces of one answer as they are drawn; see ``Engine.stream``."""
        stopping = cancellation or Cancellation()
        with self._turn():
            tokens = self._tokens(prompt, room=sampling.max_tokens)
            text = self._answer(prompt, sampling, tokens)
            sampler = Sampler(sampling, never=self._never)
            with self._failing_cleanly():
                logits = self._cache.take_in(tokens, lambda: stopping.cancelled)
            while logits is not None and not stopping.cancelled:
                with self._failing_cleanly():
                    token = sampler.next(logits)
                    ended = token in self._ends
                    piece = text.finish() if ended else text.add(token)
                if piece:
                    yield piece
                if ended or text.done:
                    return
                if len(sampler.drawn) >= sampling.max_tokens:
                    break
                with self._failing_cleanly():
                    logits = self._cache.extend(token)
            if not stopping.cancelled and (rest := text.finish()):
                yield rest

    def draw(
        self,
        prompt: Prompt,
        sampling: Sampling,
        n: int,
        cancellation: Cancellation | None = None,
    ) -> list[str]:
        """``n`` whole answers drawn side by side in one batch; see ``Engine.draw``."""
        stopping = cancellation or Cancellation()
        with self._turn(), self._failing_cleanly():
            tokens = self._tokens(prompt, room=sampling.max_tokens)
            first = self._cache.take_in(tokens, lambda: stopping.cancelled)
            if first is None or n < 1:
                return []
            rows = [
                _Row(
                    self._answer(prompt, sampling, tokens),
                    Sampler(sampling, row=row, never=self._never),
                )
                for row in range(n)
            ]
            logits, apart = first.expand(n, -1), self._cache.copies(n)
            for step in range(sampling.max_tokens):
                fed = [
                    row.take(scores, self._ends) for row, scores in zip(rows, logits, strict=True)
                ]
                if all(row.over for row in rows) or step + 1 == sampling.max_tokens:
                    break
                if stopping.cancelled:
                    return [row.said for row in rows if row.over]
                logits = apart.step(torch.tensor(fed)[:, None])
            return [row.finished() for row in rows]

    def choose(self, prompt: Prompt, options: Sequence[Sequence[str]]) -> list[float] | None:
        """From the logits after the prompt; see ``Engine.choose``. None where the tokenizer has no
        single token for an option. What the prompt shares with the one before is not computed
        again, so many questions over one long text cost little more than the text."""
        spelled = [self._tokens_of(option) for option in options]
        if not all(spelled):
            return None
        with self._turn(), self._failing_cleanly():
            tokens = self._tokens(prompt, room=1)
            if 2 * common(self._cache.tokens, tokens) < len(tokens):
                # Another text: begun anew, so that it is cut into the same passes (see packing)
                # whatever was asked before it.
                self._cache.forget()
            logits = self._cache.take_in(tokens)
            if logits is None:  # only when told to stop
                return None
            chances = logits.float().softmax(-1)
            return [float(chances[found].sum()) for found in spelled]

    def prefill(self, prompt: Prompt) -> None:
        """Take in what will stand at the head of the next prompt."""
        with self._turn(), self._failing_cleanly():
            text = chat_text(
                self._tokenizer, prompt.messages, template=self._template, answer=False
            )
            tokens = self._encode(text)
            if tokens and len(tokens) < self._context:
                self._cache.take_in(tokens)

    def _tokens(self, prompt: Prompt, *, room: int) -> list[int]:
        text = chat_text(self._tokenizer, prompt.messages, template=self._template)
        tokens = self._encode(text + prompt.prefix.rstrip())
        if len(tokens) + room > self._context:
            raise EngineFailed(
                f"the prompt for {self._name} has {len(tokens)} tokens, and with {room} for the "
                f"answer that is more than the {self._context} it can take in; choose a model "
                "with a longer context"
            )
        return tokens

    def _tokens_of(self, spellings: Sequence[str]) -> list[int]:
        """Every token that is one of the words, with or without a space before it."""
        words = tuple(sorted({spelling.strip() for spelling in spellings}))
        if words not in self._spellings:
            vocabulary = self._tokenizer.get_vocab()
            self._spellings[words] = [
                number for token, number in vocabulary.items() if token.lstrip(_SPACES) in words
            ]
        return self._spellings[words]

    def _encode(self, text: str) -> list[int]:
        templated = bool(self._template or self._tokenizer.chat_template)
        encoded: list[int] = self._tokenizer(text, add_special_tokens=not templated)["input_ids"]
        return encoded

    def _answer(self, prompt: Prompt, sampling: Sampling, tokens: Sequence[int]) -> AnswerText:
        base = list(tokens[-_BASE:])
        before = self._decode(base)
        plain = () if self._template or self._tokenizer.chat_template else PLAIN_STOPS
        goes_on = bool(prompt.prefix) and not prompt.prefix[-1].isspace()
        return AnswerText(
            lambda drawn: self._decode([*base, *drawn])[len(before) :],
            (*sampling.stop, *plain),
            goes_on=goes_on,
        )

    def _decode(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(
            list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=_BUSY_SECONDS):
            raise EngineFailed(
                f"{self._name} is still busy with another answer after {_BUSY_SECONDS:.0f} "
                "seconds; an engine serves one call at a time"
            )
        try:
            yield
        finally:
            self._lock.release()

    @contextmanager
    def _failing_cleanly(self) -> Iterator[None]:
        try:
            yield
        except EngineFailed:
            raise
        except Exception as error:
            self._cache.forget()
            raise EngineFailed(
                f"{self._name} could not produce words ({type(error).__name__}: {error}); "
                "try again, or take another model with --model"
            ) from error


class _Row:
    """One of the answers drawn side by side."""

    def __init__(self, text: AnswerText, sampler: Sampler) -> None:
        self.said = ""
        self.over = False
        self._text = text
        self._sampler = sampler
        self._last = 0

    def take(self, logits: torch.Tensor, ends: frozenset[int]) -> int:
        """Draw the next token, unless this answer is over; the token to go on from."""
        if self.over:
            return self._last
        self._last = self._sampler.next(logits)
        if self._last in ends:
            self.said += self._text.finish()
            self.over = True
        else:
            self.said += self._text.add(self._last)
            self.over = self._text.done
        return self._last

    def finished(self) -> str:
        """The whole answer, also when it ran into the limit."""
        if not self.over:
            self.said += self._text.finish()
            self.over = True
        return self.said


def _found(model: str | None) -> tuple[ModelCard | None, str]:
    """The card, where there is one, and the path or Hugging Face id to load from."""
    catalog = Catalog.load()
    card = catalog.named(model)
    if isinstance(card, str):
        _reach(card)
        return None, card
    if isinstance(card, Path):
        return None, str(card)
    if card.use != "voice":
        raise ModelUnavailable(
            f"{card.id} is an encoder and can't speak; `trainer models list` names the voices"
        )
    folder = catalog.require(card.id)
    if folder.is_file():
        return card, str(folder)
    gguf = [folder / file.name for file in card.files if file.name.endswith(".gguf")]
    return card, str(gguf[0] if gguf else folder)


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


def _loaded(where: str, name: str) -> tuple[Any, Any]:
    transformers_logging.disable_progress_bar()
    torch.set_num_threads(1)
    try:
        tokenizer = AutoTokenizer.from_pretrained(where, trust_remote_code=False)
        model = AutoModelForCausalLM.from_pretrained(
            where, dtype="auto", use_safetensors=True, trust_remote_code=False
        ).eval()
    except Exception as error:  # what can go wrong here is open-ended: network, disk, old formats
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise ModelUnavailable(
            f"{name} can't be loaded: {reason} (a model here is a folder, a .gguf file or a "
            "Hugging Face id, with safetensors or GGUF weights)"
        ) from error
    torch.set_num_threads(_threads(model.num_parameters()))
    if torch.cuda.is_available():
        return model.to("cuda"), tokenizer
    if can_pack():
        sample = tokenizer(_SAMPLE, return_tensors="pt")["input_ids"]
        pack(model, sample)
    else:
        model.float()
    return model, tokenizer


def _threads(parameters: int) -> int:
    """How many threads to compute with: one for a small model, else all this process may use.

    The layers of a small model take microseconds. Threads that meet after each of them gain
    little on an idle machine and wait for whole time slices on a busy one: measured with two
    cores and other work on them, 2 threads drew 7 tokens a second where 1 drew 30.
    """
    if parameters < _SMALL:
        return 1
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(torch.get_num_threads(), allowed or 1, 8))


def _end_tokens(model: Any, tokenizer: Any) -> frozenset[int]:
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    several = named if isinstance(named, list) else [named]
    return frozenset(one for one in [*several, tokenizer.eos_token_id] if one is not None)
