"""Transcripts in JSON: ours, and what other tools export under spellings of their own.

Exports differ in three ways: where the list is, what its items are called, and whether an item is
something said or a single word. All are brought to one form first, ``Piece``; who speaks is
settled over all of them, since only there it shows which key tells the speakers apart.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from trainer import plaintext
from trainer.errors import UnreadableInput
from trainer.transcripts.assembly import (
    PROSPECT_WORDS,
    REP_WORDS,
    Utterance,
    fold,
    is_called,
    labelled,
    lines_of,
    spoken,
)
from trainer.transcripts.moments import from_the_beginning
from trainer.transcripts.pieces import (
    INNER_KEYS,
    Piece,
    folded,
    has_speaker_tags,
    inner_items,
    is_word,
    joined,
    labels_of,
    spread,
    start_of,
    text_of,
    with_best,
)

_LIST_KEYS = (
    "turns", "segments", "utterances", "transcript", "messages", "conversation", "dialogue",
    "dialog", "entries", "sentences", "monologues", "audiosegments", "phrases",
    "recognizedphrases", "transcriptutterances", "timeline", "lines", "events", "items",
    "channels", "transcripts", "calltranscripts", "results", "data", "call", "recording",
    "transcription", "speech", "content", "words",
)  # fmt: skip
"""Where the list of turns may be, the likeliest first: words only where nothing larger is there."""
_PEOPLE_KEYS = ("speakers", "participants", "parties", "users", "members", "people")
_ID_KEYS = ("id", "speakerid", "participantid", "userid")
_NAME_KEYS = ("name", "speakername", "fullname", "displayname", "username")
_ROLE_KEYS = ("role", "participantrole", "speakertype", "affiliation", "type")
_MAX_WRAPPERS = 6
_HALF_DAY = 43_200.0


@dataclass(frozen=True, slots=True)
class Export:
    """What an export holds: what was said, the names it gives the two, what had to be assumed."""

    said: list[Utterance]
    names: Mapping[str, str]
    """By ``rep`` and ``prospect``, as far as the file names them beside the turns."""
    notes: list[str]


@dataclass(slots=True)
class _Found:
    """The list of turns, and what stood around it."""

    items: list[Any]
    names: dict[str, str] = field(default_factory=dict)
    people: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name and role by id."""


def looks_like_json(text: str) -> bool:
    """Whether a text of no known ending is JSON."""
    head = text[:2000].lstrip()
    # "[00:12] Rep: ..." is plain text.
    return head.startswith("{") or (head.startswith("[") and head[1:].lstrip()[:1] in '{]"[')


def from_json(text: str, source: str, rep_name: str | None = None) -> Export:
    """What an export holds. ``rep_name``: the user's word for the rep, which may settle which of
    its keys tells who speaks.

    Raises ``UnreadableInput`` with the line where the JSON breaks, or the turn that is amiss.
    """
    found = _turns(_json(text, source), source)
    if all(isinstance(item, str) for item in found.items):  # "Rep: Hi.", line by line
        said = [Utterance(None, None, spoken(item)) for item in found.items]
        return Export(labelled([one for one in said if one.text], rep_name), found.names, [])
    notes: list[str] = []
    pieces = _pieces(found, source, notes)
    for piece, start in zip(pieces, from_the_beginning([p.start for p in pieces]), strict=True):
        piece.start = start
    pieces = _in_order(pieces, notes)
    speakers = _speakers(pieces, rep_name)
    _own_up(pieces, speakers, found.items, source, notes)
    return Export(list(_utterances(pieces, speakers)), found.names, notes)


# -- finding the list -------------------------------------------------------------------------


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


