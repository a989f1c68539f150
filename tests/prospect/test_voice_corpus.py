"""What is to teach the small voice: under direction, in many ways of talking, no two alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from trainer.library.shelf import Shelf
from trainer.pathway import Act
from trainer.prospect.guard import refuse_bending
from trainer.prospect.lines import HERE
from trainer.prospect.standing import Mood
from trainer.wording import tokens

FOLDER = Path(__file__).parents[2] / "models" / "voice" / "corpus"
VOICED = {Act.DISCLOSE: "fact", Act.ASK_QUESTION: "question", Act.OBJECT: "objection"}


def read(*names: str) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for name in names
        for path in sorted(FOLDER.glob(name))
        for line in path.read_text("utf-8").splitlines()
    ]


FREE, RECAST, HELD_OUT = read("part-*.jsonl"), read("recast-*.jsonl"), read("heldout.jsonl")
TAUGHT = FREE + RECAST


def shape(row: dict[str, Any]) -> str:
    """The reply without what was handed to it: names, numbers and the words of the fact."""
    given = {word for word in tokens(row.get("say", "")) if len(word) > 3}
    given |= set(tokens(f"{row['prospect']} {row['seller']}"))
    return " ".join(
        "_" if word in given or word.isdigit() else word for word in tokens(row["reply"])
    )


def test_every_reply_has_a_direction_in_our_own_words() -> None:
    for row in TAUGHT + HELD_OUT:
        act = Act(row["act"])
        assert row["mood"] in set(Mood), row["id"]
        assert ("kind" in row) == ("say" in row), row["id"]
        assert act not in VOICED or row["kind"] == VOICED[act], row["id"]
        assert row["heard"] or act is Act.GREET, row["id"]
        assert 1 <= len(tokens(row["reply"])) <= 30, row["id"]


def test_there_is_enough_of_everything() -> None:
    assert len(TAUGHT) >= 4000
    assert len({shape(row) for row in TAUGHT}) >= 3000
    assert len({row["trade"] for row in TAUGHT}) >= 15
    ways = {row["way"] for row in TAUGHT}
    assert set(Shelf.load().personas) <= ways
    assert len(ways) >= 10
    for act in Act:
        moods = {row["mood"] for row in TAUGHT if row["act"] == act}
        assert len(moods) >= 3, act


def test_what_is_handed_over_is_said() -> None:
    """Most of its words at least: a figure turned round is no fact carried over."""
    for row in TAUGHT + HELD_OUT:
        wanted, said = set(tokens(row.get("say", ""))), set(tokens(row["reply"]))
        assert not wanted or len(wanted & said) >= 0.35 * len(wanted), row["id"]


def test_a_recast_line_is_said_whole_and_mostly_tied_to_what_the_rep_said() -> None:
    """What is taught is what the guard lets pass: nothing swapped inside the line."""
    untouched = 0
    for row in RECAST:
        like = row["like"].replace(HERE, row.get("say", "").rstrip("."))
        assert refuse_bending(row["reply"], like) is None, row["id"]
        written, said = tokens(like), tokens(row["reply"])
        assert sum(word in said for word in written) >= 0.6 * len(written), row["id"]
        untouched += written == said
    assert len(RECAST) >= 2000
    assert untouched <= 0.3 * len(RECAST)


def test_nothing_held_out_is_taught() -> None:
    for key in ("id", "scene", "way", "trade", "prospect", "say", "reply"):
        taught = {row[key] for row in TAUGHT if key in row}
        assert taught.isdisjoint({row[key] for row in HELD_OUT if key in row}), key
    assert {shape(row) for row in TAUGHT}.isdisjoint({shape(row) for row in HELD_OUT})
