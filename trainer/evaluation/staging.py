"""Written scenes as a persona in a scenario, so that what is measured is what a rep would hear."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from trainer.library import Persona, Scenario
from trainer.library.scenario import Fact, Lead, Offer, Prospect
from trainer.pathway import Act, LeadSource, Speaker, Stage
from trainer.prospect.corpus import Row, Way, frame
from trainer.prospect.standing import Direction
from trainer.prospect.tuning import fit
from trainer.transcripts import Turn

LINES_EACH = 4
"""Lines a persona made from the corpus has for an act, as a trainer would write."""


@dataclass(frozen=True, slots=True)
class Cue:
    """One moment to be voiced: who, where, after what, and the direction."""

    id: str
    way: str
    scene: str
    persona: Persona
    scenario: Scenario
    turns: tuple[Turn, ...]
    direction: Direction


def cues(
    rows: Sequence[Row], ways: Sequence[str], persona: Callable[[str, str], Persona]
) -> Iterator[Cue]:
    """Every scene of ``rows`` spoken in its own way, and in two of ``ways`` besides, in turn.

    ``persona``: who speaks, given the way and the scene (whose own replies they can't know).
    """
    scenes: dict[str, list[Row]] = {}
    for row in rows:
        scenes.setdefault(row.scene, []).append(row)
    for place, scene in enumerate(scenes.values()):
        others = [ways[(place + step) % len(ways)] for step in (0, len(ways) // 2)] if ways else []
        for way in dict.fromkeys([scene[0].way, *others]):
            yield from _scene_cues(scene, way, persona(way, scene[0].scene))


def persona_of(name: str, way: Way, rows: Sequence[Row]) -> Persona:
    """A persona as a trainer would write it: the way's description, and lines from ``rows`` that
    the guard would let anyone say."""
    lines: dict[Act, list[str]] = {}
    for row in fit(rows):
        said = row.direction
        line = frame(row, "{" + str(said.say_kind) + "}") if said.say else row.reply
        if row.way == name and line and len(lines.get(said.act, ())) < LINES_EACH:
            lines.setdefault(said.act, []).append(line)
    return Persona(
        id=name,
        summary=way.summary,
        talks=list(way.talks),
        needs=dict.fromkeys(Stage, 0.5),
        lines=lines,
    )


def scenario_of(scene: Sequence[Row]) -> Scenario:
    """The scenario that a scene's rows speak of: its people, and its facts as yet untold."""
    first = scene[0]
    name, *about = first.who.split(", ")
    city = about.pop() if about else None
    company, _, sells = first.seller.partition(", ")
    facts = [row.direction.say for row in scene if row.direction.say_kind == "fact"]
    return Scenario(
        id=first.scene,
        title=first.trade,
        persona=first.way,
        industry=first.trade,
        prospect=Prospect(
            name=name,
            role=about[0] if about else None,
            company=", ".join(about[1:]) or None,
            city=city,
        ),
        lead=Lead(source=LeadSource.COLD),
        you=Offer(company=company, sells=sells or first.trade, price="to be said on the call"),
        facts=[
            Fact(id=f"fact-{number}", depth="deep", say=say)
            for number, say in enumerate(dict.fromkeys(filter(None, facts)), 1)
        ]
        or [Fact(id="none", depth="deep", say="there is nothing more to tell")],
        yes_means="what the rep puts down",
    )


def _scene_cues(scene: Sequence[Row], way: str, persona: Persona) -> Iterator[Cue]:
    scenario = scenario_of(scene)
    ids = {fact.say: fact.id for fact in scenario.facts}
    before, heard = "", scene[0].heard
    latest = ""
    for row in scene:
        if row.heard != heard:
            before, heard = latest, row.heard
        latest = row.reply
        turns = [Turn(Speaker.PROSPECT, before)] if before else []
        turns += [Turn(Speaker.REP, row.heard)] if row.heard else []
        direction = replace(row.direction, say_id=ids.get(row.direction.say or ""))
        yield Cue(f"{row.id}/{way}", way, row.scene, persona, scenario, tuple(turns), direction)
