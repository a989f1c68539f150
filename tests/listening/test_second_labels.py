"""The second labelling: the figures the card quotes are those of the files beside it."""

from __future__ import annotations

import json

from trainer import locations
from trainer.pathway import Move

FOLDER = locations.bundled() / "models" / "listening"


def rows(*names: str) -> dict[str, frozenset[str]]:
    lines = (line for name in names for line in (FOLDER / name).read_text("utf-8").splitlines())
    return {row["id"]: frozenset(row["moves"]) for row in map(json.loads, lines)}


def test_the_card_quotes_how_far_two_hands_agree() -> None:
    first = rows(*(f"corpus/{part.name}" for part in (FOLDER / "corpus").glob("*.jsonl")))
    second = rows("second-labels.jsonl")
    both = sum(len(first[one] & moves) for one, moves in second.items())
    total = sum(len(first[one]) + len(moves) for one, moves in second.items())
    by_move = []
    for move in Move:
        held = [(move in first[one], move in moves) for one, moves in second.items()]
        by_move.append(
            2
            * sum(a and b for a, b in held)
            / max(1, sum(a for a, _ in held) + sum(b for _, b in held))
        )
    card = " ".join((FOLDER / "CARD.md").read_text("utf-8").split())
    assert f"{len(second)} turns" in card
    micro, macro = 2 * both / total, sum(by_move) / len(by_move)
    assert f"micro-F1 {micro:.3f} and macro-F1 {macro:.3f}".replace(" 0.", " .") in card
