"""The figures of a set of voiced lines: pure arithmetic over what was said."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.evaluation.recognition import Reader
from trainer.evaluation.speaking import Spoken
from trainer.pathway import Act
from trainer.prospect.guard import refuse_content, refuse_role
from trainer.prospect.standing import Direction, Mood
from trainer.wording import content_set, tokens

COMMITTING = frozenset({Act.AGREE.value, Act.CONFIRM.value})


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured on one voice. Shares run from 0 to 1; None where there was nothing."""

    lines: int
    in_role_raw: float | None
    says_raw: float | None
    says: float
    act: float | None
    way_line: float | None
    way_scene: float | None
    authored: float
    leaks: int
    """Lines that tell a fact of their scene which they were not handed, most of its words."""
    words: float
    verbatim: float | None
    """Lines that are the persona's written one to the word, of those that the model spoke."""
    distinct: float
    reasons: dict[str, int]


def figures(
    spoken: Sequence[Spoken],
    acts: Reader | None = None,
    ways: Reader | None = None,
    facts: Mapping[str, Sequence[str]] | None = None,
) -> Figures:
    """All that can be told without a person reading; what needs a reader only where it is given.

    ``facts``: what there is to tell in each scene.
    """
    raw = [one for one in spoken if one.raw]
    modelled = [one for one in spoken if one.source == "model"]
    told = [one for one in spoken if one.say]
    told_raw = [one for one in told if one.raw]
    read = acts.read([(one.heard, one.line) for one in spoken]) if acts else []
    known = [one for one in spoken if ways and one.way in ways.labels]
    line, scene = ways_recognised(known, ways) if ways else (None, None)
    return Figures(
        lines=len(spoken),
        in_role_raw=_share([refuse_role(one.raw, direction(one)) is None for one in raw]),
        says_raw=_share([refuse_content(one.raw, direction(one)) is None for one in told_raw]),
        says=_share([refuse_content(one.line, direction(one)) is None for one in told]) or 0.0,
        act=_share([one.act == act for one, act in zip(spoken, read, strict=False)]),
        way_line=line,
        way_scene=scene,
        authored=_share([one.source == "authored" for one in spoken]) or 0.0,
        words=statistics.median(len(one.line.split()) for one in spoken),
        leaks=sum(_leaks(one, (facts or {}).get(one.scene, ())) for one in spoken),
        verbatim=_share([tokens(one.line) == tokens(one.written) for one in modelled]),
        distinct=len({one.line.casefold() for one in spoken}) / len(spoken),
        reasons=dict(Counter(reason for one in spoken for reason in one.refusals).most_common()),
    )


def ways_recognised(spoken: Sequence[Spoken], ways: Reader) -> tuple[float | None, float | None]:
    """The share recognised from one line alone, and from all that one person says in a scene."""
    if not spoken:
        return None, None
    chances = ways.chances([("", one.line) for one in spoken])
    lines = []
    scenes: dict[tuple[str, str], list[float]] = {}
    for one, row in zip(spoken, chances, strict=True):
        lines.append(ways.labels[max(range(len(row)), key=row.__getitem__)] == one.way)
        total = scenes.setdefault((one.scene, one.way), [0.0] * len(row))
        for place, chance in enumerate(row):
            total[place] += math.log(max(chance, 1e-6))
    whole = [
        ways.labels[max(range(len(total)), key=total.__getitem__)] == way
        for (_, way), total in scenes.items()
    ]
    return _share(lines), _share(whole)


def suspects(spoken: Sequence[Spoken], acts: Reader) -> list[Spoken]:
    """Lines that the act reader takes for a yes and that were to be none: for a person to read."""
    yes = [acts.labels.index(act) for act in sorted(COMMITTING) if act in acts.labels]
    chances = acts.chances([(one.heard, one.line) for one in spoken])
    return [
        one
        for one, row in zip(spoken, chances, strict=True)
        if one.act not in COMMITTING and sum(row[place] for place in yes) > 0.5
    ]


def tells(line: str, fact: str, known: str) -> bool:
    """Whether a line holds most of what is new in a fact to somebody who knows ``known``."""
    new = content_set([fact]) - content_set([known])
    return len(new) >= 2 and len(new & content_set([line])) > len(new) / 2


def _leaks(one: Spoken, facts: Sequence[str]) -> bool:
    known = f"{one.heard} {one.say or ''}"
    return any(tells(one.line, fact, known) for fact in facts if fact != one.say)


def direction(one: Spoken) -> Direction:
    """The direction a line was voiced under."""
    kind: Any = one.kind
    return Direction(Act(one.act), Mood(one.mood), one.say, kind)


def _share(held: Sequence[bool]) -> float | None:
    return sum(held) / len(held) if held else None
