"""Labelled material small enough to be worked out on paper, and what it comes to."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.grading.transcribed import AGREES, RUBRIC, TELLS
from tests.readings import SKILLED, MarkedListener
from trainer.agreement.gold import Gold, read_gold
from trainer.agreement.study import Agreement, hear, measure

RESAMPLES = 200


def row(text: str, *moves: str, call: str = "c1") -> dict[str, Any]:
    """A labelled turn; the words before its colon are the moves that will be heard."""
    return {"id": text, "call": call, "industry": "bakery", "context": [], "text": text,
            "moves": list(moves)}  # fmt: skip


def known(text: str, group: str, quality: str | None = None, **labels: int) -> dict[str, Any]:
    """A partly labelled turn."""
    extra = {} if quality is None else {"quality": quality}
    return {"set": "other", "group": group, "id": text, "context": [["prospect", "Well."]],
            "text": text, "known": labels, **extra}  # fmt: skip


def call(lines: Iterable[str], last: str = AGREES, **gold: Any) -> dict[str, Any]:
    """A labelled call: each line's marked moves are its labels too; ``gold`` judges the whole."""
    turns: list[dict[str, Any]] = []
    for line in lines:
        moves = [one for one in line.partition(":")[0].split("+") if "_" in one or one.isalpha()]
        turns += [
            {"speaker": "rep", "text": line, "moves": moves},
            {"speaker": "prospect", "text": TELLS},
        ]
    turns[-1]["text"] = last
    return {"id": gold.pop("id", "one"), "turns": turns, "gold": gold}


SKILLED_CALL = call(
    SKILLED,
    verdict="earned_close",
    earned=True,
    form="assumed",
    asked=[],
    assumptive=[37],
    pressure=[],
    stages=dict.fromkeys(("rapport", "empathy", "trust", "hope", "urgency"), "high"),
)
"""The skilled rep of the grader's own tests, labelled just as it will be graded."""


def write(path: Path, *rows: dict[str, Any]) -> Path:
    """Rows as JSON lines, or one row as a JSON file over many lines."""
    if path.suffix == ".json":
        path.write_text(json.dumps(rows[0], indent=1))
    else:
        path.write_text("".join(json.dumps(one) + "\n" for one in rows))
    return path


def gold(folder: Path, *rows: dict[str, Any]) -> Gold:
    """The rows, read."""
    return read_gold([write(folder / "gold.jsonl", *rows)])


def measured(material: Gold, *, resamples: int = RESAMPLES, seed: int = 0) -> Agreement:
    """The material heard by its marks, and measured."""
    heard = hear(material, MarkedListener(), RUBRIC)
    return measure(*heard, rubric=RUBRIC.id, listener="marked", resamples=resamples, seed=seed)
