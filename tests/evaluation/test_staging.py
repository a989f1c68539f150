"""Written scenes staged as calls: the people, the facts and the moment are the scene's own."""

from __future__ import annotations

from trainer.evaluation.__main__ import TAUGHT_WAYS, _cues
from trainer.evaluation.staging import scenario_of
from trainer.pathway import Act, Speaker
from trainer.prospect import corpus

FOLDER = corpus.default_folder()
HELD_OUT = corpus.read([FOLDER / "heldout.jsonl"])


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


def test_strangers_bring_lines_of_their_own_for_every_act() -> None:
    """As a trainer writes them: about no trade in particular, and taught to nobody."""
    own = {row.way for row in HELD_OUT}
    strangers = {cue.way: cue.persona for cue in _cues() if cue.way in own}
    assert set(strangers) == own
    taught = {row.like for row in corpus.taught(FOLDER)}
    for persona in strangers.values():
        assert set(persona.lines) == set(Act)
        assert not taught & {line for lines in persona.lines.values() for line in lines}


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
