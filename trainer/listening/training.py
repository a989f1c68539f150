"""Trains the listening heads and writes what they can do into their card.

``python -m trainer.listening.training [--shared DIR]`` reads the corpus under
``models/listening/corpus``, with ``--shared`` also the sets of other people's labelled turns, and
writes ``heads.safetensors``, ``heads.json`` and the figures in ``CARD.md``. Needs scikit-learn
(``pip install earned-close[training]``). Same data and seed, same heads.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.errors import TrainerError
from trainer.listening import card
from trainer.listening.encoder import DIMENSIONS, ENCODER_ID, Encoder
from trainer.listening.features import terms
from trainer.listening.heads import (
    Heads,
    Scaling,
    Vectors,
    columns,
    default_folder,
    space_of,
    vector_texts,
    write_atomically,
)
from trainer.listening.measures import best_threshold
from trainer.listening.rows import OWN, Row, read_corpus, read_shared
from trainer.pathway import Move

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 20_261
FOLDS = 5
STRENGTH = 1.0
"""Inverse strength of the L2 penalty (scikit-learn's C)."""
SHARED_WEIGHT = 0.3
"""How much a row of the shared sets counts beside one of our own."""
LEAST_DF = {"w": 3, "p": 4, "c": 8}
"""In how many rows a term must occur to enter the vocabulary, by its space."""
WANTED_PRECISION = {
    Move.ASK_FOR_SALE: 0.95,
    Move.ASSUMPTIVE_CLOSE: 0.9,
    Move.PRESSURE: 0.8,
    Move.ARGUE: 0.8,
    Move.CHASING: 0.8,
    Move.DISPARAGE: 0.8,
    Move.DISCOUNTING: 0.8,
    Move.OVERPROMISE: 0.85,
}
"""Moves whose false alarm costs a rep more than a miss: heard in error, an ask, a push or an early
close takes away an earned one, and the rest cost a prospect's patience."""


@dataclass(frozen=True, slots=True)
class Data:
    """Rows with all that the heads are trained from, row by row."""

    rows: list[Row]
    plain: NDArray[np.float64]
    terms: list[list[str]]
    truth: NDArray[np.bool_]
    """(rows, moves)"""
    known: NDArray[np.bool_]
    """(rows, moves): whether that move was labelled at all."""
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, rows: list[Row], encoder: Encoder, kept: Path | None = None) -> Data:
        """Encode the rows and find their features; ``kept``: a file that remembers vectors."""
        texts = [text for row in rows for text in vector_texts(row.situation)]
        vectors = _encode(list(dict.fromkeys(texts)), encoder, kept)
        plain = np.zeros((len(rows), 0))
        if rows:
            plain = np.stack(
                [
                    columns(
                        row.situation,
                        Vectors(*(vectors[text] for text in vector_texts(row.situation))),
                    )
                    for row in rows
                ]
            )
        return cls(
            rows=rows,
            plain=plain,
            terms=[terms(row.situation) for row in rows],
            truth=np.array([[move in row.moves for move in Move] for row in rows], dtype=bool),
            known=np.array([[move in row.known for move in Move] for row in rows], dtype=bool),
            weight=np.array([1.0 if row.origin == OWN else SHARED_WEIGHT for row in rows]),
        )

    def pick(self, indices: NDArray[np.int64]) -> Data:
        """These rows alone."""
        return Data(
            [self.rows[index] for index in indices],
            self.plain[indices],
            [self.terms[index] for index in indices],
            self.truth[indices],
            self.known[indices],
            self.weight[indices],
        )

    def where(self, origin: str) -> NDArray[np.bool_]:
        """Which rows come from one set."""
        return np.array([row.origin == origin for row in self.rows], dtype=bool)


def _encode(
    texts: list[str], encoder: Encoder, kept: Path | None
) -> dict[str, NDArray[np.float32]]:
    """The vectors of texts, taken from the file ``kept`` where it has them, and added to it."""
    from safetensors.numpy import load_file, save

    names = {text: hashlib.sha256(text.encode()).hexdigest() for text in texts}
    stored = load_file(kept) if kept and kept.is_file() else {}
    missing = [text for text in texts if names[text] not in stored]
    for text, vector in zip(missing, encoder.encode(missing), strict=True):
        stored[names[text]] = vector
    if kept and missing:
        write_atomically(kept, save(stored))
    return {text: stored[names[text]] for text in texts}


