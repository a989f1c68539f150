"""Choosing the next token: temperature, nucleus, penalties on what was already drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainer.engines.backend import Logits
from trainer.engines.base import Sampling

NO_REPEAT = 4
"""No run of so many tokens is drawn twice in one answer."""

_LIKELIEST = 256  # the nucleus lies well inside
_REACH = 12.0  # a token so far below the likeliest has a chance of e to the minus so many


class Sampler:
    """Draws one answer's tokens. The same seed, row and logits give the same answer.

    Penalties look at the answer alone, never at the prompt: the words of a fact stand in the
    prompt and are wanted in the answer.
    """

    def __init__(self, sampling: Sampling, *, row: int = 0, never: Sequence[int] = ()) -> None:
        self.drawn: list[int] = []
        self._sampling = sampling
        self._never = np.array(list(never), dtype=np.int64)
        self._chance = np.random.default_rng([sampling.seed, row])

    def next(self, logits: Logits) -> int:
        """The next token, from ``logits`` (vocabulary,). Remembers it as drawn."""
        scores = logits.copy()
        scores[self._never] = -np.inf
        self._penalise(scores)
        token = self._choose(scores)
        self.drawn.append(token)
        return token

    def _penalise(self, scores: Logits) -> None:
        penalty = self._sampling.repetition_penalty
        if penalty != 1 and self.drawn:
            seen = np.unique(self.drawn)
            values = scores[seen]
            scores[seen] = np.where(values > 0, values / penalty, values * penalty)
        tail = self.drawn[-(NO_REPEAT - 1) :]
        for start in range(len(self.drawn) - NO_REPEAT + 1):
            if self.drawn[start : start + NO_REPEAT - 1] == tail:
                scores[self.drawn[start + NO_REPEAT - 1]] = -np.inf

    def _choose(self, scores: Logits) -> int:
        temperature = self._sampling.temperature
        if temperature <= 0:
            return int(scores.argmax())
        kept = np.flatnonzero(scores > scores.max() - _REACH * temperature)
        if len(kept) > _LIKELIEST:
            kept = kept[np.argpartition(-scores[kept], _LIKELIEST)[:_LIKELIEST]]
        kept = kept[np.argsort(-scores[kept], kind="stable")]
        chances = np.exp((scores[kept].astype(np.float64) - scores[kept[0]]) / temperature)
        chances /= chances.sum()
        upto = chances.cumsum()
        inside = int((upto - chances < self._sampling.top_p).sum())
        drawn = self._chance.random() * upto[inside - 1]
        return int(kept[min(int(upto.searchsorted(drawn, side="right")), inside - 1)])
