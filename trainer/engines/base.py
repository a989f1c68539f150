"""What the voice asks of an engine: words for a prompt, as they come, and stopping on demand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat prompt."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How words are drawn. Defaults come from the model's card."""

    temperature: float = 0.8
    top_p: float = 0.9
    repetition_penalty: float = 1.1
    max_tokens: int = 48
    stop: tuple[str, ...] = ("\n",)
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat prompt."""

    messages: Sequence[Message]


@dataclass(slots=True)
class Cancellation:
    """Asks a running generation to stop; safe to set from another thread."""

    _event: Event = field(default_factory=Event)

    def cancel(self) -> None:
        """Ask for the stop."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether the stop was asked for."""
        return self._event.is_set()


class Engine(Protocol):
    """Where words come from. One engine serves one call at a time."""

    @property
    def name(self) -> str:
        """Model id as recorded with each line: ``smollm2-135m`` or a server's model name."""
        ...

    @property
    def sampling(self) -> Sampling:
        """How words are best drawn from this model, unless a caller knows better."""
        ...

    def stream(
        self, prompt: Prompt, sampling: Sampling, cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Pieces of the answer as they are drawn.

        Raises ``EngineFailed`` when no words can be had; ends early, without error, when
        cancelled.
        """
        ...

    def draw(
        self,
        prompt: Prompt,
        sampling: Sampling,
        n: int,
        cancellation: Cancellation | None = None,
    ) -> list[str]:
        """Up to ``n`` whole answers to one prompt, each drawn on its own.

        Engines that can, draw them together, which costs little more than one. Fewer come when
        cancelled. Raises ``EngineFailed`` when no words can be had.
        """
        ...

    def choose(self, prompt: Prompt, options: Sequence[Sequence[str]]) -> list[float] | None:
        """How likely the answer begins with each option: the probability, 0 to 1, that its first
        token is one of the option's spellings, summed over them. Nothing is generated.

        White space around a spelling does not count. None where this engine has no probabilities
        to give. Raises ``EngineFailed`` when the prompt can't be taken in, being longer than the
        model's context included.
        """
        ...

    def prefill(self, prompt: Prompt) -> None:
        """Take in the part of a prompt known beforehand, so that the first turn starts faster.

        May do nothing.
        """
        ...
