"""A trainer's machine holds models; the catalog says which are there and what is wrong."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from trainer.engines.catalog import Catalog, State
from trainer.errors import ContentInvalid, ModelUnavailable, UnreadableInput

WEIGHTS = b"not really weights, but data all the same"


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "home"))
    cards = tmp_path / "models"
    cards.mkdir()
    (cards / "tiny.yaml").write_text(card(), encoding="utf-8")
    return Catalog.load(cards)


def card(name: str = "model.safetensors", kind: str = "pypi") -> str:
    return f"""
id: tiny
use: voice
title: A tiny voice
licence: Apache-2.0
size: {len(WEIGHTS)}
context: 128
source:
  kind: {kind}
  package: tiny-voice
  version: 1.0.0
  files:
    - {{name: {name}, size: {len(WEIGHTS)}, sha256: {hashlib.sha256(WEIGHTS).hexdigest()}}}
"""


def placed(catalog: Catalog, content: bytes = WEIGHTS) -> Path:
    path = catalog.where("tiny") / "model.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_bundled_cards_name_a_voice_and_an_encoder() -> None:
    catalog = Catalog.load()
    assert catalog.default("voice").use == "voice"
    assert catalog.default("encoder").use == "encoder"
    for one in catalog.cards:
        assert one.licence
        assert one.size == sum(file.size for file in one.files)


def test_a_missing_model_names_the_command_that_fetches_it(catalog: Catalog) -> None:
    assert catalog.status("tiny").state is State.MISSING
    with pytest.raises(ModelUnavailable, match="trainer models pull tiny") as raised:
        catalog.require("tiny")
    assert raised.value.exit_code == 3


def test_a_model_placed_by_hand_is_taken_once_its_sum_is_right(catalog: Catalog) -> None:
    placed(catalog)
    assert catalog.require("tiny") == catalog.where("tiny")


def test_a_file_cut_short_is_named_with_both_sizes(catalog: Catalog) -> None:
    path = placed(catalog, WEIGHTS[:10])
    assert catalog.status("tiny").state is State.DAMAGED
    with pytest.raises(ModelUnavailable) as raised:
        catalog.verify("tiny")
    for part in (str(path), "10 bytes", f"should be {len(WEIGHTS)}", "pull tiny"):
        assert part in str(raised.value)


def test_a_changed_byte_is_found_though_the_size_is_right(catalog: Catalog) -> None:
    placed(catalog, WEIGHTS[:-1] + b"?")
    assert catalog.status("tiny").state is State.PRESENT
    with pytest.raises(ModelUnavailable, match="its sha256 is"):
        catalog.require("tiny")


def test_sums_are_read_again_only_when_a_file_changed(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = placed(catalog)
    catalog.require("tiny")
    with monkeypatch.context() as patched:
        patched.setattr(Catalog, "verify", lambda *_: pytest.fail("read the sums again"))
        catalog.require("tiny")
    os.utime(path, ns=(1, 1))
    path.write_bytes(WEIGHTS[:-1] + b"?")
    with pytest.raises(ModelUnavailable, match="sha256"):
        catalog.require("tiny")


def test_a_stamp_that_is_no_json_counts_as_none(catalog: Catalog) -> None:
    path = placed(catalog)
    (path.parent / ".verified.json").write_text("{{", encoding="utf-8")
    assert catalog.require("tiny") == path.parent


def test_verifying_tells_how_far_it_is(catalog: Catalog) -> None:
    placed(catalog)
    told: list[tuple[str, int, int | None]] = []
    catalog.verify("tiny", lambda *step: told.append(step))
    assert told[-1] == ("checking tiny", len(WEIGHTS), len(WEIGHTS))


@pytest.mark.parametrize("name", ["../escape.json", "/etc/model.json", "weights.pkl", "model.py"])
def test_a_card_cannot_name_files_elsewhere_or_code(tmp_path: Path, name: str) -> None:
    (tmp_path / "bad.yaml").write_text(card(name), encoding="utf-8")
    with pytest.raises(ContentInvalid, match=r"bad\.yaml"):
        Catalog.load(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("id: [", r"bad\.yaml:1:"),
        ("- a\n- b\n", "bad.yaml"),
        ("id: tiny\nuse: oven\n", "use"),
        ("!!python/object/apply:os.system ['true']", "bad.yaml"),
    ],
)
def test_a_broken_card_is_named(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "bad.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ContentInvalid, match=says):
        Catalog.load(tmp_path)


def test_the_users_card_replaces_the_bundled_one_of_the_same_id(tmp_path: Path) -> None:
    for folder, title in (("bundled", "theirs"), ("own", "ours")):
        (tmp_path / folder).mkdir()
        text = card().replace("A tiny voice", title)
        (tmp_path / folder / "tiny.yaml").write_text(text, encoding="utf-8")
    catalog = Catalog.load(tmp_path / "bundled", tmp_path / "own")
    assert [one.title for one in catalog.cards] == ["ours"]


def test_an_unknown_model_is_answered_with_those_there_are(catalog: Catalog) -> None:
    with pytest.raises(UnreadableInput, match="there are: tiny"):
        catalog.card("huge")
    with pytest.raises(UnreadableInput, match="encoder"):
        catalog.default("encoder")


def test_a_model_given_by_path_lies_where_it_says(tmp_path: Path) -> None:
    (tmp_path / "path.yaml").write_text(
        "id: tiny\nuse: voice\ntitle: t\nlicence: l\nsize: 1\ncontext: 1\n"
        f"source: {{kind: path, path: {tmp_path / 'weights'}}}\n",
        encoding="utf-8",
    )
    catalog = Catalog.load(tmp_path)
    with pytest.raises(ModelUnavailable, match="correct the path"):
        catalog.require("tiny")
    (tmp_path / "weights").mkdir()
    assert catalog.require("tiny") == tmp_path / "weights"
