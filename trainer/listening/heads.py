"""One logistic head a move over marks and terms, applied with numpy alone.

Two files, written by ``trainer.listening.training``: ``heads.safetensors`` with the numbers and
``heads.json`` with the names that go with them (moves, columns, vocabulary). Nothing in them is
code. Each turn is scored by itself, so that it scores the same in any company. A head's score and
the tuned classifier's are mixed into one probability, move by move.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer import locations
from trainer.errors import ModelUnavailable
from trainer.listening.classifier import OUTPUTS
from trainer.listening.encoder import ENCODER_ID
from trainer.listening.features import NAMES, Situation, dense, terms
from trainer.listening.rows import ORIGINS, OWN
from trainer.pathway import Move

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = 3
_MENDING = (
    "put back the files that came with this version, or train them again with: "
    "python -m trainer.listening.training"
)
_DECIMALS = 6

DENSE_WEIGHT = 0.15
TERM_WEIGHT = 2.0
_CAP = 4.0
_MOST = 30.0
"""Log odds beyond these make no difference."""
_OURS = slice(0, len(Move))
_KINDS = [OUTPUTS.index((origin, None)) for origin in ORIGINS]
_THEIRS = np.array(
    [
        [
            OUTPUTS.index((origin, move)) if origin != OWN and (origin, move) in OUTPUTS else -1
            for move in Move
        ]
        for origin in ORIGINS
    ]
)
"""(origins, moves): the output for the move by that kind's own labels; -1 where it has none."""


def default_folder() -> Path:
    """Where the heads that ship with this version lie."""
    return locations.bundled() / "models" / "listening"


def columns(situation: Situation) -> NDArray[np.float64]:
    """The columns of a situation, one for each of ``NAMES``, before standardising."""
    return np.array(dense(situation), dtype=np.float64)


def space_of(term: str) -> str:
    """Which group of terms a term is weighed within: the prospect's, characters, or the turn's."""
    return term[0] if term[0] in "pc" else "w"


