"""Transcripts in JSON: ours, and what other tools export under spellings of their own."""

from __future__ import annotations

import json
import math
import re
import types
from collections.abc import Mapping, Sequence
from typing import Any

from trainer import plaintext
from trainer.errors import UnreadableInput
from trainer.transcripts.assembly import Utterance, lines_of, seconds_of, spoken

_LIST_KEYS = (
    "turns", "segments", "utterances", "transcript", "messages", "conversation", "dialogue",
    "dialog", "entries", "sentences", "monologues", "items", "results", "data", "call",
)  # fmt: skip
_SPEAKER_KEYS = (
    "speaker", "participant", "speakername", "speakerlabel", "role", "name", "from", "author",
    "who", "user", "speakerid", "channel",
)  # fmt: skip
_TEXT_KEYS = (
    "text", "content", "message", "utterance", "transcript", "sentence", "words", "value", "body",
)  # fmt: skip
_START_KEYS = (
    "start", "starttime", "startseconds", "starts", "startsec", "begin", "offset", "timestamp",
    "time", "startms", "starttimems", "offsetms",
)  # fmt: skip
_MAX_WRAPPERS = 4


def looks_like_json(text: str) -> bool:
    """Whether a text of no known ending is JSON."""
    head = text[:2000].lstrip()
    # "[00:12] Rep: ..." is plain text.
    return head.startswith("{") or (head.startswith("[") and head[1:].lstrip()[:1] in '{]"[')


def from_json(text: str, source: str) -> tuple[list[Utterance], Mapping[str, str]]:
    """Utterances, and the names the export gives ``rep`` and ``prospect`` beside them.

    Raises ``UnreadableInput`` with the line where the JSON breaks, or the turn that is amiss.
    """
    data = _json(text, source)
    items, names = _turns(data, source)
    said: list[Utterance] = []
    for place, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise UnreadableInput(f"turn {place} should be an object with a text", path=source)
        keys = {_key(name): value for name, value in item.items()}
        words = _first_of(keys, _TEXT_KEYS, str)
        if words is None:
            raise UnreadableInput(
                f"turn {place} has no words; give it a key 'text' (it has: {_listed(item)})",
                path=source,
            )
        name = _speaker(keys)
        if name is None:
            raise UnreadableInput(
                f"turn {place} does not say who speaks; give it a key 'speaker' "
                f"(it has: {_listed(item)})",
                path=source,
            )
        start = _start(keys, place, source)
        said.append(Utterance(None, name, spoken(words), start))
    return said, names


def _json(text: str, source: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        rows = [row for row in lines_of(text) if row.strip()]
        if error.msg == "Extra data" and len(rows) > 1:  # one object a line
            return _json_rows(text, source)
        message = f"not valid JSON: {error.msg.lower()} at column {error.colno}"
        raise UnreadableInput(message, path=source, line=error.lineno) from None
    except (ValueError, RecursionError):
        message = "not a transcript: JSON nested too deeply, or a number too long to be one"
        raise UnreadableInput(message, path=source) from None


def _json_rows(text: str, source: str) -> list[Any]:
    rows: list[Any] = []
    for number, row in enumerate(lines_of(text), start=1):
        if row.strip():
            try:
                rows.append(json.loads(row))
            except (ValueError, RecursionError):
                message = "not valid JSON: want one object a line"
                raise UnreadableInput(message, path=source, line=number) from None
    return rows


def _turns(data: Any, source: str) -> tuple[list[Any], dict[str, str]]:
    """The list of turns, wherever the export keeps it, and the names it gives the two."""
    names: dict[str, str] = {}
    for _ in range(_MAX_WRAPPERS):
        if isinstance(data, list):
            if not data:
                raise UnreadableInput("the transcript is empty", path=source)
            return data, names
        if not isinstance(data, dict):
            break
        keys = {_key(name): value for name, value in data.items()}
        for who in ("rep", "prospect"):
            given = keys.get(f"{who}name")
            if isinstance(given, str) and spoken(given):
                names.setdefault(who, spoken(given))
        data = next((keys[name] for name in _LIST_KEYS if isinstance(keys.get(name), (list, dict))),
                    None)  # fmt: skip
    raise UnreadableInput(
        'no list of turns in it; want {"turns": [{"speaker": "rep", "text": "..."}, ...]}',
        path=source,
    )


def _key(name: str) -> str:
    return "".join(char for char in name[:60].casefold() if char.isalnum())


def _first_of(keys: Mapping[str, Any], names: Sequence[str], kind: type | types.UnionType) -> Any:
    return next((keys[name] for name in names if isinstance(keys.get(name), kind)), None)


def _listed(item: Mapping[str, Any]) -> str:
    names = [plaintext.clip(spoken(name), 30) for name in list(item)[:8]]
    return ", ".join(names) or "nothing"


def _speaker(keys: Mapping[str, Any]) -> str | None:
    for name in _SPEAKER_KEYS:
        given = keys.get(name)
        if isinstance(given, dict):
            inner = {_key(one): value for one, value in given.items()}
            given = _first_of(inner, ("name", "label", "role", "id"), str | int)
        if isinstance(given, int) and not isinstance(given, bool):
            return f"Speaker {plaintext.clip(str(given), 20)}" if abs(given) < 10**9 else None
        if isinstance(given, str) and spoken(given):
            return spoken(given)
    return None


def _start(keys: Mapping[str, Any], place: int, source: str) -> float | None:
    """Seconds from the beginning. Anything given that is no such time is refused, not guessed."""
    name = next((name for name in _START_KEYS if keys.get(name) not in (None, "")), None)
    if name is None:
        return None
    given = keys[name]
    value: float | None = None
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        value = float(given) if abs(given) < 1e15 else None
    elif isinstance(given, str):
        text = given[:60].strip().removesuffix("s").strip()
        value = seconds_of(text)
        if value is None and re.fullmatch(r"\d{1,12}(?:\.\d{1,12})?", text):
            value = float(text)
    if value is None or not math.isfinite(value) or value < 0:
        raise UnreadableInput(
            f"turn {place}: its start is no time that is known here; want seconds from the "
            "beginning (12.5) or a clock (00:01:02.500)",
            path=source,
        )
    return value / 1000 if name.endswith("ms") else value
