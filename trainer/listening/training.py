"""Trains the listener and writes what it can do into its card.

``python -m trainer.listening.training --kept DIR [--shared DIR]`` reads the corpus under
``models/listening/corpus``, with ``--shared`` also the sets of other people's labelled turns. It
tunes the classifier once on all rows and once with each of ``PARTS`` parts left out, fits the heads
likewise, mixes both by the scores of rows that neither had seen, and writes
``classifier.safetensors``, ``heads.safetensors``, ``heads.json`` and the figures in ``CARD.md``.

The tuning takes about an hour and a quarter on two cores; each of its runs is kept in ``DIR`` and
resumed from its last whole epoch. ``--tune part-0`` (``part-1``..., ``whole``) does one run and
stops, so that several can go side by side. Needs scikit-learn (``pip install
earned-close[training]``).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.errors import TrainerError, UnreadableInput
from trainer.listening import card
from trainer.listening.bert import read_tensors
from trainer.listening.classifier import OUTPUTS, Classifier
from trainer.listening.encoder import ENCODER_ID, Encoder
from trainer.listening.features import NAMES, terms
from trainer.listening.heads import (
    Heads,
    Scaling,
    columns,
    default_folder,
    mixed,
    space_of,
    write_atomically,
)
from trainer.listening.measures import best_threshold
from trainer.listening.rows import ORIGINS, OWN, Row, read_corpus, read_shared
from trainer.listening.tuning import tune
from trainer.pathway import Move

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 20_261
PARTS = 3
"""In how many parts the data are cut for cross-validation: our own rows by industry, so that a
part's trades are never seen, those of the shared sets by conversation."""
WHOLE = "whole"
STRENGTH = 1.0
"""Inverse strength of the L2 penalty (scikit-learn's C)."""
SHARED_WEIGHT = 0.3
"""How much a row of the shared sets counts beside one of our own."""
LEAST_DF = {"w": 3, "p": 4, "c": 8}
"""In how many rows a term must occur to enter the vocabulary, by its space."""
WANTED_PRECISION = {Move.ASK_FOR_SALE: 0.95, Move.PRESSURE: 0.8}
"""Moves whose false alarm costs more than a miss: heard in error, an ask or a push takes away an
earned close. The rest are held where F1 is highest."""


