"""How well scores agree with labels: thresholds, precision, recall, F1, average precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Figure:
    """One move's agreement: how many rows hold it, and how it was found."""

    rows: int
    precision: float
    recall: float
    f1: float
    average_precision: float


def average_precision(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> float:
    """Area under precision over recall, as a step sum; ties keep the order of the rows."""
    if not truth.any():
        return 0.0
    order = np.argsort(-scores, kind="stable")
    hits = truth[order]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def figure(
    truth: NDArray[np.bool_], held: NDArray[np.bool_], scores: NDArray[np.float64]
) -> Figure:
    """Agreement of the held labels with the truth, and of the scores' order."""
    right = int((truth & held).sum())
    precision = right / max(int(held.sum()), 1)
    recall = right / max(int(truth.sum()), 1)
    return Figure(
        rows=int(truth.sum()),
        precision=precision,
        recall=recall,
        f1=f1(truth, held),
        average_precision=average_precision(truth, scores),
    )


def f1(truth: NDArray[np.bool_], held: NDArray[np.bool_]) -> float:
    """2 x right / (held + true), over all entries handed in."""
    total = int(truth.sum()) + int(held.sum())
    return 2 * int((truth & held).sum()) / total if total else 0.0


def best_threshold(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], *, precision: float | None = None
) -> float:
    """The score from which to hold a move: highest F1, or highest recall at a wanted precision.

    Half-way between two scores, so that rounding does not move a row across. With a wanted
    precision that no threshold reaches, the one nearest to it among those with some recall.
    """
    if not truth.any():
        return float(scores.max(initial=0.0)) + 1.0
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], truth[order]
    right = np.cumsum(hits)
    count = np.arange(1, len(hits) + 1)
    distinct = np.append(ranked[:-1] > ranked[1:], True)
    if precision is None:
        goal = 2 * right / (count + truth.sum())
    else:
        exact = right / count
        enough = exact >= precision
        recall = right / truth.sum()
        goal = np.where(enough, 1 + recall, np.where(recall >= 0.25, exact, 0.0))
    goal = np.where(distinct, goal, -1.0)
    place = int(goal.argmax())
    after = ranked[place + 1] if place + 1 < len(ranked) else ranked[place] - 1.0
    return float((ranked[place] + after) / 2)
