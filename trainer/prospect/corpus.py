"""The written replies that the small voice learns from and is measured on (models/voice/corpus).

Each row is one moment: who talks to whom, what the rep has just said, the direction, and what the
prospect says. A lesson is some moments of one scene under the same opening message.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

from trainer import locations
from trainer.engines.base import Message
from trainer.errors import UnreadableInput
from trainer.library import Persona
from trainer.pathway import Act
from trainer.prospect import prompt
from trainer.prospect.prompt import Character
from trainer.prospect.standing import Direction, Mood

LESSON = 16
"""Moments in a lesson, at most: the opening message is read once for all of them."""
WITHOUT_OWN = 0.5
"""Share of moments shown without the prospect's own last line."""
FEWER_SOUNDS = 0.25
"""Share of lessons that show few of the persona's lines, or none, as a draft persona has them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One written reply and what it answers."""

    id: str
    scene: str
    way: str
    """The way of talking: a bundled persona's id, or one of ``ways.jsonl``."""
    trade: str
    who: str
    seller: str
    heard: str
    """What the rep has just said; empty where the prospect picks up."""
    direction: Direction
    reply: str
    like: str = ""
    """The line that the reply was made from, ``…`` where what is to be said goes; empty where the
    reply was written freely."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way of talking, as the opening message describes it."""

    summary: str
    talks: Sequence[str]
    lines: Sequence[str] = ()
    """Lines of a bundled persona, fit to be shown; none where the corpus is all there is."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A prompt's messages and the reply that was written for it."""

    row: Row
    messages: tuple[Message, Message]


def default_folder() -> Path:
    """The folder of the corpus as shipped."""
    return locations.bundled() / "models" / "voice" / "corpus"


def taught(folder: Path) -> list[Row]:
    """The rows that may be learnt from: written freely, and recast."""
    return read([*sorted(folder.glob("part-*.jsonl")), *sorted(folder.glob("recast-*.jsonl"))])


def read(paths: Iterable[Path]) -> list[Row]:
    """All rows of some files. Raises ``UnreadableInput`` with file and line."""
    rows = []
    for path in paths:
        for number, line in enumerate(_text(path).splitlines(), 1):
            try:
                raw = json.loads(line)
                rows.append(
                    Row(
                        raw["id"], raw["scene"], raw["way"], raw["trade"], raw["prospect"],
                        raw["seller"], raw["heard"],
                        Direction(
                            Act(raw["act"]), Mood(raw["mood"]), raw.get("say"), raw.get("kind")
                        ),
                        raw["reply"], raw.get("like", ""),
                    )
                )  # fmt: skip
            except (ValueError, KeyError, TypeError) as error:
                raise UnreadableInput(
                    f"{path}:{number}: is no row of the voice's corpus ({error}); its keys are "
                    "listed in the README beside it"
                ) from error
    return rows


def read_ways(path: Path, personas: Mapping[str, Persona]) -> dict[str, Way]:
    """Every way of talking: the bundled personas, and those that only the corpus has.

    Raises ``UnreadableInput`` with file and line.
    """
    ways = {
        name: Way(persona.summary, persona.talks, _shown(persona))
        for name, persona in personas.items()
    }
    for number, line in enumerate(_text(path).splitlines(), 1):
        try:
            raw = json.loads(line)
            ways.setdefault(raw["id"], Way(raw["summary"], raw["talks"]))
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableInput(f"{path}:{number}: is no way of talking ({error})") from error
    return ways


def _shown(persona: Persona) -> list[str]:
    return [
        line for act in prompt.SHOWN_ACTS for line in persona.lines.get(act, ()) if "{" not in line
    ]


def teachable(rows: Sequence[Row]) -> list[Row]:
    """The rows that were made from a line. A reply written freely is more than a small model can
    learn to find; it shows how a way of talking sounds."""
    return [row for row in rows if row.like]


def lessons(
    rows: Sequence[Row],
    ways: Mapping[str, Way],
    chance: Random,
    *,
    size: int = LESSON,
    known: Sequence[Row] = (),
) -> Iterator[list[Moment]]:
    """All rows once, scene by scene, ``size`` at most under one opening message.

    The lines shown of a way are drawn anew for each lesson, from its persona and from *other*
    scenes of the rows and of what else is ``known``, so that the voice learns to sound like them
    and can't learn to repeat them.
    """
    scenes: dict[str, list[Row]] = {}
    for row in rows:
        scenes.setdefault(row.scene, []).append(row)
    free: dict[str, list[Row]] = {}
    for row in known or rows:
        if row.direction.say is None and row.direction.act in prompt.SHOWN_ACTS:
            free.setdefault(row.way, []).append(row)
    for scene, those in scenes.items():
        owns = _own_lines(those, chance)
        way = ways[those[0].way]
        for begin in range(0, len(those), size):
            part = those[begin : begin + size]
            said = {row.reply for row in part}
            own = [line for line in way.lines if line not in said]
            other = [
                row.reply
                for row in free.get(part[0].way, ())
                if row.scene != scene and row.reply not in said
            ]
            character = Character(
                part[0].who, part[0].seller, way.summary, way.talks, _sounds(own, other, chance)
            )
            opening = prompt.standing(character)
            yield [
                Moment(
                    row,
                    (opening, prompt.asked(row.direction, row.heard, owns[row.heard], row.like)),
                )
                for row in part
            ]


def _own_lines(scene: Sequence[Row], chance: Random) -> dict[str, str]:
    """For each rep line of a scene, what the prospect may have said just before it."""
    heard = list(dict.fromkeys(row.heard for row in scene))
    owns = {heard[0]: ""}
    for before, now in pairwise(heard):
        said = [row.reply for row in scene if row.heard == before]
        owns[now] = "" if chance.random() < WITHOUT_OWN else chance.choice(said)
    return owns


def _sounds(own: Sequence[str], other: Sequence[str], chance: Random) -> list[str]:
    few = chance.random() < FEWER_SOUNDS
    count = chance.randrange(prompt.SOUNDS) if few else prompt.SOUNDS
    drawn = chance.sample(own, min(len(own), chance.randint(0, count)))
    drawn += chance.sample(other, min(len(other), count - len(drawn)))
    chance.shuffle(drawn)
    return drawn


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableInput(f"{path}: can't be read ({error})") from error
