"""Heads: numbers on disk become moves, and damage is said plainly."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from trainer.errors import ModelUnavailable
from trainer.listening.classifier import OUTPUTS
from trainer.listening.encoder import Encoder
from trainer.listening.features import NAMES, Situation
from trainer.listening.heads import Heads, Scaling, default_folder
from trainer.listening.listener import EncoderListener
from trainer.listening.rows import ORIGINS
from trainer.pathway import Move


def small_heads() -> Heads:
    """Heads that hear ``ask_for_sale`` in the words "go ahead", and nothing else."""
    vocabulary = {"w:go ahead": 0, "w:payroll": 1}
    moves = len(Move)
    term_weights = np.zeros((moves, 2))
    term_weights[list(Move).index(Move.ASK_FOR_SALE), 0] = 8.0
    return Heads(
        scaling=Scaling(np.zeros(len(NAMES)), np.ones(len(NAMES)), np.ones(2), vocabulary),
        plain_weights=np.zeros((moves, len(NAMES))),
        term_weights=term_weights,
        bias=np.full(moves, -4.0),
        mix=np.tile(np.eye(1, 4), (len(ORIGINS), moves, 1)),
        thresholds=np.full(moves, 0.5),
        about={"seed": 1},
    )


NOTHING = np.zeros(len(OUTPUTS))
"""A classifier that heard nothing either way."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small_heads().save(tmp_path)
    return tmp_path


def test_heads_read_the_same_from_disk(folder: Path) -> None:
    """What was trained is what is used: written and read back, the probabilities agree."""
    turn = Situation("Shall we go ahead?")
    before = small_heads().probabilities(turn, NOTHING)
    loaded = Heads.load(folder)
    assert loaded.probabilities(turn, NOTHING) == before
    assert loaded.held(before) == {Move.ASK_FOR_SALE}
    assert loaded.held(loaded.probabilities(Situation("Okay."), NOTHING)) == frozenset()


def test_every_move_gets_a_probability(folder: Path) -> None:
    found = Heads.load(folder).probabilities(Situation("Go ahead"), NOTHING)
    assert set(found) == set(Move)
    assert all(0 <= value <= 1 for value in found.values())


def test_the_classifier_is_heard_beside_the_heads() -> None:
    """One probability a move, from both: an ask that only the classifier hears is an ask."""
    heads = small_heads()
    ask = OUTPUTS.index(("own", Move.ASK_FOR_SALE))
    heads.mix[:, ask, 1] = 1.0
    heard = np.zeros(len(OUTPUTS))
    heard[ask] = 8.0
    turn = Situation("Will that be the blue one?")
    assert heads.held(heads.probabilities(turn, NOTHING)) == frozenset()
    assert heads.held(heads.probabilities(turn, heard)) == {Move.ASK_FOR_SALE}


def test_other_peoples_borders_hold_in_their_kind_of_talk_alone() -> None:
    """What counsellors call a reflection is one in counselling, and changes nothing in sales."""
    heads = small_heads()
    reflection = list(Move).index(Move.REFLECTION)
    heads.mix[ORIGINS.index("annomi"), reflection] = [0.0, 0.0, 1.0, 0.0]
    turn = Situation("So it's the evenings.")

    def heard(kind: str) -> frozenset[Move]:
        scores = np.zeros(len(OUTPUTS))
        scores[OUTPUTS.index(("annomi", Move.REFLECTION))] = 6.0
        for origin in ORIGINS:
            scores[OUTPUTS.index((origin, None))] = 8.0 if origin == kind else -8.0
        return heads.held(heads.probabilities(turn, scores))

    assert heard("annomi") == {Move.REFLECTION}
    assert heard("own") == frozenset()


@pytest.mark.parametrize("name", ["heads.safetensors", "heads.json"])
def test_a_missing_file_is_named_with_its_mending(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelUnavailable, match=f"{name} is missing; put back"):
        Heads.load(folder)


@pytest.mark.parametrize("name", ["heads.safetensors", "heads.json"])
@pytest.mark.parametrize("kept", [0, 7, 200])
def test_a_file_cut_short_is_named(folder: Path, name: str, kept: int) -> None:
    """A download that broke off, a full disk."""
    path = folder / name
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelUnavailable, match=name):
        Heads.load(folder)


def test_heads_of_another_version_are_refused(folder: Path) -> None:
    """Names that no longer match the code would mislabel silently."""
    path = folder / "heads.json"
    names = json.loads(path.read_text())
    names["moves"] = names["moves"][::-1]
    path.write_text(json.dumps(names))
    with pytest.raises(ModelUnavailable, match="another version"):
        Heads.load(folder)


def test_files_that_do_not_go_together_are_refused(folder: Path) -> None:
    path = folder / "heads.json"
    names = json.loads(path.read_text())
    names["vocabulary"].append("w:more")
    path.write_text(json.dumps(names))
    with pytest.raises(ModelUnavailable, match="does not go with"):
        Heads.load(folder)


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    broken = small_heads()
    broken.bias[0] = np.nan
    broken.save(tmp_path)
    with pytest.raises(ModelUnavailable, match="damaged"):
        Heads.load(tmp_path)


def test_the_heads_that_ship_fit_this_version() -> None:
    loaded = Heads.load(default_folder())
    assert loaded.thresholds.shape == (len(Move),)


def test_a_missing_encoder_is_named_with_its_mending(tmp_path: Path) -> None:
    with pytest.raises(
        ModelUnavailable, match=r"model\.safetensors is missing; .*trainer models pull"
    ):
        Encoder.load(tmp_path)
    with pytest.raises(ModelUnavailable, match=r"model\.safetensors is missing"):
        EncoderListener.load(encoder_folder=tmp_path)


def test_a_damaged_encoder_is_named(tmp_path: Path) -> None:
    """A model file cut short: no traceback of torch's, but the folder and what to do."""
    (tmp_path / "tokenizer.json").write_text("{")
    (tmp_path / "model.safetensors").write_bytes(b"\x00" * 16)
    with pytest.raises(ModelUnavailable, match="trainer models pull"):
        Encoder.load(tmp_path)