def _turns(data: Any, source: str) -> _Found:
    """The list of turns, wherever the export keeps it."""
    found = _Found([])
    for _ in range(_MAX_WRAPPERS):
        if isinstance(data, list):
            if not data:
                raise UnreadableInput("the transcript is empty", path=source)
            if not _is_wrapper(data[0]):
                found.items = data
                return found
            if len(data) > 1:
                message = f"holds {len(data)} calls; give each a file of its own"
                raise UnreadableInput(message, path=source)
            data = data[0]
        if isinstance(data, str) and spoken(data):
            data = lines_of(data)
            continue
        if not isinstance(data, dict):
            break
        keys = folded(data)
        for who in ("rep", "prospect"):
            given = keys.get(f"{who}name")
            if isinstance(given, str) and spoken(given):
                found.names.setdefault(who, spoken(given))
        _learn_people(keys, found.people)
        data = _within(keys)
    raise UnreadableInput(
        'no list of turns in it; want {"turns": [{"speaker": "rep", "text": "..."}, ...]}',
        path=source,
    )


def _within(keys: Mapping[str, Any]) -> Any:
    """What an object wraps: a list or another object, the likeliest; a text where it has none."""
    inner = [name for name in _LIST_KEYS if isinstance(keys.get(name), (list, dict))]
    if inner:
        name = next((name for name in inner if keys[name]), inner[0])
        return _by_channel(keys[name]) if name == "channels" else keys[name]
    return next((keys[name] for name in _LIST_KEYS if _is_dialogue(keys.get(name))), None)


def _by_channel(channels: Any) -> Any:
    """The words of every channel in one list, each with the number of its channel."""
    if not isinstance(channels, list) or not all(isinstance(one, dict) for one in channels):
        return channels
    words = []
    for number, channel in enumerate(channels):
        keys = with_best(folded(channel))
        inner = inner_items(keys) or [{**keys, "words": None}]
        words += [{"channel": number, **one} for one in inner]
    return words


def _is_dialogue(given: Any) -> bool:
    return isinstance(given, str) and "\n" in given.strip()


def _is_wrapper(item: Any) -> bool:
    """Whether an item of a list is no turn, but holds a list of turns."""
    if not isinstance(item, dict):
        return False
    keys = folded(item)
    if text_of(keys) is not None or labels_of(keys, {}):
        return False
    lists = [name for name in _LIST_KEYS if name not in INNER_KEYS]
    return any(keys.get(name) and isinstance(keys[name], (list, dict)) for name in lists)


def _learn_people(keys: Mapping[str, Any], people: dict[str, tuple[str, str]]) -> None:
    for name in _PEOPLE_KEYS:
        listed = keys.get(name)
        for person in listed if isinstance(listed, list) else ():
            if isinstance(person, dict):
                known = folded(person)
                identity = _first(known, _ID_KEYS)
                called, role = _first(known, _NAME_KEYS), _first(known, _ROLE_KEYS)
                if identity and (called or role):
                    people.setdefault(identity, (called, role))


# -- its items as pieces ----------------------------------------------------------------------


def _pieces(found: _Found, source: str, notes: list[str]) -> list[Piece]:
    items = found.items
    tagged = [item for item in items if has_speaker_tags(item)]
    pieces: list[Piece] = []
    mute: list[int] = []
    undated: list[int] = []
    for place, item in enumerate(items, start=1):
        if tagged and item is not tagged[-1]:
            continue  # the last one tells all words again, with their speakers
        if isinstance(item, list) and len(item) == 2:  # ["rep", "Hi."]
            item = {"speaker": item[0], "text": item[1]}  # noqa: PLW2901
        if not isinstance(item, dict):
            raise UnreadableInput(f"turn {place} should be an object with a text", path=source)
        said = [(keys, text) for keys in spread(item) if (text := text_of(keys)) is not None]
        if not said:
            mute.append(place)
        for keys, text in said:
            start, known = start_of(keys, place, source)
            if not known:
                undated.append(place)
            labels = labels_of(keys, found.people)
            pieces.append(Piece(place, labels, text, start, is_word(keys)))
    if not pieces:
        raise UnreadableInput(
            f"turn 1 has no words; give it a key 'text' (it has: {_listed(items[0])})", path=source
        )
    if mute:
        notes.append(f"passed over {_places(mute)}: no words there")
    if undated:
        notes.append(f"left out the time of {_places(undated)}: its form is not known here")
    return pieces


