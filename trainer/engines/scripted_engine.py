"""An engine that says what it is told to: for tests, demonstrations and dry runs."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from trainer.engines.base import Cancellation, Prompt, Sampling
from trainer.errors import EngineFailed

_PIECE = re.compile(r"\s*\S+|\s+$")


class ScriptedEngine:
    """Says the given lines in order, or what a function makes of each prompt.

    Lines given as a list are said once each; asked for more, it fails as an engine does, so that
    a script which is too short shows. An exception in place of a line is raised in its turn.
    Every prompt it was given is kept in ``prompts``.
    """

    def __init__(
        self,
        lines: Iterable[str | Exception] | Callable[[Prompt], str],
        *,
        name: str = "scripted",
        delay: float = 0.0,
        chances: Callable[[Prompt], list[float] | None] | None = None,
    ) -> None:
        """``delay``: seconds before each piece, a piece being a word. ``chances``: what ``choose``
        finds for a prompt; without it there is nothing to choose by."""
        self.prompts: list[Prompt] = []
        self._name = name
        self._delay = delay
        self._chances = chances
        self._make = lines if callable(lines) else None
        self._lines = iter(()) if callable(lines) else iter(lines)

    @property
    def name(self) -> str:
        """The name it was given."""
        return self._name

    @property
    def sampling(self) -> Sampling:
        """Nothing is drawn by chance here."""
        return Sampling()

    def stream(
        self, prompt: Prompt, sampling: Sampling, cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """The next line, word by word; see ``Engine.stream``."""
        self.prompts.append(prompt)
        for piece in _PIECE.findall(self._next(prompt)):
            if self._delay:
                time.sleep(self._delay)
            if cancellation and cancellation.cancelled:
                return
            yield piece

    def draw(
        self,
        prompt: Prompt,
        sampling: Sampling,
        n: int,
        cancellation: Cancellation | None = None,
    ) -> list[str]:
        """Up to ``n`` lines: fewer when the script ends, one alone from a function."""
        drawn: list[str] = []
        for _ in range(1 if self._make else n):
            try:
                line = "".join(self.stream(prompt, sampling, cancellation))
            except _ScriptEnded:
                if not drawn:
                    raise
                break
            if cancellation and cancellation.cancelled:
                break
            drawn.append(line)
        return drawn

    def choose(self, prompt: Prompt, options: Sequence[Sequence[str]]) -> list[float] | None:
        """What the script has; see ``Engine.choose``."""
        self.prompts.append(prompt)
        return self._chances(prompt) if self._chances else None

    def prefill(self, prompt: Prompt) -> None:
        """Nothing to take in."""

    def _next(self, prompt: Prompt) -> str:
        if self._make:
            return self._make(prompt)
        line = next(self._lines, None)
        if line is None:
            raise _ScriptEnded(
                f"the script of {self._name} has no line left; give it as many lines as the "
                "prospect has turns"
            )
        if isinstance(line, Exception):
            raise line
        return line


class _ScriptEnded(EngineFailed):
    """All lines were said."""


class SilentEngine:
    """No model at all: the persona's authored lines say everything. For dry runs of content."""

    name = "authored"
    sampling = Sampling()

    def stream(
        self, prompt: Prompt, sampling: Sampling, cancellation: Cancellation | None = None
    ) -> Iterator[str]:
        """Nothing."""
        return iter(())

    def draw(
        self,
        prompt: Prompt,
        sampling: Sampling,
        n: int,
        cancellation: Cancellation | None = None,
    ) -> list[str]:
        """No lines, which is no failure."""
        return []

    def choose(self, prompt: Prompt, options: Sequence[Sequence[str]]) -> list[float] | None:
        """No model, no probabilities."""
        return None

    def prefill(self, prompt: Prompt) -> None:
        """Nothing to take in."""
