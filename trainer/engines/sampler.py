"""Choosing the next token: temperature, nucleus, penalties on what was already drawn."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from trainer.engines.base import Sampling

NO_REPEAT = 4
"""No run of so many tokens is drawn twice in one answer."""


class Sampler:
    """Draws one answer's tokens. The same seed, row and logits give the same answer.

    Penalties look at the answer alone, never at the prompt: the words of a fact stand in the
    prompt and are wanted in the answer.
    """

    def __init__(self, sampling: Sampling, *, row: int = 0, never: Sequence[int] = ()) -> None:
        self.drawn: list[int] = []
        self._sampling = sampling
        self._never = torch.tensor(list(never), dtype=torch.long)
        self._chance = torch.Generator().manual_seed(sampling.seed * 1_000 + row)

    def next(self, logits: torch.Tensor) -> int:
        """The next token, from ``logits`` (vocabulary,). Remembers it as drawn."""
        scores = logits.detach().to("cpu", torch.float32, copy=True)
        scores[self._never] = -torch.inf
        self._penalise(scores)
        token = self._choose(scores)
        self.drawn.append(token)
        return token

    def _penalise(self, scores: torch.Tensor) -> None:
        penalty = self._sampling.repetition_penalty
        if penalty != 1 and self.drawn:
            seen = torch.tensor(sorted(set(self.drawn)))
            values = scores[seen]
            scores[seen] = torch.where(values > 0, values / penalty, values * penalty)
        tail = self.drawn[-(NO_REPEAT - 1) :]
        for start in range(len(self.drawn) - NO_REPEAT + 1):
            if self.drawn[start : start + NO_REPEAT - 1] == tail:
                scores[self.drawn[start + NO_REPEAT - 1]] = -torch.inf

    def _choose(self, scores: torch.Tensor) -> int:
        if self._sampling.temperature <= 0:
            return int(scores.argmax())
        kept, tokens = scores.topk(min(256, scores.shape[-1]))  # the nucleus lies well inside
        chances = torch.softmax(kept / self._sampling.temperature, dim=-1)
        before = chances.cumsum(dim=-1) - chances
        chances[before >= self._sampling.top_p] = 0
        return int(tokens[torch.multinomial(chances, 1, generator=self._chance)])
