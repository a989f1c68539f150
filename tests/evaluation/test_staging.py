"""Written scenes staged as calls: the people, the facts and the moment are the scene's own."""

from __future__ import annotations

from trainer.evaluation.__main__ import TAUGHT_WAYS, _cues
from trainer.evaluation.staging import persona_of, scenario_of
from trainer.library.shelf import Shelf
from trainer.pathway import Act, Speaker
from trainer.prospect import corpus

FOLDER = corpus.default_folder()
HELD_OUT = corpus.read([FOLDER / "heldout.jsonl"])
WAYS = corpus.read_ways(FOLDER / "ways.jsonl", Shelf.load().personas)


def test_a_scenes_people_are_taken_apart_and_its_facts_are_untold() -> None:
    scene = [row for row in HELD_OUT if row.scene == HELD_OUT[0].scene]
    scenario = scenario_of(scene)
    assert scenario.prospect.name == "Erasmus Tench"
    assert scenario.prospect.role == "proprietor"
    assert scenario.prospect.company == "Tench Pianos"
    assert scenario.prospect.city == "Scarborough"
    assert scenario.you.company == "Treadhaul"
    told = {row.direction.say for row in scene if row.direction.say_kind == "fact"}
    assert {fact.say for fact in scenario.facts} == told


def test_every_scene_is_spoken_by_its_own_person_and_by_two_it_was_not_written_for() -> None:
    cues = _cues()
    assert len(cues) >= 2000
    own = {row.way for row in HELD_OUT}
    assert len({cue.way for cue in cues}) == 10 == len(own | set(TAUGHT_WAYS))
    for scene in {cue.scene for cue in cues}:
        ways = {cue.way for cue in cues if cue.scene == scene}
        assert len(ways) == 3
        assert len(ways & own) == 1


def test_nobody_knows_the_lines_they_are_measured_on() -> None:
    written = {row.id: row.reply for row in HELD_OUT}
    for cue in _cues():
        known = {line for lines in cue.persona.lines.values() for line in lines}
        assert written[cue.id.partition("/")[0]] not in known, cue.id


def test_a_cue_comes_after_what_the_rep_has_said() -> None:
    for cue in _cues():
        if cue.turns:
            assert cue.turns[-1].speaker is Speaker.REP
        else:
            assert cue.direction.act is Act.GREET


def test_a_persona_made_from_lines_has_room_for_what_is_to_be_said() -> None:
    persona = persona_of("joker", WAYS["joker"], HELD_OUT)
    assert all("{fact}" in line for line in persona.lines[Act.DISCLOSE])
    assert all("{" not in line for line in persona.lines[Act.WARM_UP])
