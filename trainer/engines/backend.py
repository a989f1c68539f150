"""What runs a model: logits for tokens, and what was taken in kept over the turns of a call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Logits = NDArray[np.float32]
"""Scores of the next token: (vocabulary,), or (rows, vocabulary) for several texts."""

CHUNK = 256
"""Tokens taken in by one pass at most; between passes one can be told to stop."""


class Rows(Protocol):
    """Several texts that began alike and go on apart."""

    def step(self, tokens: Sequence[int]) -> Logits:
        """One more token for each row; logits (rows, vocabulary) after them."""
        ...


class Backend(ABC):
    """A model and the text it holds, as tokens and as its keys and values."""

    kind: ClassVar[str]
    """What computes: ``onnxruntime`` or ``torch``."""

    def __init__(self, context: int) -> None:
        self.context = context
        """Tokens it can take in."""
        self.tokens: list[int] = []
        """What it holds."""

    def take_in(
        self, prompt: Sequence[int], stop: Callable[[], bool] = lambda: False
    ) -> Logits | None:
        """Hold exactly ``prompt``; logits (vocabulary,) after its last token.

        Only what differs from the tokens held is computed. The last token always runs alone, so
        that the same prompt gives the same logits whether or not it was held. None when ``stop``
        said to.
        """
        held = common(self.tokens, prompt[:-1])  # the last one always runs: its logits are wanted
        if held < len(self.tokens):
            self._crop(held)
        logits = None
        while len(self.tokens) < len(prompt):
            if stop():
                return None
            start = len(self.tokens)
            upto = min(start + CHUNK, max(len(prompt) - 1, start + 1))
            logits = self._pass(prompt[start:upto])
            self.tokens.extend(prompt[start:upto])
        return logits

    def extend(self, token: int) -> Logits:
        """Take in one more token; logits (vocabulary,) after it."""
        logits = self._pass([token])
        self.tokens.append(token)
        return logits

    @abstractmethod
    def copies(self, n: int) -> Rows:
        """``n`` rows that all hold what this holds, to go on from apart; this one stays."""

    @abstractmethod
    def forget(self) -> None:
        """Start over: after an error nothing that is held can be relied on."""

    @abstractmethod
    def _pass(self, tokens: Sequence[int]) -> Logits:
        """Logits (vocabulary,) after ``tokens``, which follow those held."""

    @abstractmethod
    def _crop(self, held: int) -> None:
        """Hold only the first ``held`` tokens, or none where the model can't go back."""


def common(held: Sequence[int], wanted: Sequence[int]) -> int:
    """How many tokens at the head are the same."""
    count = 0
    for one, other in zip(held, wanted, strict=False):
        if one != other:
            break
        count += 1
    return count
