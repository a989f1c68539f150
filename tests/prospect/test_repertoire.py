"""Everything a persona may have to say, laid out before a call: each act in its moods."""

from __future__ import annotations

from random import Random

import pytest

from tests.cast import scenario
from trainer.calls.loading import Loaded
from trainer.calls.rehearsal import rehearse
from trainer.engines.scripted_engine import SilentEngine
from trainer.library.shelf import Shelf
from trainer.locations import bundled
from trainer.pathway import Act, Speaker
from trainer.prospect.guard import Guard
from trainer.prospect.repertoire import HEARD, MOODS, Part, before, parts
from trainer.prospect.standing import Direction, Mood
from trainer.transcripts.readers import read_rep_script


def test_every_act_is_heard_in_each_of_its_moods_after_one_line_of_the_reps() -> None:
    made = parts(scenario(), Random(1))
    assert [(one.direction.act, one.direction.mood) for one in made] == [
        (act, mood) for act in Act for mood in MOODS[act]
    ]
    for act in Act:
        assert len({one.heard for one in made if one.direction.act is act}) == 1


def test_the_scenario_gives_what_is_said_in_turn_and_the_deepest_when_warm() -> None:
    made = parts(scenario(), Random(1))
    told = {(one.direction.act, one.direction.mood): one.direction.say_id for one in made}
    assert told[Act.DISCLOSE, Mood.NEUTRAL] == "dough"
    assert told[Act.DISCLOSE, Mood.WARM] == "tears"
    assert [told[Act.OBJECT, mood] for mood in MOODS[Act.OBJECT]] == ["money", "closing"]
    assert {told[Act.ASK_QUESTION, mood] for mood in MOODS[Act.ASK_QUESTION]} == {"noise", "visit"}
    assert told[Act.HANG_UP, Mood.ANNOYED] is None


def test_an_act_the_scenario_has_nothing_for_is_left_out() -> None:
    acts = {one.direction.act for one in parts(scenario(questions=[], objections=[]), Random(1))}
    assert set(Act) - acts == {Act.ASK_QUESTION, Act.OBJECT}


def test_the_rep_calls_them_and_himself_by_name_and_chance_chooses_the_words() -> None:
    greetings = {parts(scenario(), Random(seed))[0].heard for seed in range(9)}
    assert greetings == {"Hello, is that Mira?", "Hi Mira, it's Frostline calling."}


def test_a_line_follows_the_others_of_its_act_but_may_tell_the_same_fact_again() -> None:
    def tell(act: Act, say: str | None) -> Part:
        return Part("How so?", Direction(act, Mood.OPEN, say))

    said = [
        (tell(Act.DISCLOSE, "one"), "One."),
        (tell(Act.DISCLOSE, "two"), "Two."),
        (tell(Act.GREET, None), "Hello."),
    ]
    turns = before(tell(Act.DISCLOSE, "two"), said)
    assert [(turn.speaker, turn.text) for turn in turns] == [
        (Speaker.PROSPECT, "One."),
        (Speaker.REP, "How so?"),
    ]


def test_no_line_of_the_reps_belongs_to_one_trade() -> None:
    """Nothing in them names the industry of any scenario that ships, or who is called there."""
    lines = " ".join(line for several in HEARD.values() for line in several).casefold()
    for held in Shelf.load().scenarios.values():
        for word in f"{held.industry} {held.prospect.role or ''}".casefold().split():
            assert word == "and" or f" {word}" not in lines


def test_every_scenario_that_ships_has_something_for_every_act() -> None:
    for held in Shelf.load().scenarios.values():
        made = parts(held, Random(0))
        assert {one.direction.act for one in made} == set(Act), held.id
        guard = Guard(held)
        for one in made:  # what the scenario gives can be said as it is
            say = one.direction.say
            if say and one.direction.act is Act.ASK_QUESTION:
                assert guard.refuse(say, one.direction, before(one, [])) is None


@pytest.mark.model
def test_calls_come_to_these_moods_and_hardly_any_other(loaded: Loaded) -> None:
    """Good and bad reps against their own prospects: the table leaves out one turn in thirty at
    the most."""
    shelf = Shelf.load()
    played = [
        (direction.act, direction.mood)
        for held in list(shelf.scenarios)[:4]
        for rep in ("skilled", "pushy", "info-dumping")
        for direction in rehearse(
            read_rep_script(str(bundled() / "scenarios" / "reps" / held / f"{rep}.txt")),
            shelf.cast(held), listener=loaded.listener, engine=SilentEngine(), seed=1,
        ).state.directions
    ]  # fmt: skip
    others = [one for one in played if one[1] not in MOODS[one[0]]]
    assert len(played) > 80
    assert len(others) <= len(played) / 30, others
