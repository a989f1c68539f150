"""Conversations out of files: our JSON and common exports, plain text, WebVTT and SRT.

Every reader makes the same thing first, utterances with the line they stand on; who the rep is,
and how utterances become turns, is decided once, in ``assembly``.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trainer import plaintext
from trainer.errors import UnreadableInput
from trainer.pathway import Speaker
from trainer.transcripts.assembly import (
    PROSPECT_WORDS,
    REP_WORDS,
    Utterance,
    assemble,
    fold,
    label_of,
    labelled,
    lines_of,
    seconds_of,
    spoken,
)
from trainer.transcripts.exports import from_json, looks_like_json
from trainer.transcripts.turn import Transcript

MAX_BYTES = 5_000_000
"""The largest transcript that is read: an hour of talk is some 60,000 bytes."""
MAX_SCRIPT_BYTES = 1_000_000
"""The largest written rep that is read."""


def read_transcript(path: Path | str, *, rep_name: str | None = None) -> Transcript:
    """Read a transcript from a file, or from standard input for ``"-"``.

    The format is told by the content, and by the file's ending where that does not settle it.
    ``rep_name``: which speaker is the rep; all others are then the prospect.

    Raises ``UnreadableInput``, with file and line where there is one, for whatever is not a
    conversation of a rep and a prospect.
    """
    text, source = _load(path, MAX_BYTES)
    return parse_transcript(text, source=source, rep_name=rep_name)


def parse_transcript(text: str, *, source: str, rep_name: str | None = None) -> Transcript:
    """As ``read_transcript``, for text at hand. ``source`` names it in messages."""
    source = plaintext.clean(source) or "?"
    if len(text) > MAX_BYTES:
        raise UnreadableInput(_too_large(MAX_BYTES), path=source)
    text = text.removeprefix("\ufeff")
    if not text.strip():
        raise UnreadableInput("the transcript is empty", path=source)
    lines = lines_of(text)
    ending = source.rpartition(".")[2].lower()
    names: Mapping[str, str] = {}
    notes: Sequence[str] = ()
    if ending in ("json", "jsonl") or looks_like_json(text):
        export = from_json(text, source, rep_name)
        utterances, names, notes = export.said, export.names, export.notes
    elif ending in ("vtt", "srt") or _looks_like_cues(lines):
        utterances = _from_cues(lines, source, rep_name)
    else:
        utterances = _from_plain(lines, source, rep_name)
    return assemble(
        utterances,
        source=source,
        rep_name=rep_name,
        known_rep=names.get("rep"),
        known_prospect=names.get("prospect"),
        notes=notes,
    )


def read_rep_script(path: Path | str) -> list[str]:
    """What a written rep says, turn by turn, for ``trainer simulate --rep FILE``.

    Plain text is one turn a line; where lines begin with ``Rep:``, those alone count, each with
    the lines that continue it, and the prospect's are passed by. ``#`` begins a comment. YAML is
    a list of texts, or a mapping whose key ``rep`` holds one. A transcript (JSON, WebVTT, SRT)
    gives its rep's turns.

    Raises ``UnreadableInput`` where that leaves nothing to say.
    """
    text, source = _load(path, MAX_SCRIPT_BYTES)
    ending = source.rpartition(".")[2].lower()
    if ending in ("json", "jsonl", "vtt", "srt"):
        transcript = parse_transcript(text, source=source)
        return [turn.text for _, turn in transcript.numbered(Speaker.REP)]
    turns = (
        _yaml_script(text, source) if ending in ("yaml", "yml") else _plain_script(lines_of(text))
    )
    turns = [turn for turn in turns if turn]
    if not turns:
        raise UnreadableInput(
            "the rep says nothing in it; write one turn a line, or lines 'Rep: ...'", path=source
        )
    return turns


# -- files ------------------------------------------------------------------------------------


def _load(path: Path | str, limit: int) -> tuple[str, str]:
    """The text of a file and the name by which messages call it."""
    source = "<stdin>" if str(path) == "-" else plaintext.clean(str(path)) or "?"
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(limit + 1)
        else:
            with Path(path).expanduser().open("rb") as file:
                raw = file.read(limit + 1)
    except FileNotFoundError:
        raise UnreadableInput("there is no such file", path=source) from None
    except IsADirectoryError:
        raise UnreadableInput("is a folder; name a file in it", path=source) from None
    except (OSError, RuntimeError, ValueError) as error:
        reason = plaintext.clean(getattr(error, "strerror", None) or str(error))
        raise UnreadableInput(f"can't be read: {reason}", path=source) from None
    if len(raw) > limit:
        raise UnreadableInput(_too_large(limit), path=source)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableInput("saved as UTF-16; save it again as UTF-8", path=source)
    line = raw.count(b"\n", 0, raw.find(b"\0")) + 1
    if b"\0" in raw:
        raise UnreadableInput("is not text: it holds NUL bytes", path=source, line=line)
    try:
        return raw.decode("utf-8-sig"), source
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8 text; save it as UTF-8"
        raise UnreadableInput(message, path=source, line=line) from None


def _too_large(limit: int) -> str:
    return f"larger than {limit // 1_000_000} MB; one call at a time, please"


# -- plain text -------------------------------------------------------------------------------

_STAMP = re.compile(r"(?:\[|\()?((?:\d{1,4}:)?\d{1,2}:\d{2}(?:[.,]\d{1,9})?)(?:\]|\))?\s+")


def _from_plain(lines: Sequence[str], source: str, rep_name: str | None) -> list[Utterance]:
    said: list[Utterance] = []
    for number, line in enumerate(lines, start=1):
        if line.startswith("#"):
            continue
        text = spoken(line)
        start = None
        stamp = _STAMP.match(text)
        # "12:30 works for me" is something said; a stamp stands before a name.
        if stamp and label_of(text[stamp.end() :]):
            start, text = seconds_of(stamp[1]), text[stamp.end() :]
        if text:
            said.append(Utterance(number, None, text, start))
    return labelled(said, rep_name)


# -- WebVTT and SRT ---------------------------------------------------------------------------

_TAG = re.compile(r"<([^<>]*)>")


def _looks_like_cues(lines: Sequence[str]) -> bool:
    first = [line.strip() for line in lines[:50] if line.strip()][:6]
    return bool(first) and (first[0].startswith("WEBVTT") or any(map(_is_timing, first[:2])))


def _is_timing(line: str) -> bool:
    return "-->" in line[:80] and line[:1].isdigit()


def _from_cues(lines: Sequence[str], source: str, rep_name: str | None) -> list[Utterance]:
    said: list[Utterance] = []
    start: float | None = None
    in_cue = False
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            in_cue = False
        elif "-->" in line[:80] and (not in_cue or _is_timing(line)):
            start = seconds_of(line.partition("-->")[0])
            end = line.partition("-->")[2].split(maxsplit=1)
            if start is None or not end or seconds_of(end[0]) is None:
                raise UnreadableInput(
                    "a cue's times should read like 00:01:02.500 --> 00:01:04.000",
                    path=source,
                    line=number,
                )
            in_cue = True
        elif in_cue:
            said.extend(_voices(line, number, start))
    if not said:
        raise UnreadableInput("no cue in it holds words", path=source)
    return labelled(said, rep_name)


def _voices(line: str, number: int, start: float | None) -> Iterator[Utterance]:
    """What each voice says in a line of a cue: ``<v Name>words</v>``, or words without a voice."""
    voice: str | None = None
    parts: list[str] = []
    at = 0

    def finished() -> Iterator[Utterance]:
        words = spoken(html.unescape("".join(parts)))
        if words:
            yield Utterance(number, voice, words, start)
        parts.clear()

    for tag in _TAG.finditer(line):
        parts.append(line[at : tag.start()])
        at = tag.end()
        kind, _, name = tag[1].partition(" ")
        if kind.partition(".")[0] == "v":
            yield from finished()
            voice = spoken(html.unescape(name)) or None
        elif kind == "/v":
            yield from finished()
            voice = None
    parts.append(line[at:])
    yield from finished()


# -- written reps -----------------------------------------------------------------------------


def _plain_script(lines: Sequence[str]) -> list[str]:
    said = [spoken(line) for line in lines if not line.startswith("#")]
    who = [_side(line) for line in said]
    if Speaker.REP not in who:
        return [plaintext.clip(line) for line in said]
    turns: list[list[str]] = []
    rep_speaks = False
    for line, side in zip(said, who, strict=True):
        if side is not None:
            rep_speaks = side is Speaker.REP
            if rep_speaks:
                turns.append([line.partition(":")[2].lstrip("*_ ")])
        elif rep_speaks and line:
            turns[-1].append(line)
    return [plaintext.clip(" ".join(parts).strip()) for parts in turns]


def _side(line: str) -> Speaker | None:
    name = label_of(line)
    if name is None:
        return None
    if fold(name) in REP_WORDS:
        return Speaker.REP
    return Speaker.PROSPECT if fold(name) in PROSPECT_WORDS else None


def _yaml_script(text: str, source: str) -> list[str]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.events import ScalarEvent

    turns: list[str] = []
    wanted = "want a list of texts, '- ...' a turn, or a key 'rep' that holds one"
    try:
        for event in _rep_items(YAML(typ="safe", pure=True).parse(text)):
            line = event.start_mark.line + 1
            plain = isinstance(event, ScalarEvent) and event.tag is None and event.anchor is None
            if not plain:
                message = "a turn should be a text; one with a colon in it, or one that begins "
                message += "with a sign such as * & ! { [, needs quotes"
                raise UnreadableInput(message, path=source, line=line)
            turns.append(plaintext.clip(spoken(event.value)))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"not valid YAML: {plaintext.clean(str(error.problem or error.context))}"
        at = mark.line + 1 if mark else None
        raise UnreadableInput(message, path=source, line=at) from None
    except (YAMLError, ValueError, RecursionError) as error:
        message = f"not valid YAML: {plaintext.clip(plaintext.clean(str(error)), 160)}"
        raise UnreadableInput(message, path=source) from None
    except _NoList as wrong:
        raise UnreadableInput(wanted, path=source, line=wrong.line) from None
    return turns


_MAX_DEPTH = 20


class _NoList(Exception):
    """The YAML of a written rep holds no list where one has to be."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _rep_items(events: Iterator[Any]) -> Iterator[Any]:
    """The items of the list, as events, read as they come: a bomb of nested lists or references
    stops at its first item."""
    from ruamel.yaml import events as kinds

    opens = (kinds.SequenceStartEvent, kinds.MappingStartEvent)
    closes = (kinds.SequenceEndEvent, kinds.MappingEndEvent)
    structural = (kinds.StreamStartEvent, kinds.StreamEndEvent)
    documents = (kinds.DocumentStartEvent, kinds.DocumentEndEvent)
    body = (event for event in events if not isinstance(event, structural + documents))
    first = next(body, None)
    if isinstance(first, kinds.MappingStartEvent):
        first = _value_of(body, "rep", opens, closes)
    if first is None:
        return
    if not isinstance(first, kinds.SequenceStartEvent):
        raise _NoList(first.start_mark.line + 1)
    for event in body:
        if isinstance(event, kinds.SequenceEndEvent):
            return
        yield event


def _value_of(body: Iterator[Any], key: str, opens: tuple[type, ...],
              closes: tuple[type, ...]) -> Any:  # fmt: skip
    """The event that begins the value of a top key; raises where the key is not there."""
    line = 1
    for name in body:
        line = name.start_mark.line + 1
        if isinstance(name, closes):
            break
        value = next(body)
        if getattr(name, "value", None) == key:
            return value
        depth = int(isinstance(name, opens)) + int(isinstance(value, opens))
        while depth:
            if depth > _MAX_DEPTH:  # the scanner takes quadratic time over deep brackets
                raise _NoList(line)
            event = next(body)
            depth += int(isinstance(event, opens)) - int(isinstance(event, closes))
    raise _NoList(line)