def folds_by(groups: Sequence[str], count: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """``count`` parts of row numbers; a group lies whole in one part, parts are of like size."""
    sizes = Counter(groups)
    order = sorted(sizes)
    np.random.default_rng(seed).shuffle(order)
    order.sort(key=lambda group: -sizes[group])
    filled = [0] * count
    part_of: dict[str, int] = {}
    for group in order:
        part = filled.index(min(filled))
        part_of[group] = part
        filled[part] += sizes[group]
    parts = np.array([part_of[group] for group in groups])
    for part in range(count):
        yield np.flatnonzero(parts == part)


def fit_scaling(data: Data) -> Scaling:
    """Vocabulary, weights of terms, and the standardising of columns, from training rows alone."""
    own = data.where(OWN)
    seen: Counter[str] = Counter()
    for found, is_own in zip(data.terms, own, strict=True):
        if is_own or not own.any():
            seen.update(found)
    total = sum(1 for is_own in own if is_own or not own.any())
    kept = sorted(term for term, count in seen.items() if count >= LEAST_DF[space_of(term)])
    tail = data.plain[own if own.any() else slice(None), 4 * DIMENSIONS :]
    return Scaling(
        mean=tail.mean(axis=0),
        scale=tail.std(axis=0) + 1e-3,
        idf=np.array([math.log((1 + total) / (1 + seen[term])) + 1 for term in kept]),
        vocabulary={term: place for place, term in enumerate(kept)},
    )


def fit(data: Data) -> Heads:
    """Train every head on the rows that know its move; not yet calibrated.

    All heads at once, by L-BFGS on the penalised logistic loss (the penalty spares the bias).
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    scaling = fit_scaling(data)
    plain = np.stack([scaling.plain(row) for row in data.plain]).astype(np.float32)
    sparse = _term_matrix(scaling, data.terms)
    backwards = sparse.T.tocsr()
    width, size, moves = plain.shape[1], sparse.shape[1], len(Move)
    weight = (data.known * data.weight[:, None]).astype(np.float32)
    truth = data.truth.astype(np.float32)

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        point = flat.astype(np.float32).reshape(width + size + 1, moves)
        score = plain @ point[:width] + sparse @ point[width:-1] + point[-1]
        cost = weight * (np.logaddexp(0, score) - truth * score)
        error = weight * (1 / (1 + np.exp(-score)) - truth)
        slope = np.concatenate([plain.T @ error, backwards @ error, error.sum(axis=0)[None]])
        slope[:-1] += point[:-1] / STRENGTH
        penalty = 0.5 * float((point[:-1].astype(np.float64) ** 2).sum()) / STRENGTH
        return float(cost.sum(dtype=np.float64)) + penalty, slope.astype(np.float64).ravel()

    start = np.zeros((width + size + 1, moves))
    start[-1] = -3.0
    found = minimize(
        loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 150, "ftol": 1e-7}
    )
    weights = found.x.reshape(width + size + 1, moves)
    return Heads(
        scaling=scaling,
        plain_weights=weights[:width].T.copy(),
        term_weights=weights[width:-1].T.copy(),
        bias=weights[-1].copy(),
        platt=np.tile([1.0, 0.0], (moves, 1)),
        thresholds=np.full(moves, 0.5),
    )


def _term_matrix(scaling: Scaling, rows: Sequence[Sequence[str]]) -> Any:
    """The terms of many rows as one sparse matrix, (rows, vocabulary)."""
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    found = [scaling.weighed(row) for row in rows]
    places = np.concatenate([places for places, _ in found])
    weights = np.concatenate([weights for _, weights in found]).astype(np.float32)
    starts = np.cumsum([0] + [len(places) for places, _ in found])
    return csr_matrix((weights, places, starts), (len(rows), len(scaling.vocabulary)))


def raw_scores(heads: Heads, data: Data) -> NDArray[np.float64]:
    """The heads' raw scores of encoded rows, (rows, moves)."""
    plain = np.stack([heads.scaling.plain(row) for row in data.plain])
    known_terms = _term_matrix(heads.scaling, data.terms) @ heads.term_weights.T
    scores: NDArray[np.float64] = plain @ heads.plain_weights.T + known_terms + heads.bias
    return scores


def cross_scores(data: Data, parts: Sequence[NDArray[np.int64]]) -> NDArray[np.float64]:
    """Raw scores of every row in a part by heads trained on all the other rows."""
    out = np.zeros((len(data.rows), len(Move)))
    for part in parts:
        others = np.setdiff1d(np.arange(len(data.rows)), part)
        out[part] = raw_scores(fit(data.pick(others)), data.pick(part))
    return out


def fit_platt(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """The line that turns one move's scores into probabilities."""
    from sklearn.linear_model import LogisticRegression

    if truth.all() or not truth.any():
        return np.array([1.0, 0.0])
    model = LogisticRegression(C=1e3).fit(scores.reshape(-1, 1), truth)
    return np.array([float(model.coef_[0, 0]), float(model.intercept_[0])])


def thresholds_from(truth: NDArray[np.bool_], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each move, the score from which to hold it."""
    return np.array(
        [
            best_threshold(truth[:, place], scores[:, place], precision=WANTED_PRECISION.get(move))
            for place, move in enumerate(Move)
        ]
    )


def held_across(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], parts: Sequence[NDArray[np.int64]]
) -> NDArray[np.bool_]:
    """Labels of every row by thresholds chosen on the other parts: none on the row itself."""
    held = np.zeros_like(truth)
    everything = np.concatenate(list(parts))
    for part in parts:
        others = np.setdiff1d(everything, part)
        held[part] = scores[part] >= thresholds_from(truth[others], scores[others])
    return held


def train(data: Data, scores: NDArray[np.float64], about: dict[str, object]) -> Heads:
    """The heads that ship: trained on all rows, calibrated on cross-validated scores of our own."""
    raw = fit(data)
    own = data.where(OWN)
    truth, own_scores = data.truth[own], scores[own]
    platt = np.stack([fit_platt(truth[:, k], own_scores[:, k]) for k in range(len(Move))])
    limits = thresholds_from(truth, own_scores)
    line = limits * platt[:, 0] + platt[:, 1]
    return Heads(
        scaling=raw.scaling,
        plain_weights=raw.plain_weights,
        term_weights=raw.term_weights,
        bias=raw.bias,
        platt=platt,
        thresholds=1 / (1 + np.exp(-line)),
        about=about,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m trainer.listening.training")
    parser.add_argument("--shared", type=Path, help="folder of the shared sets, with moves/*.jsonl")
    parser.add_argument("--encoder", type=Path, help="folder of the encoder's files")
    parser.add_argument("--folder", type=Path, default=default_folder())
    parser.add_argument("--vectors", type=Path, help="a file that remembers vectors between runs")
    options = parser.parse_args(arguments)
    try:
        _run(options.folder, options.shared, options.encoder, options.vectors)
    except TrainerError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _run(
    folder: Path, shared: Path | None, encoder_folder: Path | None, vectors: Path | None
) -> None:
    if encoder_folder is None:
        from trainer.engines.catalog import Catalog

        encoder_folder = Path(Catalog.load().require(ENCODER_ID))
    encoder = Encoder.load(encoder_folder)
    rows = read_corpus(sorted((folder / "corpus").glob("part-*.jsonl")))
    rows += read_shared(shared) if shared else []
    data = Data.of(rows, encoder, vectors)
    parts = list(folds_by([row.group for row in rows], FOLDS, SEED))
    scores = cross_scores(data, parts)
    own = np.flatnonzero(data.where(OWN))
    heads = train(data, scores, {"seed": SEED, "rows": Counter(row.origin for row in rows)})
    heads.save(folder)
    _say(f"trained on {len(rows)} rows; measuring")

    held = np.zeros_like(data.truth)
    own_parts = [np.intersect1d(part, own) for part in parts]
    held[own] = held_across(data.truth, scores, own_parts)[own]
    sections = [card.about(data, SEED, heads, folder)]
    sections.append(
        card.agreement("Cross-validated by call", data.truth[own], held[own], scores[own])
    )
    sections.append(card.borders(data.truth[own], held[own]))
    sections.append(card.industries(*_by_industry(data)))
    heldout = folder / "corpus" / "heldout.jsonl"
    if heldout.is_file():
        aside = Data.of(read_corpus([heldout]), encoder)
        finished = Heads.load(folder)
        aside_scores = raw_scores(finished, aside)
        limits = _score_limits(finished)
        sections.append(
            card.agreement("Held out", aside.truth, aside_scores >= limits, aside_scores)
        )
    sections.append(card.shared(data, scores, _score_limits(heads)))
    card.write(folder / "CARD.md", sections)
    _say("\n\n".join(sections))


def _score_limits(heads: Heads) -> NDArray[np.float64]:
    """The heads' thresholds as raw scores."""
    odds = np.log(heads.thresholds / (1 - heads.thresholds))
    limits: NDArray[np.float64] = (odds - heads.platt[:, 1]) / heads.platt[:, 0]
    return limits


def _by_industry(data: Data) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Truth and labels of our own rows by heads that never saw their industry."""
    own = data.where(OWN)
    names = sorted({row.industry for row, mine in zip(data.rows, own, strict=True) if mine})
    parts = [
        np.array(
            [i for i, row in enumerate(data.rows) if own[i] and row.industry in names[k::FOLDS]]
        )
        for k in range(FOLDS)
    ]
    scores = cross_scores(data, parts)
    held = held_across(data.truth, scores, parts)
    return data.truth[own], held[own]


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
