"""Labelled material read: whole calls, turns in context, and turns of which only some moves were
labelled.

A file is told by what its objects hold, never by its name. Whatever is none of the three shapes
is refused with file, line and what was expected.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Never, TypeVar

from trainer.errors import UnreadableInput
from trainer.grading.scorecard import Level
from trainer.grading.stages import LEVELS
from trainer.library.source import did_you_mean, quoted
from trainer.listening.rows import OWN
from trainer.pathway import Form, Move, Speaker, Stage, Verdict
from trainer.plaintext import clean, clip
from trainer.transcripts import Transcript, Turn

SUFFIXES = (".json", ".jsonl")
"""The files of a folder that are taken for labelled material."""

EXPECTED = (
    'a call {"turns": [{"speaker", "text", "moves"}], "gold": {"verdict", ...}}, '
    'a turn {"text", "context", "moves": [...]} '
    'or a partly labelled turn {"set", "group", "text", "context", "known": {move: 0 or 1}}'
)

_Term = TypeVar("_Term", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class LabelledCall:
    """A whole call as a person judged it. None, or absent from a mapping: not labelled."""

    id: str
    file: str
    transcript: Transcript
    moves: Mapping[int, frozenset[Move]]
    """The moves of the rep's labelled turns, by turn number."""
    verdict: Verdict | None = None
    earned: bool | None = None
    form: Form | None = None
    asked: tuple[int, ...] | None = None
    assumptive: tuple[int, ...] | None = None
    pressure: tuple[int, ...] | None = None
    levels: Mapping[Stage, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelledTurn:
    """One rep turn with its labels. Only moves in ``known`` were labelled at all."""

    id: str
    origin: str
    """The set it comes from; ``own`` where the row names none."""
    group: str
    """The conversation it comes from: what is resampled as one."""
    text: str
    context: tuple[Turn, ...]
    moves: frozenset[Move]
    known: frozenset[Move]
    quality: str | None = None
    """How well the whole conversation went, ``high`` or ``low``, where its set says so."""


@dataclass(frozen=True, slots=True)
class Gold:
    """All that was read, and what could not be."""

    calls: tuple[LabelledCall, ...]
    turns: tuple[LabelledTurn, ...]
    troubles: tuple[UnreadableInput, ...] = ()


def read_gold(paths: Sequence[Path]) -> Gold:
    """Everything labelled in files and folders. A file that can't be read is left out whole and
    told in ``troubles``; it does not stop the rest."""
    calls: list[LabelledCall] = []
    turns: list[LabelledTurn] = []
    troubles: list[UnreadableInput] = []
    for path in paths:
        try:
            files = _files(path)
        except UnreadableInput as trouble:
            troubles.append(trouble)
            continue
        for file in files:
            try:
                read = list(_read(file))
            except UnreadableInput as trouble:
                troubles.append(trouble)
                continue
            calls += [one for one in read if isinstance(one, LabelledCall)]
            turns += [one for one in read if isinstance(one, LabelledTurn)]
    return Gold(tuple(calls), tuple(turns), tuple(troubles))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(
        file
        for file in path.rglob("*")
        if file.suffix in SUFFIXES and not file.name.startswith(".") and file.is_file()
    )
    if not found:
        raise UnreadableInput(f"holds no {' or '.join(SUFFIXES)} file", path=path)
    return found


def _read(path: Path) -> Iterator[LabelledCall | LabelledTurn]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableInput("there is no such file or folder", path=path) from None
    except UnicodeDecodeError:
        raise UnreadableInput("is not UTF-8 text", path=path) from None
    except OSError as error:
        raise UnreadableInput(f"can't be read: {error.strerror}", path=path) from error
    found = False
    for place, raw in _objects(text, path):
        found = True
        yield _labelled(raw, place)
    if not found:
        raise UnreadableInput(f"holds nothing; expected {EXPECTED}", path=path)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where an object stands: its file, first line and source text."""

    path: Path
    line: int
    text: str

    def refuse(self, message: str, key: str | None = None, nth: int = 0) -> Never:
        """Raise ``UnreadableInput`` at the ``nth`` time that ``key`` is written, if it is."""
        line = self.line
        if key is not None:
            # Inside a text a quotation mark is escaped, so this finds keys only.
            written = list(re.finditer(rf'(?<!\\)"{re.escape(key)}"\s*:', self.text))
            if nth < len(written):
                line += self.text.count("\n", 0, written[nth].start())
        raise UnreadableInput(message, path=self.path, line=line)


def _objects(text: str, path: Path) -> Iterator[tuple[_Place, dict[str, Any]]]:
    """The objects of a file: one that fills it, or one a line."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        lines = [(n, line) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
        if not lines or (path.suffix == ".json" and not _is_json(lines[0][1])):
            line = getattr(error, "lineno", None)
            raise UnreadableInput(f"is not JSON: {_why(error)}", path=path, line=line) from error
    else:
        # One object on one line of a .jsonl is the same either way.
        yield _Place(path, 1, text), _as_object(whole, path, 1)
        return
    for number, line in lines:
        try:
            raw = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UnreadableInput(f"is not JSON: {_why(error)}", path=path, line=number) from error
        yield _Place(path, number, line), _as_object(raw, path, number)


def _is_json(line: str) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _why(error: Exception) -> str:
    return getattr(error, "msg", None) or str(error)


def _as_object(raw: object, path: Path, line: int) -> dict[str, Any]:
    if not isinstance(raw, dict):
        raise UnreadableInput(f"is not an object; expected {EXPECTED}", path=path, line=line)
    return raw


def _labelled(raw: dict[str, Any], place: _Place) -> LabelledCall | LabelledTurn:
    if isinstance(raw.get("turns"), list):
        return _call(raw, place)
    if isinstance(raw.get("text"), str) and isinstance(raw.get("known"), dict):
        return _partly_labelled(raw, place)
    if isinstance(raw.get("text"), str) and isinstance(raw.get("moves"), list):
        return _turn(raw, place)
    place.refuse(f"is no labelled material; expected {EXPECTED}")


# -- turns ------------------------------------------------------------------------------------


def _turn(raw: dict[str, Any], place: _Place) -> LabelledTurn:
    return LabelledTurn(
        id=_name(raw.get("id"), place),
        origin=OWN,
        group=f"{OWN}:{_name(raw.get('call'), place)}",
        text=clip(clean(raw["text"])),
        context=_context(raw.get("context", []), place),
        moves=_moves(raw["moves"], place),
        known=frozenset(Move),
    )


def _partly_labelled(raw: dict[str, Any], place: _Place) -> LabelledTurn:
    if any(value not in (0, 1) for value in raw["known"].values()):
        place.refuse('"known" says 0 or 1 of each move', key="known")
    origin = clean(str(raw.get("set", OWN)))
    quality = raw.get("quality")
    return LabelledTurn(
        id=_name(raw.get("id"), place),
        origin=origin,
        group=f"{origin}:{_name(raw.get('group'), place)}",
        text=clip(clean(raw["text"])),
        context=_context(raw.get("context", []), place),
        moves=_moves([name for name, there in raw["known"].items() if there], place, "known"),
        known=_moves(list(raw["known"]), place, "known"),
        quality=clean(quality) if isinstance(quality, str) else None,
    )


def _name(given: object, place: _Place) -> str:
    """An id as text; a row without one is called by its file and line."""
    return f"{place.path.name}:{place.line}" if given is None else clean(str(given))


def _context(given: object, place: _Place) -> tuple[Turn, ...]:
    turns = []
    for one in given if isinstance(given, list) else [given]:
        match one:
            case ["rep" | "prospect" as speaker, str(text)]:
                turns.append(Turn(Speaker(speaker), clip(clean(text))))
            case _:
                wanted = '"context" is a list of [speaker, text], speaker "rep" or "prospect"'
                place.refuse(wanted, key="context")
    return tuple(turns)


def _moves(given: object, place: _Place, key: str = "moves", nth: int = 0) -> frozenset[Move]:
    if not isinstance(given, list):
        place.refuse(f'"{key}" is a list of moves', key=key, nth=nth)
    return frozenset(_term(name, Move, place, key, nth) for name in given)


def _term(given: object, terms: type[_Term], place: _Place, key: str, nth: int = 0) -> _Term:
    names = [term.value for term in terms]
    if given in names:
        return terms(given)
    guess = did_you_mean(given, names) if isinstance(given, str) else ""
    listed = guess or f"; expected one of {', '.join(names)}"
    called = terms.__name__.lower()
    place.refuse(f"unknown {called} {quoted(given)}{listed}", key=key, nth=nth)


# -- calls ------------------------------------------------------------------------------------


def _call(raw: dict[str, Any], place: _Place) -> LabelledCall:
    turns = []
    moves: dict[int, frozenset[Move]] = {}
    for number, one in enumerate(raw["turns"], start=1):
        match one:
            case {"speaker": "rep" | "prospect" as speaker, "text": str(text)}:
                turns.append(Turn(Speaker(speaker), clip(clean(text))))
            case _:
                place.refuse(
                    f'turn {number}: expected {{"speaker": "rep" or "prospect", "text"}}',
                    key="speaker",
                    nth=number - 1,
                )
        if speaker == "rep" and "moves" in one:
            moves[number] = _moves(one["moves"], place, nth=len(moves))
    gold = raw.get("gold", {})
    if not isinstance(gold, dict):
        place.refuse('"gold" is an object with "verdict", "form", ...', key="gold")
    if not moves and not gold:
        place.refuse('a call without labels; expected "moves" on rep turns, or "gold", or both')
    return LabelledCall(
        id=_name(raw.get("id"), place),
        file=clean(str(place.path)),
        transcript=Transcript(tuple(turns), source=clean(str(place.path))),
        moves=moves,
        verdict=_optional(gold, "verdict", Verdict, place),
        earned=_earned(gold, place),
        form=_optional(gold, "form", Form, place),
        asked=_numbers(gold, "asked", turns, place),
        assumptive=_numbers(gold, "assumptive", turns, place),
        pressure=_numbers(gold, "pressure", turns, place),
        levels=_levels(gold, place),
    )


def _optional(gold: dict[str, Any], key: str, terms: type[_Term], place: _Place) -> _Term | None:
    return None if gold.get(key) is None else _term(gold[key], terms, place, key)


def _earned(gold: dict[str, Any], place: _Place) -> bool | None:
    earned = gold.get("earned")
    if earned is None or isinstance(earned, bool):
        return earned
    place.refuse('"earned" is true or false', key="earned")


def _numbers(
    gold: dict[str, Any], key: str, turns: Sequence[Turn], place: _Place
) -> tuple[int, ...] | None:
    given = gold.get(key)
    if given is None:
        return None
    reps = {n for n, turn in enumerate(turns, start=1) if turn.speaker is Speaker.REP}
    if not isinstance(given, list) or any(
        isinstance(one, bool) or not isinstance(one, int) or one not in reps for one in given
    ):
        place.refuse(
            f'"{key}" lists the numbers of rep turns, counted from 1 over both speakers', key=key
        )
    return tuple(sorted(given))


def _levels(gold: dict[str, Any], place: _Place) -> dict[Stage, Level]:
    given = gold.get("stages", {})
    if not isinstance(given, dict):
        place.refuse('"stages" gives each stage its level', key="stages")
    levels: dict[Stage, Level] = {}
    for name, level in given.items():
        stage = _term(name, Stage, place, "stages")
        if level is None:  # a person could not tell either
            continue
        known = next((one for one in LEVELS if one == level), None)
        if known is None:
            place.refuse(f"{name} is one of {', '.join(LEVELS)}", key=name)
        levels[stage] = known
    return levels