@dataclass(frozen=True, slots=True)
class Scaling:
    """How columns and terms become the heads' input; learnt from the training part alone."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    idf: NDArray[np.float64]
    vocabulary: Mapping[str, int]

    def plain(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """The columns standardised and capped."""
        out: NDArray[np.float64] = np.clip((row - self.mean) / self.scale, -_CAP, _CAP)
        return out * DENSE_WEIGHT

    def weighed(self, found: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The places and weights of the terms that the vocabulary knows, unit length a space."""
        by_space: dict[str, list[int]] = {}
        for term in found:
            place = self.vocabulary.get(term)
            if place is not None:
                by_space.setdefault(space_of(term), []).append(place)
        places: list[int] = []
        weights: list[float] = []
        for space in sorted(by_space):
            idf = self.idf[by_space[space]]
            length = math.sqrt(math.fsum(idf * idf))
            places.extend(by_space[space])
            weights.extend(idf / length * TERM_WEIGHT)
        return np.array(places, dtype=np.int64), np.array(weights, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Heads:
    """All heads together: scores, calibrated probabilities, and the moves held to be present."""

    scaling: Scaling
    plain_weights: NDArray[np.float64]
    """(moves, ``NAMES``)"""
    term_weights: NDArray[np.float64]
    """(moves, vocabulary)"""
    bias: NDArray[np.float64]
    mix: NDArray[np.float64]
    """(origins, moves, 4): for each kind of talk, the weights of the head's score, of the
    classifier's output for the move as we label it, of its output for the move as that kind's
    labels have it, and a constant; see ``mixed``"""
    thresholds: NDArray[np.float64]
    """(moves,): the probability from which a move is held to be present."""
    about: Mapping[str, Any] = field(default_factory=dict)

    def scores(self, situation: Situation) -> NDArray[np.float64]:
        """The heads' own raw scores, one a move, in the order of ``Move``."""
        plain = self.scaling.plain(columns(situation))
        places, weights = self.scaling.weighed(terms(situation))
        total: NDArray[np.float64] = self.plain_weights @ plain + self.bias
        if len(places):
            total = total + self.term_weights[:, places] @ weights
        return total

    def probabilities(self, situation: Situation, tuned: NDArray[np.float64]) -> dict[Move, float]:
        """The calibrated probability of every move. ``tuned``: the classifier's scores."""
        odds = mixed(self.scores(situation), tuned, self.mix)
        return {
            move: round(float(value), _DECIMALS)
            for move, value in zip(Move, 1 / (1 + np.exp(-odds)), strict=True)
        }

    def held(self, probabilities: Mapping[Move, float]) -> frozenset[Move]:
        """The moves whose probability reaches their own threshold."""
        return frozenset(
            move
            for move, threshold in zip(Move, self.thresholds, strict=True)
            if probabilities[move] >= threshold
        )

    def save(self, folder: Path) -> None:
        """Write both files, each whole or not at all."""
        from safetensors.numpy import save

        tensors: dict[str, NDArray[Any]] = {
            "mean": self.scaling.mean.astype(np.float32),
            "scale": self.scaling.scale.astype(np.float32),
            "idf": self.scaling.idf.astype(np.float32),
            "plain_weights": self.plain_weights.astype(np.float16),
            "term_weights": self.term_weights.astype(np.float16),
            "bias": self.bias.astype(np.float32),
            "mix": self.mix.astype(np.float32),
            "thresholds": self.thresholds.astype(np.float32),
        }
        names = {
            "format": FORMAT,
            "encoder": ENCODER_ID,
            **self.about,
            "moves": [move.value for move in Move],
            "columns": list(NAMES),
            "vocabulary": sorted(self.scaling.vocabulary, key=self.scaling.vocabulary.__getitem__),
        }
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "heads.safetensors", save(tensors))
        text = json.dumps(names, ensure_ascii=False, indent=0)
        write_atomically(folder / "heads.json", text.encode("utf-8"))

    @classmethod
    def load(cls, folder: Path) -> Heads:
        """Read both files. Raises ``ModelUnavailable`` naming the one that is missing or "
        "damaged."""
        names = _names(folder / "heads.json")
        path = folder / "heads.safetensors"
        if not path.is_file():
            raise ModelUnavailable(f"{path} is missing; {_MENDING}")
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            raw = load(path.read_bytes())
            tensors = {name: array.astype(np.float64) for name, array in raw.items()}
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            raise ModelUnavailable(f"{path} is damaged ({error}); {_MENDING}") from error
        moves, size = len(Move), len(names["vocabulary"])
        wanted = {
            "mean": (len(NAMES),),
            "scale": (len(NAMES),),
            "idf": (size,),
            "plain_weights": (moves, len(NAMES)),
            "term_weights": (moves, size),
            "bias": (moves,),
            "mix": (len(ORIGINS), moves, 4),
            "thresholds": (moves,),
        }
        for name, shape in wanted.items():
            if name not in tensors or tensors[name].shape != shape:
                raise ModelUnavailable(
                    f"{path} does not go with {folder / 'heads.json'}: {name} should have the "
                    f"shape {shape}; {_MENDING}"
                )
            if not np.isfinite(tensors[name]).all():
                raise ModelUnavailable(f"{path} is damaged ({name} is no number); {_MENDING}")
        vocabulary = {term: place for place, term in enumerate(names["vocabulary"])}
        return cls(
            scaling=Scaling(tensors["mean"], tensors["scale"], tensors["idf"], vocabulary),
            plain_weights=tensors["plain_weights"],
            term_weights=tensors["term_weights"],
            bias=tensors["bias"],
            mix=tensors["mix"],
            thresholds=tensors["thresholds"],
            about={key: names[key] for key in names if key not in {"vocabulary", "columns"}},
        )


def mixed(
    scores: NDArray[np.float64], tuned: NDArray[np.float64], mix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log odds (..., moves) from heads' scores (..., moves) and classifier's (..., outputs).

    Each kind of talk has its own reading of a move, by its own labels where it has some; the
    readings are averaged by how much the turn is of each kind, as the classifier has it (a
    mixture of experts: Jacobs et al. 1991, with the gate trained on the sets' names).
    """
    share = 1 / (1 + np.exp(-tuned[..., _KINDS]))
    share = share / share.sum(axis=-1, keepdims=True)
    odds = (
        mix[..., 0] * scores[..., None, :]
        + mix[..., 1] * tuned[..., None, _OURS]
        + mix[..., 2] * np.where(_THEIRS >= 0, tuned[..., _THEIRS], 0.0)
        + mix[..., 3]
    )
    chance = (share[..., None] / (1 + np.exp(-np.clip(odds, -_MOST, _MOST)))).sum(axis=-2)
    found: NDArray[np.float64] = np.log(chance) - np.log1p(-chance)
    return found


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: to a neighbour first, then in its place."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _names(path: Path) -> dict[str, Any]:
    """The contents of ``heads.json``, checked against this version of the code."""
    if not path.is_file():
        raise ModelUnavailable(f"{path} is missing; {_MENDING}")
    try:
        names = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ModelUnavailable(f"{path} is damaged ({error}); {_MENDING}") from error
    if (
        not isinstance(names, dict)
        or names.get("format") != FORMAT
        or names.get("moves") != [move.value for move in Move]
        or names.get("columns") != list(NAMES)
        or not isinstance(names.get("vocabulary"), list)
        or not all(isinstance(term, str) and term for term in names["vocabulary"])
    ):
        raise ModelUnavailable(f"{path} was made for another version of the listener; {_MENDING}")
    return names