@dataclass(frozen=True, slots=True)
class Data:
    """Rows with all that the heads are trained from, row by row."""

    rows: list[Row]
    plain: NDArray[np.float64]
    """(rows, ``NAMES``)"""
    terms: list[list[str]]
    truth: NDArray[np.bool_]
    """(rows, moves)"""
    known: NDArray[np.bool_]
    """(rows, moves): whether that move was labelled at all."""
    weight: NDArray[np.float64]

    @classmethod
    def of(cls, rows: list[Row]) -> Data:
        """Find the features of rows."""
        return cls(
            rows=rows,
            plain=np.array([columns(row.situation) for row in rows]).reshape(-1, len(NAMES)),
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
    plain = data.plain[own if own.any() else slice(None)]
    return Scaling(
        mean=plain.mean(axis=0),
        scale=plain.std(axis=0) + 1e-3,
        idf=np.array([math.log((1 + total) / (1 + seen[term])) + 1 for term in kept]),
        vocabulary={term: place for place, term in enumerate(kept)},
    )


def fit(data: Data) -> Heads:
    """Train every head on the rows that know its move; not yet mixed.

    All heads at once, by L-BFGS on the penalised logistic loss (the penalty spares the bias).
    """
    from scipy.optimize import minimize  # type: ignore[import-untyped]

    scaling = fit_scaling(data)
    plain = scaling.plain(data.plain).astype(np.float32)
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
        mix=np.tile(np.eye(1, 4), (len(ORIGINS), moves, 1)),
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
    plain = heads.scaling.plain(data.plain)
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


def fit_mix(
    data: Data, scores: NDArray[np.float64], tuned: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mixture and the limits, from scores of rows that neither heads nor classifier had seen.

    Mixture (origins, moves, 4): for each kind of talk a logistic regression on its own rows; where
    its annotators didn't label a move, it is read as in ours. Limits (moves,): the log odds from
    which to hold a move, chosen on our own rows. Other people's readings are shifted so that these
    same limits serve them best: how often their annotators saw a move is theirs too.
    """
    from sklearn.linear_model import LogisticRegression

    mix = np.tile(np.eye(1, 4), (len(ORIGINS), len(Move), 1))
    limits = np.zeros(len(Move))
    for kind, origin in enumerate(ORIGINS):
        of_kind = data.where(origin)
        for place, move in enumerate(Move):
            rows = np.flatnonzero(of_kind & data.known[:, place])
            truth = data.truth[rows, place]
            if truth.all() or not truth.any():
                mix[kind, place] = mix[0, place]
                continue
            given = [scores[rows, place], tuned[rows, place]]
            if origin != OWN:
                given.append(tuned[rows, OUTPUTS.index((origin, move))])
            model = LogisticRegression(C=1e3, max_iter=1000)
            odds = model.fit(np.column_stack(given), truth).decision_function(
                np.column_stack(given)
            )
            mix[kind, place] = 0.0
            mix[kind, place, : len(given)] = model.coef_[0]
            mix[kind, place, -1] = model.intercept_[0]
            if origin == OWN:
                wanted = WANTED_PRECISION.get(move)
                limits[place] = best_threshold(truth, odds, precision=wanted)
            else:
                mix[kind, place, -1] += limits[place] - best_threshold(truth, odds)
    return mix, limits


def cross_mixed(
    data: Data,
    scores: NDArray[np.float64],
    tuned: NDArray[np.float64],
    parts: Sequence[NDArray[np.int64]],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Log odds and labels of every row by a mixture and limits fitted on the other parts."""
    odds = np.zeros_like(scores)
    held = np.zeros_like(data.truth)
    for part in parts:
        others = np.setdiff1d(np.arange(len(data.rows)), part)
        mix, limits = fit_mix(data.pick(others), scores[others], tuned[others])
        odds[part] = mixed(scores[part], tuned[part], mix)
        held[part] = odds[part] >= limits
    return odds, held


def ship(data: Data, mix: NDArray[np.float64], limits: NDArray[np.float64]) -> Heads:
    """The heads that ship: trained on all rows; ``limits``: the log odds from which to hold."""
    raw = fit(data)
    return Heads(
        scaling=raw.scaling,
        plain_weights=raw.plain_weights,
        term_weights=raw.term_weights,
        bias=raw.bias,
        mix=mix,
        thresholds=1 / (1 + np.exp(-limits)),
        about={"seed": SEED, "rows": Counter(row.origin for row in data.rows)},
    )


def tuned_scores(
    rows: Sequence[Row], encoder: Encoder, tuned: dict[str, NDArray[Any]]
) -> NDArray[np.float64]:
    """The classifier's scores of rows, (rows, outputs)."""
    classifier = Classifier.of(encoder.tokenizer, encoder.words, tuned, "the tuned classifier")
    return np.array([classifier.scores(row.situation) for row in rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m trainer.listening.training")
    parser.add_argument("--kept", type=Path, required=True, help="a folder for what is under way")
    parser.add_argument("--shared", type=Path, help="folder of the shared sets, with moves/*.jsonl")
    parser.add_argument("--encoder", type=Path, help="folder of the encoder's files")
    parser.add_argument("--folder", type=Path, default=default_folder())
    runs = [*(f"part-{part}" for part in range(PARTS)), WHOLE]
    parser.add_argument("--tune", choices=runs, help="do this run of the tuning and stop")
    options = parser.parse_args(arguments)
    try:
        _Training(options.folder, options.shared, options.encoder, options.kept).run(options.tune)
    except TrainerError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


class _Training:
    """One training: its data, its parts and the runs kept so far."""

    def __init__(
        self, folder: Path, shared: Path | None, encoder_folder: Path | None, kept: Path
    ) -> None:
        if encoder_folder is None:
            from trainer.engines.catalog import Catalog

            encoder_folder = Path(Catalog.load().require(ENCODER_ID))
        self.folder, self.kept, self.encoder_folder = folder, kept, encoder_folder
        kept.mkdir(parents=True, exist_ok=True)
        self.encoder = Encoder.load(encoder_folder)
        self.rows = read_corpus(sorted((folder / "corpus").glob("part-*.jsonl")))
        self.rows += read_shared(shared) if shared else []
        self.parts = list(folds_by([_unseen(row) for row in self.rows], PARTS, SEED))

    def run(self, only: str | None) -> None:
        """The whole training, or one run of the tuning."""
        if only:
            self.tuned(only)
            return
        tuned = np.zeros((len(self.rows), len(OUTPUTS)))
        for number, part in enumerate(self.parts):
            tuned[part] = self._scores_of(f"part-{number}", part)
        whole = self.tuned(WHOLE)
        data = Data.of(self.rows)
        path = self.kept / "heads.scores.safetensors"
        if not path.is_file():
            write_safely(path, {"scores": cross_scores(data, self.parts)})
        scores = read_tensors(path, "delete it")["scores"]
        heads = ship(data, *fit_mix(data, scores, tuned))
        write_safely(self.folder / "classifier.safetensors", whole)
        heads.save(self.folder)
        self._describe(data, scores, tuned, heads)

    def tuned(self, run: str) -> dict[str, NDArray[Any]]:
        """The tuned tensors of a run: kept ones where they were made from these very rows."""
        path = self.kept / f"{run}.safetensors"
        left_out = set() if run == WHOLE else set(self.parts[int(run[-1])].tolist())
        rows = [row for place, row in enumerate(self.rows) if place not in left_out]
        mark = hashlib.sha256(repr([(r.id, sorted(r.moves)) for r in rows]).encode()).hexdigest()
        marked = self.kept / f"{run}.json"
        if marked.is_file() and json.loads(marked.read_text(encoding="utf-8")) != {"rows": mark}:
            raise UnreadableInput(
                "was kept from a training on other rows; name another folder, or delete its files",
                path=self.kept,
            )
        write_atomically(marked, json.dumps({"rows": mark}).encode())
        if path.is_file():
            return read_tensors(path, "delete it")
        tensors = tune(
            rows,
            self.encoder.tokenizer,
            self.encoder_folder,
            self.kept / f"{run}.under-way.safetensors",
            seed=SEED,
            say=lambda text: _say(f"{run}: {text}"),
        )
        write_safely(path, tensors)
        return tensors

    def _scores_of(self, run: str, part: NDArray[np.int64]) -> NDArray[np.float64]:
        path = self.kept / f"{run}.scores.safetensors"
        tensors = self.tuned(run)
        if not path.is_file():
            rows = [self.rows[place] for place in part]
            write_safely(path, {"scores": tuned_scores(rows, self.encoder, tensors)})
        return read_tensors(path, "delete it")["scores"]

    def _describe(
        self,
        data: Data,
        scores: NDArray[np.float64],
        tuned: NDArray[np.float64],
        heads: Heads,
    ) -> None:
        """Measure, and write the card."""
        own = np.flatnonzero(data.where(OWN))
        odds, held = cross_mixed(data, scores, tuned, self.parts)
        truth = data.truth[own]
        sections = [card.about(data, SEED, heads, self.folder)]
        sections.append(
            card.choice(
                truth,
                own_parts_of([np.intersect1d(part, own) for part in self.parts], own),
                scores[own],
                tuned[own][:, : len(Move)],
                odds[own],
            )
        )
        sections.append(card.agreement("Cross-validated by industry", truth, held[own], odds[own]))
        sections.append(card.borders(truth, held[own]))
        finished = Heads.load(self.folder)
        limits = np.log(finished.thresholds / (1 - finished.thresholds))
        whole = read_tensors(self.folder / "classifier.safetensors", "train again")
        for title, path in (
            ("Held out", self.folder / "corpus" / "heldout.jsonl"),
            ("Test lines by fresh hands", self.folder / "test-lines.jsonl"),
        ):
            if path.is_file():
                aside = Data.of(read_corpus([path]))
                aside_odds = mixed(
                    raw_scores(finished, aside),
                    tuned_scores(aside.rows, self.encoder, whole),
                    finished.mix,
                )
                sections.append(
                    card.agreement(title, aside.truth, aside_odds >= limits, aside_odds)
                )
        sections.append(card.shared(data, odds, held))
        card.write(self.folder / "CARD.md", sections)
        _say("\n\n".join(sections))


def _unseen(row: Row) -> str:
    """What is never split between training and measuring."""
    return f"{OWN}:{row.industry}" if row.origin == OWN else row.group


def own_parts_of(
    parts: Sequence[NDArray[np.int64]], own: NDArray[np.int64]
) -> list[NDArray[np.int64]]:
    """Parts given as numbers of all rows, as numbers among our own rows."""
    return [np.searchsorted(own, part) for part in parts]


def write_safely(path: Path, tensors: dict[str, NDArray[Any]]) -> None:
    """Write tensors as safetensors, whole or not at all."""
    from safetensors.numpy import save

    write_atomically(path, save(tensors))


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
