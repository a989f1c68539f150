"""A voice tuned by an adapter: named by a card, merged once, and the same as peft would make it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM

from tests.engines import tiny
from trainer.engines import Message, Prompt, Sampling, weights
from trainer.engines.adapter import merge
from trainer.engines.catalog import Catalog, State
from trainer.engines.download import pull
from trainer.engines.local_engine import LocalEngine
from trainer.errors import ContentInvalid, ModelUnavailable

HELLO = Prompt([Message("user", "Hello?")])
WARM = Sampling(temperature=1.0, max_tokens=24, stop=())
TARGETS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return tiny.saved(tmp_path / "base")


def trained(base: Path, folder: Path, **settings: Any) -> Path:
    """An adapter of random weights, as training with peft would leave it."""
    torch.manual_seed(11)
    config = LoraConfig(r=4, lora_alpha=16, target_modules=TARGETS, **settings)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.1)
    model.save_pretrained(folder)
    return folder


def merged_by_peft(base: Path, adapter: Path) -> Any:
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    return PeftModel.from_pretrained(model, adapter).merge_and_unload()


def files(folder: Path) -> str:
    return "".join(
        f"\n    - {{name: {path.name}, size: {path.stat().st_size}, "
        f"sha256: {hashlib.sha256(path.read_bytes()).hexdigest()}}}"
        for path in sorted(folder.iterdir())
        if path.name.startswith("adapter_")
    )


@pytest.fixture
def cards(base: Path, home: Path) -> Path:
    """The user's own cards: a base, and an adapter that tunes it."""
    models = home / "library" / "models"
    models.mkdir(parents=True)
    head = "use: voice\ntitle: t\nlicence: l\nsize: 1\ncontext: 512\n"
    (models / "base.yaml").write_text(
        f"id: base\n{head}source: {{kind: path, path: {base}}}\n", "utf-8"
    )
    adapter = trained(base, models / "voice" / "adapter")
    (models / "tuned.yaml").write_text(
        f"id: tuned\n{head}source:\n  kind: adapter\n  base: base\n  folder: voice/adapter\n"
        f"  files:{files(adapter)}\n",
        "utf-8",
    )
    return models


@pytest.mark.parametrize("rooted", [False, True])
@pytest.mark.parametrize("layers", [None, [1]], ids=["all layers", "the upper layer"])
def test_it_is_merged_to_the_weights_that_peft_makes(
    tmp_path: Path, base: Path, rooted: bool, layers: list[int] | None
) -> None:
    adapter = trained(base, tmp_path / "made", use_rslora=rooted, layers_to_transform=layers)
    ours = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    before = {name: weight.clone() for name, weight in ours.state_dict().items()}
    merge(ours, adapter)
    wanted = merged_by_peft(base, adapter).state_dict()
    changed = 0
    for name, weight in ours.state_dict().items():
        torch.testing.assert_close(weight, wanted[name])
        changed += not torch.equal(weight, before[name])
    assert changed == (14 if layers is None else 7)


