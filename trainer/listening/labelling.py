"""Labelling turns in bulk: JSON lines in, JSON lines out, as ``trainer moves`` promises."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from trainer.errors import UnreadableInput
from trainer.listening.reading import Listener
from trainer.pathway import Move, Speaker
from trainer.plaintext import clean, clip
from trainer.transcripts import Turn

_AT_ONCE = 256
"""Turns read together: enough to keep the encoder busy, few enough to keep memory flat."""


@dataclass(frozen=True, slots=True)
class Request:
    """One rep turn to be labelled."""

    id: Any
    text: str
    context: tuple[Turn, ...]


def read_requests(lines: Iterable[str], *, source: str) -> Iterator[Request]:
    """Requests from JSON lines ``{"id", "text", "context": [[speaker, text], ...]}``.

    Raises ``UnreadableInput`` with the line of the first that isn't one. Empty lines are passed
    over.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _request(line, source, number)


def _request(line: str, source: str, number: int) -> Request:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UnreadableInput(f"not a line of JSON ({error})", path=source, line=number) from error
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise UnreadableInput(
            'wants an object with "id" and "text", and "context" where there is some',
            path=source,
            line=number,
        )
    context = row.get("context") or []
    try:
        turns = tuple(
            Turn(Speaker(speaker), clip(clean(text)))
            for speaker, text in context
            if isinstance(text, str) or _no_text(text)
        )
    except (TypeError, ValueError) as error:
        raise UnreadableInput(
            '"context" is a list of [speaker, text], speaker "rep" or "prospect"',
            path=source,
            line=number,
        ) from error
    return Request(row.get("id", number), clip(clean(row["text"])), turns)


def _no_text(value: object) -> bool:
    raise TypeError(f"{value!r} is no text")


def label(requests: Iterable[Request], listener: Listener) -> Iterator[dict[str, Any]]:
    """The moves of each request, in the same order."""
    waiting = iter(requests)
    while batch := list(islice(waiting, _AT_ONCE)):
        readings = listener.listen_all([(one.text, one.context) for one in batch])
        for one, reading in zip(batch, readings, strict=True):
            yield {
                "id": one.id,
                "moves": {move.value: round(reading.moves[move], 4) for move in Move},
                "labels": [move.value for move in Move if move in reading.labels],
            }
