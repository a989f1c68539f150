"""The arithmetic of agreement: kappa, calibration, AUC, and intervals by resampling groups.

Every share is a sum over a sum, so a resample of the groups needs only each group's sums. That
keeps a thousand resamples cheap and the resampled figure the same as the figure itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONFIDENCE = 0.95
BINS = 10
"""Reliability bins of equal width."""

_AT_ONCE = 4_000_000
"""How many draws are held in memory at a time."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval. None where nothing was there to measure."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    """How many labelled things it rests on."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The probabilities that fell into one stretch: what was claimed and what came true."""

    low: float
    high: float
    n: int
    claimed: float | None
    """Mean probability."""
    true: float | None
    """Share of rows that hold the move."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far probabilities are from frequencies."""

    error: float | None
    """Expected calibration error: the gap of each bin, weighted by its rows."""
    bins: tuple[Bin, ...]
    n: int


def kappa(table: NDArray[np.int64]) -> float | None:
    """Cohen's kappa of a square table (person's answer by machine's answer), -1 to 1.

    None where chance alone would agree always: nothing could be told apart.
    Source: Cohen 1960, A coefficient of agreement for nominal scales.
    """
    total = table.sum()
    if not total:
        return None
    seen = np.trace(table) / total
    chance = float(table.sum(axis=0) @ table.sum(axis=1)) / total**2
    return None if chance == 1 else float((seen - chance) / (1 - chance))


def calibration(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> Calibration:
    """Reliability of probabilities ``scores`` over ``BINS`` bins of equal width."""
    place = np.minimum((scores * BINS).astype(int), BINS - 1)
    bins = []
    gap = 0.0
    for number in range(BINS):
        inside = place == number
        n = int(inside.sum())
        claimed = float(scores[inside].mean()) if n else None
        true = float(truth[inside].mean()) if n else None
        if claimed is not None and true is not None:
            gap += n * abs(claimed - true)
        bins.append(Bin(number / BINS, (number + 1) / BINS, n, claimed, true))
    return Calibration(gap / len(truth) if len(truth) else None, tuple(bins), len(truth))


def auc(high: Sequence[float], low: Sequence[float]) -> float | None:
    """The chance that one of ``high`` scores above one of ``low``; a tie counts half."""
    if not high or not low:
        return None
    return float(_above(high, low).mean())


def _above(high: Sequence[float], low: Sequence[float]) -> NDArray[np.float64]:
    one, other = np.asarray(high)[:, None], np.asarray(low)[None, :]
    return np.asarray((one > other) + 0.5 * (one == other), dtype=np.float64)


def resampled(sums: NDArray[np.float64], resamples: int, seed: int) -> NDArray[np.float64]:
    """Sums over groups drawn with replacement: (groups, k) in, (resamples, k) out."""
    groups = len(sums)
    drawing = np.random.default_rng(seed)
    out = np.zeros((resamples, sums.shape[1]))
    if not groups:
        return out
    step = max(1, _AT_ONCE // groups)
    for begin in range(0, resamples, step):
        count = min(step, resamples - begin)
        drawn = drawing.multinomial(groups, np.full(groups, 1 / groups), size=count)
        out[begin : begin + count] = drawn @ sums
    return out


def auc_estimate(
    high: Sequence[float], low: Sequence[float], resamples: int, seed: int
) -> Estimate:
    """``auc`` with its interval, each value being one group."""
    n = len(high) + len(low)
    if not high or not low:
        return Estimate(None, None, None, n)
    drawn = resampled(np.eye(n), resamples, seed)
    mine, theirs = drawn[:, : len(high)], drawn[:, len(high) :]
    pairs = mine.sum(axis=1) * theirs.sum(axis=1)
    won = np.einsum("ri,ij,rj->r", mine, _above(high, low), theirs)
    return estimate(auc(high, low), ratio(won, pairs), n)


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """``part / whole``, and not-a-number where there is no whole."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(whole > 0, part / whole, np.nan)


def estimate(value: float | None, draws: NDArray[np.float64], n: int) -> Estimate:
    """A figure with the middle 95 % of its resampled values (percentile bootstrap)."""
    there = draws[~np.isnan(draws)]
    if value is None or not len(there):
        return Estimate(value, None, None, n)
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(there, (tail, 1 - tail))
    return Estimate(value, float(low), float(high), n)