def _in_order(pieces: list[Piece], notes: list[str]) -> list[Piece]:
    """In the order of their times, where all are known: some tools write one speaker after the
    other, or the newest first."""
    times: list[float] = []
    for piece in pieces:
        if piece.start is None and piece.is_word and times:  # a mark goes with the word before it
            piece.start = times[-1]
        if piece.start is None or (times and times[-1] - piece.start > _HALF_DAY):
            return pieces  # such a step back is a clock that passed midnight
        times.append(piece.start)
    ordered = sorted(pieces, key=lambda piece: piece.start or 0.0)
    if ordered != pieces:
        notes.append("put what was said in the order of its times")
    return ordered


# -- who speaks -------------------------------------------------------------------------------


def _speakers(pieces: Sequence[Piece], rep_name: str | None) -> list[str | None]:
    """Who says each piece, under the one key that tells the speakers apart best: where the user
    names the rep, the one that knows the name; else one that says rep and prospect; else the
    first that names two."""
    told: dict[str, set[str]] = {}
    for piece in pieces:
        for key, label in piece.labels.items():
            told.setdefault(key, set()).add(label)
    called = [key for key in told if rep_name and any(is_called(n, rep_name) for n in told[key])]
    sides = [key for key in told if _are_sides({fold(label) for label in told[key]})]
    several = [key for key in told if len(told[key]) > 1]
    best = next(iter([*called, *sides, *several, *told]), "")
    return [piece.labels.get(best) or next(iter(piece.labels.values()), None) for piece in pieces]


def _are_sides(labels: set[str]) -> bool:
    return len(labels & REP_WORDS) == 1 and bool(labels & PROSPECT_WORDS)


def _own_up(
    pieces: Sequence[Piece],
    speakers: Sequence[str | None],
    items: Sequence[Any],
    source: str,
    notes: list[str],
) -> None:
    """Say where nobody is named: refused at the beginning, noted further on."""
    nameless = [
        piece.place
        for piece, speaker in zip(pieces, speakers, strict=True)
        if speaker is None and any(map(str.isalnum, piece.text))
    ]
    if not nameless:
        return
    if speakers[0] is None or len(nameless) == len(pieces):
        also = "nor does any other; export it with its speakers told apart, or "
        raise UnreadableInput(
            f"turn {nameless[0]} does not say who speaks, "
            f"{also if not any(speakers) else ''}give it a key 'speaker' "
            f"(it has: {_listed(items[nameless[0] - 1])})",
            path=source,
        )
    notes.append(f"{_places(nameless)} does not say who speaks: taken for whoever spoke before")


def _utterances(pieces: Sequence[Piece], speakers: Sequence[str | None]) -> Iterator[Utterance]:
    """What was said, with words that one speaker says in a row joined."""
    told: list[tuple[str | None, Piece]] = []
    for speaker, piece in zip(speakers, pieces, strict=True):
        told.append((speaker or (told[-1][0] if told else None), piece))
    for (speaker, words), group in groupby(told, lambda one: (one[0], one[1].is_word)):
        said = [piece for _, piece in group]
        if words:
            text = joined([piece.text for piece in said])
            yield Utterance(None, speaker, spoken(text), said[0].start)
        else:
            yield from (Utterance(None, speaker, spoken(one.text), one.start) for one in said)


# -- small things -----------------------------------------------------------------------------


def _first(keys: Mapping[str, Any], names: Sequence[str]) -> str:
    """The first of the keys that holds a word or a number, as a text."""
    given = (keys.get(name) for name in names)
    told = (one for one in given if isinstance(one, (str, int)) and not isinstance(one, bool))
    return next((text for one in told if (text := spoken(str(one)[:200]))), "")


def _listed(item: Any) -> str:
    names = [plaintext.clip(spoken(name), 30) for name in list(item)[:8] if isinstance(name, str)]
    return ", ".join(names) or "nothing"


def _places(places: Sequence[int]) -> str:
    """``turn 3``, ``turn 3 and 11 more``."""
    several = f" and {len(places) - 1:,} more" if len(places) > 1 else ""
    return f"turn {places[0]}{several}"
