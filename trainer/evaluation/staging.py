"""Written scenes as a persona in a scenario, so that what is measured is what a rep would hear."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trainer.library import Persona, Scenario
from trainer.library.scenario import Fact, Lead, Offer, Prospect
from trainer.pathway import LeadSource, Speaker
from trainer.prospect.corpus import Row
from trainer.prospect.standing import Direction
from trainer.transcripts import Turn


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
    rows: Sequence[Row], ways: Sequence[str], personas: Mapping[str, Persona]
) -> Iterator[Cue]:
    """Every scene of ``rows`` spoken in its own way, and in two of ``ways`` besides, in turn, by
    the ``personas`` of those ways."""
    scenes: dict[str, list[Row]] = {}
    for row in rows:
        scenes.setdefault(row.scene, []).append(row)
    for place, scene in enumerate(scenes.values()):
        others = [ways[(place + step) % len(ways)] for step in (0, len(ways) // 2)] if ways else []
        for way in dict.fromkeys([scene[0].way, *others]):
            yield from _scene_cues(scene, way, personas[way])


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
