"""What rounding costs: greedy answers of a prepared voice held to its weights, token by token."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.engines import preparation, weights
from trainer.engines.base import Prompt
from trainer.engines.local_engine import LocalEngine
from trainer.engines.preparation import Prepared

ANSWER = 40
"""Tokens of an answer, at most."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """How often the same answer came. Shares run from 0 to 1."""

    lines: int
    """Prompts answered."""
    same: float
    """The share answered alike to the last token."""
    tokens: float
    """The share of tokens that the weights would have chosen too, up to where an answer parts."""
    margin: float | None
    """Where one parts: the median probability by which the weights preferred another token."""


def rounding(prompts: Iterable[Prompt], model: str | None = None) -> Rounding:
    """Each prompt answered by the voice as it speaks, then read by its weights in float32: where
    their likeliest token is another, the answers part. Raises ``ModelUnavailable``."""
    import torch

    source = weights.find(model)
    made = preparation.prepared(source)
    engine = LocalEngine(made, name=source.name, card=source.card)
    exact, tokenizer = weights.load(source)
    exact = exact.float().eval()
    agreed: list[int] = []
    lengths: list[int] = []
    margins: list[float] = []
    for prompt in prompts:
        asked = tokenizer(engine.written(prompt), add_special_tokens=False)["input_ids"]
        answer = greedy(made, asked)
        with torch.inference_mode():
            scores = exact(torch.tensor([asked + answer]), use_cache=False).logits[0]
        chances = scores[len(asked) - 1 : -1].softmax(-1).numpy()
        parts = [int(row.argmax()) != token for row, token in zip(chances, answer, strict=True)]
        alike = parts.index(True) if any(parts) else len(answer)
        agreed.append(alike)
        lengths.append(len(answer))
        if alike < len(answer):
            row = chances[alike]
            margins.append(float(row.max() - row[answer[alike]]))
    return Rounding(
        lines=len(lengths),
        same=sum(a == b for a, b in zip(agreed, lengths, strict=True)) / len(lengths),
        tokens=sum(agreed) / (sum(agreed) + len(margins)),
        margin=statistics.median(margins) if margins else None,
    )


def greedy(made: Prepared, asked: Sequence[int]) -> list[int]:
    """The likeliest answer, the token that ends it included; ``ANSWER`` tokens at most."""
    logits = made.backend.take_in(asked)
    answer: list[int] = []
    while logits is not None and len(answer) < ANSWER:
        answer.append(int(np.argmax(logits)))
        if answer[-1] in made.ends:
            break
        logits = made.backend.extend(answer[-1])
    return answer
