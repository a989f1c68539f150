"""A language model in this process: the engine a call uses unless told otherwise."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from trainer.engines import preparation, weights
from trainer.engines.answer_text import AnswerText
from trainer.engines.backend import Logits, common
from trainer.engines.base import Cancellation, Prompt, Sampling
from trainer.engines.catalog import ModelCard, Progress
from trainer.engines.chat_text import PLAIN_STOPS, chat_text
from trainer.engines.preparation import Prepared
from trainer.engines.sampler import Sampler
from trainer.errors import EngineFailed

_BUSY_SECONDS = 60.0
_SPACES = "Ġ▁ "  # as tokenizers write a space before a word
_BASE = 4  # prompt tokens decoded along, so that the answer keeps its first space


class LocalEngine:
    """A local model with one cache of keys and values, kept over the turns of a call.

    Each prompt is compared with what the cache holds, and only what is new is computed. One
    answer at a time; a second caller waits.
    """

    def __init__(
        self,
        made: Prepared,
        *,
        name: str,
        card: ModelCard | None = None,
        gguf: Path | None = None,
    ) -> None:
        self.how = made.how
        """What computes, in words, and why nothing faster does."""
        self.threads = made.threads
        """How many threads compute."""
        self.gguf = gguf
        """The file its weights come from (an adapter's base), where it is one file."""
        self._backend = made.backend
        self._tokenizer = made.tokenizer
        self._ends = made.ends
        self._never = sorted(set(made.tokenizer.all_special_ids) - made.ends)
        self._card = card
        self._name = name
        self._template = card.chat_template if card else None
        self._lock = threading.Lock()
        self._spellings: dict[tuple[str, ...], list[int]] = {}

    @classmethod
    def load(cls, model: str | None = None, *, progress: Progress | None = None) -> LocalEngine:
        """Load a voice: None for the default card, or a card's id, a folder, a ``.gguf`` file, or
        the id of a Hugging Face chat model. Only safetensors and GGUF; never a model's own code.

        Raises ``ModelUnavailable`` (exit 3) with what is missing and how to get it, and
        ``UnreadableInput`` (exit 2) for a name that can't be one.
        """
        source = weights.find(model)
        if progress:
            progress(f"loading {source.name}", 0, None)
        made = preparation.prepared(source, progress)
        return cls(made, name=source.name, card=source.card, gguf=source.gguf)

    @property
    def name(self) -> str:
        """The card's id, or the model's name as given."""
        return self._name

    @property
    def sampling(self) -> Sampling:
        """As the model's card says, or the usual."""
        return self._card.sampling.sampling() if self._card else Sampling()

    def stream(
        self, prompt: Prompt, sampling: Sampling, cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Pieces of one answer as they are drawn; see ``Engine.stream``."""
        stopping = cancellation or Cancellation()
        with self._turn():
            tokens = self._tokens(prompt, room=sampling.max_tokens)
            text = self._answer(sampling, tokens)
            sampler = Sampler(sampling, never=self._never)
            with self._failing_cleanly():
                logits = self._backend.take_in(tokens, lambda: stopping.cancelled)
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
                    logits = self._backend.extend(token)
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
            first = self._backend.take_in(tokens, lambda: stopping.cancelled)
            if first is None or n < 1:
                return []
            rows = [
                _Row(
                    self._answer(sampling, tokens),
                    Sampler(sampling, row=row, never=self._never),
                )
                for row in range(n)
            ]
            step, logits = self._apart(n), np.stack([first] * n)
            for count in range(sampling.max_tokens):
                fed = [
                    row.take(scores, self._ends) for row, scores in zip(rows, logits, strict=True)
                ]
                if all(row.over for row in rows) or count + 1 == sampling.max_tokens:
                    break
                if stopping.cancelled:
                    return [row.said for row in rows if row.over]
                logits = step(fed)
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
            if 2 * common(self._backend.tokens, tokens) < len(tokens):
                # Another text: begun anew, so that it is cut into the same passes, whose cut the
                # last digits depend on, whatever was asked before it.
                self._backend.forget()
            logits = self._backend.take_in(tokens)
            if logits is None:  # only when told to stop
                return None
            chances = np.exp(logits.astype(np.float64) - logits.max())
            chances /= chances.sum()
            return [float(chances[found].sum()) for found in spelled]

    def prefill(self, prompt: Prompt) -> None:
        """Take in what will stand at the head of the next prompt."""
        with self._turn(), self._failing_cleanly():
            text = chat_text(
                self._tokenizer, prompt.messages, template=self._template, answer=False
            )
            tokens = self._encode(text)
            if tokens and len(tokens) < self._backend.context:
                self._backend.take_in(tokens)

    def _apart(self, n: int) -> Callable[[Sequence[int]], Logits]:
        """What takes one more token for each of ``n`` answers. One alone goes on in the text that
        is held, which copies nothing: what follows the prompt is dropped with the next one."""
        if n == 1:
            return lambda tokens: self._backend.extend(tokens[0])[None]
        return self._backend.copies(n).step

    def written(self, prompt: Prompt) -> str:
        """The prompt as the text that the model goes on from."""
        return chat_text(self._tokenizer, prompt.messages, template=self._template)

    def _tokens(self, prompt: Prompt, *, room: int) -> list[int]:
        tokens = self._encode(self.written(prompt))
        if len(tokens) + room > self._backend.context:
            raise EngineFailed(
                f"the prompt for {self._name} has {len(tokens)} tokens, and with {room} for the "
                f"answer that is more than the {self._backend.context} it can take in; choose a "
                "model with a longer context"
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

    def _answer(self, sampling: Sampling, tokens: Sequence[int]) -> AnswerText:
        base = list(tokens[-_BASE:])
        before = self._decode(base)
        plain = () if self._template or self._tokenizer.chat_template else PLAIN_STOPS
        return AnswerText(
            lambda drawn: self._decode([*base, *drawn])[len(before) :],
            (*sampling.stop, *plain),
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
            self._backend.forget()
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

    def take(self, logits: Logits, ends: frozenset[int]) -> int:
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
