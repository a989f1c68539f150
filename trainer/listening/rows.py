"""Labelled turns as training and measuring read them: our own corpus and the shared sets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.errors import UnreadableInput
from trainer.listening.features import HEARD_TURNS, Situation
from trainer.pathway import Move, Speaker
from trainer.plaintext import clean, clip

OWN = "own"
"""The name of our own corpus as a set."""
SHARED_SETS = ("annomi", "p4g", "casino")
ORIGINS = (OWN, *SHARED_SETS)
"""Four kinds of talk: sales as we label it, counselling, appeals for charity, friendly bargains."""
_LEFT_OUT = frozenset({("casino", Move.EMPATHY)})
"""Labels of the shared sets that mean something else than ours: CaSiNo's ``empathy`` is any
positive acknowledgement, and its annotators agreed on it little (alpha .42)."""
_MOVES = {move.value: move for move in Move}


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled rep turn. ``known``: the moves that its annotators labelled at all."""

    id: str
    origin: str
    """The set it comes from: ``own`` or one of the shared sets."""
    group: str
    """The conversation; never split between training and measuring."""
    industry: str
    situation: Situation
    moves: frozenset[Move]
    known: frozenset[Move]


def read_corpus(paths: list[Path]) -> list[Row]:
    """Our own rows, every move known. Raises ``UnreadableInput`` with file and line."""
    rows = []
    for path in paths:
        for line, raw in _lines(path):
            try:
                moves = frozenset(_MOVES[name] for name in raw["moves"])
                rows.append(
                    Row(
                        id=raw["id"],
                        origin=OWN,
                        group=f"{OWN}:{raw['call']}",
                        industry=raw["industry"],
                        situation=_situation(raw),
                        moves=moves,
                        known=frozenset(Move),
                    )
                )
            except (KeyError, TypeError, ValueError) as error:
                raise UnreadableInput(
                    f"not a labelled turn: {error}", path=path, line=line
                ) from error
    return rows


def read_shared(folder: Path) -> list[Row]:
    """The rows of the shared sets under ``folder``/moves, each with only the moves it labels."""
    rows = []
    for name in SHARED_SETS:
        path = folder / "moves" / f"{name}.jsonl"
        for line, raw in _lines(path):
            try:
                known = {
                    _MOVES[move]: bool(value)
                    for move, value in raw["known"].items()
                    if (name, _MOVES[move]) not in _LEFT_OUT
                }
                rows.append(
                    Row(
                        id=f"{name}:{raw['id']}",
                        origin=name,
                        group=f"{name}:{raw['group']}",
                        industry=name,
                        situation=_situation(raw),
                        moves=frozenset(move for move, there in known.items() if there),
                        known=frozenset(known),
                    )
                )
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise UnreadableInput(
                    f"not a labelled turn: {error}", path=path, line=line
                ) from error
    return rows


def _situation(raw: dict[str, Any]) -> Situation:
    heard = tuple(
        (Speaker(speaker).value, clip(clean(text)))
        for speaker, text in raw["context"][-HEARD_TURNS:]
    )
    return Situation(clip(clean(raw["text"])), heard)


def _lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"could not be read: {error}", path=path) from error
    for number, line in enumerate(content.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            raw = json.loads(line)
        except ValueError as error:
            raise UnreadableInput(f"not JSON: {error}", path=path, line=number) from error
        if not isinstance(raw, dict):
            raise UnreadableInput("not a JSON object", path=path, line=number)
        yield number, raw
