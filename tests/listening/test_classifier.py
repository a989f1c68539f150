"""The tuned classifier: how a turn is laid before it, what it says of damage, how it is taught."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from trainer.engines.catalog import Catalog
from trainer.errors import ModelUnavailable
from trainer.listening import tuning
from trainer.listening.bert import Bert, quantized, read_tensors
from trainer.listening.classifier import HEARD_TOKENS, OUTPUTS, SAID_TOKENS, Classifier, pair
from trainer.listening.encoder import ENCODER_ID, Encoder
from trainer.listening.features import Situation
from trainer.listening.heads import default_folder
from trainer.listening.rows import OWN, Row
from trainer.pathway import Move

TEXTS = (
    "How many of those went out wrong?",
    "Okay.",
    "So it's the Mondays, and you're the one who stays till it's done.",
)


@pytest.fixture(scope="module")
def encoder_folder() -> Path:
    return Path(Catalog.load().require(ENCODER_ID))


@pytest.fixture(scope="module")
def encoder(encoder_folder: Path) -> Encoder:
    return Encoder.load(encoder_folder)


def row(number: int, text: str, moves: set[Move], origin: str = OWN) -> Row:
    return Row(
        id=str(number),
        origin=origin,
        group=f"{origin}:{number}",
        industry="payroll",
        situation=Situation(text, (("prospect", "It went out wrong again."),)),
        moves=frozenset(moves),
        known=frozenset(Move) if origin == OWN else frozenset({Move.REFLECTION}),
    )


def test_int8_blocks_say_nearly_what_the_float_model_says(
    encoder_folder: Path, encoder: Encoder
) -> None:
    """Against the same weights in 32-bit floats, run by transformers."""
    from transformers import AutoModel

    model = AutoModel.from_pretrained(encoder_folder, local_files_only=True, dtype="float32").eval()
    for text, ours in zip(TEXTS, encoder.encode(TEXTS), strict=True):
        with torch.inference_mode():
            ids = torch.tensor([encoder.tokenizer.encode(text).ids])
            theirs = model(input_ids=ids).last_hidden_state[0].mean(dim=0).numpy()
        assert ours @ theirs / np.linalg.norm(theirs) > 0.96


def test_a_machine_without_int8_kernels_hears_nearly_the_same(
    encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = encoder.tokenizer.encode(TEXTS[2]).ids
    fast = Bert(encoder.words, quantized(encoder.words)).hidden(tokens)
    monkeypatch.setattr("trainer.listening.bert._kernels", lambda: False)
    plain = Bert(encoder.words, quantized(encoder.words)).hidden(tokens)
    assert torch.nn.functional.cosine_similarity(fast, plain, dim=-1).min() > 0.95


def test_the_turn_is_read_after_the_prospects_last_words(encoder: Encoder) -> None:
    """Long words from the prospect lose their beginning, a long turn its end."""
    tokens, kinds = pair(
        encoder.tokenizer, Situation("and so " * 300, (("prospect", "well now " * 200),))
    )
    assert kinds == [0] * (HEARD_TOKENS + 2) + [1] * (SAID_TOKENS + 1)
    assert len(tokens) == len(kinds)
    alone, _ = pair(encoder.tokenizer, Situation("Hello.", ()))
    assert alone == pair(encoder.tokenizer, Situation("Hello.", (("rep", "Hm."),)))[0]


def test_a_missing_or_damaged_classifier_is_named(tmp_path: Path, encoder: Encoder) -> None:
    path = tmp_path / "classifier.safetensors"
    with pytest.raises(ModelUnavailable, match=r"classifier\.safetensors is missing; put back"):
        Classifier.load(encoder.tokenizer, encoder.words, path)
    path.write_bytes((default_folder() / path.name).read_bytes()[:500])
    with pytest.raises(ModelUnavailable, match="damaged"):
        Classifier.load(encoder.tokenizer, encoder.words, path)
    tensors = read_tensors(default_folder() / path.name, "")
    tensors["head.weight"] = tensors["head.weight"][:5]
    with pytest.raises(ModelUnavailable, match="doesn't fit this version"):
        Classifier.of(encoder.tokenizer, encoder.words, tensors, "a trial")


def test_tuning_learns_and_goes_on_where_it_was_cut_off(
    tmp_path: Path, encoder_folder: Path, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A laptop lid closes after the first epoch; what comes out is what would have come out."""
    rows = [row(k, f"Would you like to sign for {k} today?", {Move.ASK_FOR_SALE}) for k in range(8)]
    rows += [row(8 + k, f"It went out on the {k}th.", set()) for k in range(8)]
    rows += [row(20 + k, "So it went wrong.", {Move.REFLECTION}, "annomi") for k in range(4)]
    monkeypatch.setattr(tuning, "EPOCHS", 2)
    monkeypatch.setattr(tuning, "BATCH", 4)

    def tune(kept: Path) -> dict[str, np.ndarray]:
        return tuning.tune(rows, encoder.tokenizer, encoder_folder, kept, seed=1)

    straight = tune(tmp_path / "straight.safetensors")

    class LidClosed(Exception):
        pass

    real = tuning._keep

    def keep_and_stop(*state: Any) -> None:
        real(*state)
        raise LidClosed

    cut = tmp_path / "cut.safetensors"
    monkeypatch.setattr(tuning, "_keep", keep_and_stop)
    with pytest.raises(LidClosed):
        tune(cut)
    monkeypatch.setattr(tuning, "_keep", real)
    resumed = tune(cut)
    assert all(np.array_equal(straight[name], resumed[name]) for name in straight)
    classifier = Classifier.of(encoder.tokenizer, encoder.words, straight, "a trial")
    ask = OUTPUTS.index((OWN, Move.ASK_FOR_SALE))
    asked = classifier.scores(Situation("Would you like to sign for it?", ()))[ask]
    told = classifier.scores(Situation("It went out late.", ()))[ask]
    assert asked > told