@pytest.mark.usefixtures("cards")
def test_a_tuned_voice_speaks_with_the_merged_weights_and_is_merged_once(
    base: Path, cards: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    engine = LocalEngine.load("tuned", progress=lambda what, *_: told.append(what))
    assert engine.name == "tuned"
    assert engine.how.startswith("onnxruntime")
    assert "preparing the voice, once" in told
    tokens = [5, 80, 120, 9]
    true = merged_by_peft(base, cards / "voice" / "adapter")
    with torch.inference_mode():
        wanted = true(torch.tensor([tokens])).logits[0, -1].numpy()
    off = engine._backend.take_in(tokens) - wanted
    assert np.linalg.norm(off) < 0.2 * np.linalg.norm(wanted), "8 bits of a tiny model"
    alone = LocalEngine.load("base")
    assert alone.draw(HELLO, WARM, 3) != engine.draw(HELLO, WARM, 3), "each has a graph of its own"
    monkeypatch.setattr(weights, "load", lambda *_: pytest.fail("loaded the weights again"))
    assert LocalEngine.load("tuned").draw(HELLO, WARM, 3) == engine.draw(HELLO, WARM, 3)


def test_where_no_graph_can_be_kept_torch_speaks_with_the_merged_weights(
    base: Path, cards: Path, home: Path
) -> None:
    (home / "cache").write_text("a file where the folder should be")
    engine = LocalEngine.load("tuned")
    assert engine.how.startswith("torch")
    with torch.inference_mode():
        true = merged_by_peft(base, cards / "voice" / "adapter")
        wanted = true(torch.tensor([[5, 80, 120, 9]])).logits[0, -1].numpy()
    off = engine._backend.take_in([5, 80, 120, 9]) - wanted
    assert np.linalg.norm(off) < 0.2 * np.linalg.norm(wanted)


def test_its_card_stands_for_both_its_parts(base: Path, cards: Path) -> None:
    catalog = Catalog.load()
    assert [card.id for card in catalog.parts("tuned")] == ["base", "tuned"]
    assert catalog.where("tuned") == cards / "voice" / "adapter"
    for part in catalog.parts("tuned"):
        pull(part)
    assert catalog.verify("tuned") == catalog.require("tuned") == catalog.where("tuned")
    assert not list(cards.glob("voice/adapter/.verified*")), "nothing is written beside content"

    base.rename(base.with_name("gone"))
    assert catalog.status("tuned").state is State.MISSING
    assert not catalog.is_whole("tuned")
    with pytest.raises(ModelUnavailable, match="the model base is missing"):
        catalog.require("tuned")


def test_an_adapter_that_was_changed_is_named(cards: Path) -> None:
    path = cards / "voice" / "adapter" / "adapter_model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelUnavailable, match=r"tuned is damaged.*put it back as it was"):
        Catalog.load().require("tuned")
    path.unlink()
    assert Catalog.load().status("tuned").state is State.MISSING


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("base: base", "base: nobody", "tunes 'nobody', which has no card"),
        ("base: base", "base: tuned", "no voice with weights of its own"),
        ("base: base", "base: minilm-l6-v2", "has no card|no voice"),
        ("folder: voice/adapter", "folder: ../adapter", "must lie inside"),
        ("folder: voice/adapter", "folder: /etc", "must lie inside"),
        ("use: voice", "use: encoder", "only a voice can be an adapter"),
    ],
)
def test_a_card_that_can_not_be_is_told_with_its_line(
    cards: Path, was: str, now: str, says: str
) -> None:
    path = cards / "tuned.yaml"
    path.write_text(path.read_text("utf-8").replace(was, now), "utf-8")
    with pytest.raises(ContentInvalid, match=rf"tuned\.yaml:\d+:\d+: error: .*({says})"):
        Catalog.load(cards)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"use_dora": True}, "use_dora is True"),
        ({"peft_type": "IA3"}, "peft_type is 'IA3'"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"alpha_pattern": {"q_proj": 8}}, "alpha_pattern"),
        ({"r": 0}, "can't be read"),
        ({"lora_alpha": "much"}, "can't be read"),
    ],
)
def test_an_adapter_of_another_kind_is_refused_and_the_way_out_told(
    tmp_path: Path, base: Path, settings: dict[str, Any], says: str
) -> None:
    adapter = trained(base, tmp_path / "made")
    path = adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | settings), "utf-8")
    with pytest.raises(ModelUnavailable, match=says):
        merge(AutoModelForCausalLM.from_pretrained(base), adapter)


def test_an_adapter_for_another_model_is_refused(tmp_path: Path, base: Path) -> None:
    adapter = trained(base, tmp_path / "made")
    other = tiny.model(300)
    del other.model.layers[1]
    with pytest.raises(ModelUnavailable, match="the model has no weight"):
        merge(other, adapter)
