"""The items of an export, each brought to one form: something said, or a single word, with all
that might tell who says it and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainer import plaintext
from trainer.errors import UnreadableInput
from trainer.transcripts.assembly import spoken
from trainer.transcripts.moments import moment

_SPEAKER_KEYS = (
    "speaker", "participant", "speakername", "speakerlabel", "role", "name", "from", "sender",
    "author", "who", "user", "username", "users", "participantrole", "participanttype",
    "speakertype", "participantid", "speakerid", "authorid", "senderid", "userid", "speakertag",
    "channel", "channeltag", "mediachannel",
)  # fmt: skip
_PERSON_KEYS = ("role", "type", "name", "username", "displayname", "label", "id")
_TEXT_KEYS = (
    "text", "content", "message", "messagetext", "utterance", "transcript", "sentence", "words",
    "snippet", "display", "punctuatedword", "word", "value", "body",
)  # fmt: skip
INNER_KEYS = ("words", "elements", "sentences", "content", "items", "parts")
_BEST_KEYS = ("alternatives", "nbest")
_START_KEYS = (
    "start", "starttime", "startseconds", "starts", "startsec", "begin", "begintime", "offset",
    "startms", "starttimems", "starttimemillis", "offsetms", "offsetmilliseconds",
    "beginoffsetmillis", "startoffset", "starttimestamp", "snippettime",
)  # fmt: skip
_DATE_KEYS = ("ts", "timestamp", "time", "clienttimestamp", "createdat", "date", "sentat")
"""Chat tools write these for people to read: what is no known time is left out, not refused."""
_WORD_TYPES = frozenset({"word", "pronunciation", "punctuation", "punct", "spacing"})


@dataclass(slots=True)
class Piece:
    """Something said, or a word of it."""

    place: int
    """The number of its item in the list, from 1."""
    labels: Mapping[str, str]
    """Who says it, under every key that might tell."""
    text: str
    start: float | None
    is_word: bool


def spread(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """An item by its folded keys, with its words as a text; or, where only its words say who
    speaks, those words, each as an item."""
    keys = with_best(folded(item))
    inner = inner_items(keys)
    if any(labels_of(one, {}) for one in inner) and not labels_of(keys, {}):
        return [{"type": "word", **one} for one in inner]
    if inner and text_of(keys) is None:
        timed = (*_START_KEYS, *_DATE_KEYS)
        first = next(({name: one[name] for name in timed if name in one} for one in inner), {})
        keys = {**first, **keys, "text": joined([text_of(one) or "" for one in inner])}
    return [keys]


def with_best(keys: dict[str, Any]) -> dict[str, Any]:
    """With what the first of several readings of it says."""
    for name in _BEST_KEYS:
        readings = keys.get(name)
        if isinstance(readings, list) and readings and isinstance(readings[0], dict):
            return {**folded(readings[0]), **keys}
    return keys


def inner_items(keys: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The words or sentences that an item is made of."""
    for name in INNER_KEYS:
        listed = keys.get(name)
        if isinstance(listed, list) and any(isinstance(one, dict) for one in listed):
            return [with_best(folded(one)) for one in listed if isinstance(one, dict)]
    return []


def has_speaker_tags(item: Any) -> bool:
    """Whether its words carry numbers of speakers, as one recogniser adds them at the end."""
    return isinstance(item, dict) and any(
        one.get("speakertag") for one in inner_items(with_best(folded(item)))
    )


def is_word(keys: Mapping[str, Any]) -> bool:
    """Whether an item is a single word or a mark."""
    return str(keys.get("type")) in _WORD_TYPES or "word" in keys or "punctuatedword" in keys


def text_of(keys: Mapping[str, Any]) -> str | None:
    """The words of an item; "" where it says nothing, None where it has no key for words."""
    given = [keys[name] for name in _TEXT_KEYS if isinstance(keys.get(name), str)]
    return next((text for text in given if text.strip()), given[0] if given else None)


def start_of(keys: Mapping[str, Any], place: int, source: str) -> tuple[float | None, bool]:
    """When it was said, and whether that could be told. A start that is no time is refused, not
    guessed."""
    for name in _START_KEYS:
        if keys.get(name) not in (None, ""):
            value = moment(name, keys[name])
            if value is None:
                raise UnreadableInput(
                    f"turn {place}: its start is no time that is known here; want seconds from "
                    "the beginning (12.5) or a clock (00:01:02.500)",
                    path=source,
                )
            return value, True
    dated = next((name for name in _DATE_KEYS if keys.get(name) not in (None, "")), None)
    value = moment(dated, keys[dated]) if dated else None
    return value, dated is None or value is not None


def labels_of(keys: Mapping[str, Any], people: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Every name and role that an item gives its speaker, by the key that says so."""
    labels: dict[str, str] = {}
    for name in _SPEAKER_KEYS:
        given = keys.get(name)
        if isinstance(given, list) and given:
            given = given[0]
        told = {name: given}
        if isinstance(given, dict):
            person = folded(given)
            told = {name + key: person.get(key) for key in _PERSON_KEYS}
        for key, value in told.items():
            label = _label(value)
            called, role = people.get(str(value), ("", "")) if label else ("", "")
            if role:
                labels[f"{key}'s role"] = role
            if label:
                labels[key] = called or label
    return labels


def _label(given: Any) -> str | None:
    if isinstance(given, int) and not isinstance(given, bool):
        return f"Speaker {plaintext.clip(str(given), 20)}" if abs(given) < 10**9 else None
    return (spoken(given) or None) if isinstance(given, str) else None


def joined(words: Sequence[str]) -> str:
    """Words as a text. Exports that write the spaces themselves have them in or between words
    that hold none inside."""
    own_spaces = any(word != word.strip() for word in words)
    if own_spaces and not any(len(word.split()) > 1 for word in words):
        return "".join(words)
    text = ""
    for word in words:
        is_mark = bool(word) and not any(map(str.isalnum, word)) and word[0] in ",.?!;:%…)"
        text += word if is_mark or not text else f" {word}"
    return text


def folded(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item with its keys as they are compared: ``startTime`` and ``start_time`` are one."""
    return {_key(name): value for name, value in item.items()}


def _key(name: str) -> str:
    return "".join(char for char in name[:60].casefold() if char.isalnum())
