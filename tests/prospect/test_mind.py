"""The rules every persona obeys, whoever it is and whatever the call is about."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests import cast
from tests.readings import reading
from trainer.library import Persona, Scenario
from trainer.library.shelf import Shelf
from trainer.listening import Reading
from trainer.pathway import Act, LeadSource, Move, MoveGroup, Outcome, Stage
from trainer.prospect import director, mind
from trainer.prospect.standing import Direction, Mood, Standing

SHELF = Shelf.load()
AGAINST = [move for move in Move if move.group is MoveGroup.AGAINST]

personas = st.sampled_from(list(SHELF.personas.values()))
scenarios = st.sampled_from(list(SHELF.scenarios.values()))
turns = st.builds(
    lambda moves, words, grounding, unheard, text: reading(
        *moves, words=words, grounding=grounding, unheard=unheard, text=text
    ),
    st.frozensets(st.sampled_from(list(Move)), max_size=4),
    st.integers(1, 200),
    st.floats(0, 1),
    st.sampled_from([(), ("7",)]),
    st.text(min_size=1, max_size=20),
)


def play(readings: list[Reading], persona: Persona, scenario: Scenario, seed: int = 0) -> Standing:
    """Hear the turns one after another, the prospect answering each."""
    standing = mind.begin(persona, scenario)
    for number, heard in enumerate(readings):
        if standing.outcome is not None:
            break
        standing, _ = answer(standing, heard, persona, scenario, Random(f"{seed}/{number}"))
    return standing


def answer(
    standing: Standing, heard: Reading, persona: Persona, scenario: Scenario, chance: Random
) -> tuple[Standing, Direction]:
    after = mind.react(standing, heard, persona, scenario)
    direction = director.direct(director.Moment(standing, after, heard, persona, scenario, chance))
    return mind.note(after, direction, persona), direction


@given(st.lists(turns, max_size=15), personas, scenarios)
@settings(max_examples=150, deadline=None)
def test_levels_patience_and_lean_stay_between_nothing_and_all(
    heard: list[Reading], persona: Persona, scenario: Scenario
) -> None:
    standing = mind.begin(persona, scenario)
    for number, one in enumerate(heard):
        if standing.outcome is not None:
            break
        standing, _ = answer(standing, one, persona, scenario, Random(number))
        values = [*standing.levels.values(), standing.patience, standing.lean]
        assert all(0 <= value <= 1 for value in values)


@given(st.lists(turns, max_size=15), personas, scenarios)
@settings(max_examples=150, deadline=None)
def test_no_stage_runs_ahead_of_what_the_one_below_carries(
    heard: list[Reading], persona: Persona, scenario: Scenario
) -> None:
    standing = mind.begin(persona, scenario)
    for number, one in enumerate(heard):
        if standing.outcome is not None:
            break
        standing, _ = answer(standing, one, persona, scenario, Random(number))
        for stage in Stage:
            assert standing.levels[stage] <= mind.ceiling(stage, standing.levels, persona) + 1e-9
            if stage.below is not None:
                upper = mind.progress(stage, standing, persona)
                assert upper <= mind.progress(stage.below, standing, persona) + 1e-9


def test_a_kind_word_behind_a_push_does_not_refill_the_patience_it_used_up() -> None:
    """Found by the property below: a push took all of it, and a question in the same turn gave
    some back, so that pressing cost less than not pressing."""
    now = cast.standing(patience=0.05)
    kind = (Move.PERMISSION, Move.CLARIFY_OBJECTION, Move.EMPATHY)
    after = mind.react(now, reading(Move.PRESSURE, *kind), cast.persona(), cast.scenario())
    assert (after.patience, after.outcome) == (0, Outcome.HUNG_UP)


@given(st.lists(turns, max_size=8), turns, personas, scenarios)
@settings(max_examples=200, deadline=None)
def test_pressure_never_raises_trust(
    before: list[Reading], heard: Reading, persona: Persona, scenario: Scenario
) -> None:
    """Whatever else a turn does, pressing in it never leaves the prospect trusting more."""
    standing = play(before, persona, scenario)
    assume(standing.outcome is None)
    pressing = replace(
        heard,
        labels=heard.labels | {Move.PRESSURE},
        moves={**heard.moves, Move.PRESSURE: 0.95},
    )
    after = mind.react(standing, pressing, persona, scenario)
    assert after.levels[Stage.TRUST] <= standing.levels[Stage.TRUST]
    calm = replace(heard, labels=heard.labels - {Move.PRESSURE})
    unpressed = mind.react(standing, calm, persona, scenario)
    assert after.levels[Stage.TRUST] <= unpressed.levels[Stage.TRUST] + 1e-9
    assert after.patience <= unpressed.patience + 1e-9


@pytest.mark.parametrize("move", AGAINST)
@pytest.mark.parametrize("persona", SHELF.personas.values(), ids=lambda p: p.id)
def test_what_works_against_a_rep_costs_more_each_time(persona: Persona, move: Move) -> None:
    scenario = next(iter(SHELF.scenarios.values()))
    standing = replace(mind.begin(persona, scenario), patience=1.0)
    first = mind.react(standing, reading(move, text="one"), persona, scenario)
    again = replace(first, patience=1.0)
    second = mind.react(again, reading(move, text="two"), persona, scenario)
    assert first.patience < 1.0
    assert second.patience < first.patience


@pytest.mark.parametrize(
    "move", [Move.PERSONALIZE, Move.SMALL_TALK, Move.PERMISSION, Move.REFLECTION, Move.EMPATHY]
)
def test_the_same_trick_twice_counts_less(move: Move) -> None:
    persona, scenario = SHELF.personas["amiable"], SHELF.scenarios["payroll-errors"]
    start = mind.begin(persona, scenario)
    first = mind.react(start, reading(move, text="one"), persona, scenario)
    second = mind.react(first, reading(move, text="two"), persona, scenario)
    gained = first.levels[Stage.RAPPORT] - start.levels[Stage.RAPPORT]
    gained_again = second.levels[Stage.RAPPORT] - first.levels[Stage.RAPPORT]
    assert 0 < gained_again < gained


def test_a_line_said_twice_word_for_word_wins_nothing() -> None:
    persona, scenario = SHELF.personas["amiable"], SHELF.scenarios["payroll-errors"]
    said = reading(Move.REFLECTION, Move.EMPATHY, text="That sounds hard.")
    once = mind.react(mind.begin(persona, scenario), said, persona, scenario)
    twice = mind.react(once, replace(said, text="That SOUNDS hard!"), persona, scenario)
    assert all(twice.levels[stage] <= once.levels[stage] for stage in Stage)
    assert twice.patience < once.patience


def test_empathy_that_takes_up_nothing_they_said_counts_little() -> None:
    persona, scenario = SHELF.personas["amiable"], SHELF.scenarios["payroll-errors"]
    start = mind.begin(persona, scenario)
    meant = mind.react(start, reading(Move.EMPATHY), persona, scenario)
    hollow = mind.react(start, reading(Move.EMPATHY, grounding=0.0), persona, scenario)
    gained = meant.levels[Stage.EMPATHY] - start.levels[Stage.EMPATHY]
    assert 0 < hollow.levels[Stage.EMPATHY] - start.levels[Stage.EMPATHY] < gained / 2


def test_saying_back_what_they_never_said_costs() -> None:
    persona, scenario = SHELF.personas["analytical"], SHELF.scenarios["payroll-errors"]
    standing = play(good_beginning(), persona, scenario)
    wrong = reading(Move.REFLECTION, unheard=("9",), text="So nine runs went out wrong.")
    after, direction = answer(standing, wrong, persona, scenario, Random(1))
    assert after.levels[Stage.TRUST] < standing.levels[Stage.TRUST]
    assert direction.act is Act.PUSH_BACK


def test_an_ignored_question_costs_and_an_answered_one_pays() -> None:
    persona, scenario = SHELF.personas["driver"], SHELF.scenarios["payroll-errors"]
    asked = replace(play(good_beginning(), persona, scenario), waiting_for="answer")
    answered = mind.react(asked, reading(Move.ANSWER), persona, scenario)
    ignored = mind.react(asked, reading(Move.SMALL_TALK), persona, scenario)
    assert answered.patience > asked.patience > ignored.patience
    assert answered.levels[Stage.TRUST] > ignored.levels[Stage.TRUST]


def test_a_long_speech_costs_patience() -> None:
    persona, scenario = SHELF.personas["driver"], SHELF.scenarios["payroll-errors"]
    start = mind.begin(persona, scenario)
    short = mind.react(start, reading(Move.PROOF, words=30), persona, scenario)
    long = mind.react(start, reading(Move.PROOF, words=160), persona, scenario)
    assert long.patience < short.patience


@pytest.mark.parametrize("persona", SHELF.personas.values(), ids=lambda p: p.id)
def test_patience_gone_ends_the_call(persona: Persona) -> None:
    for scenario in SHELF.scenarios.values():
        standing = mind.begin(persona, scenario)
        direction = None
        for number in range(12):
            heard = reading(Move.PRESSURE, Move.ARGUE, text=f"You have to act now {number}")
            standing, direction = answer(standing, heard, persona, scenario, Random(number))
            if standing.outcome is not None:
                break
        assert standing.outcome in (Outcome.HUNG_UP, Outcome.DECLINED)
        assert direction is not None
        assert direction.act in (Act.HANG_UP, Act.DECLINE)


@pytest.mark.parametrize("persona", SHELF.personas.values(), ids=lambda p: p.id)
@pytest.mark.parametrize("scenario", SHELF.scenarios.values(), ids=lambda s: s.id)
def test_a_good_call_is_won_and_the_same_turns_backwards_are_not(
    persona: Persona, scenario: Scenario
) -> None:
    """The order is the method: the same turns in the wrong order end worse."""
    forwards = play(good_call(), persona, scenario)
    backwards = play(good_call()[::-1], persona, scenario)
    assert forwards.agreed
    assert not backwards.agreed
    worth = [sum(s.levels.values()) + s.patience for s in (backwards, forwards)]
    assert worth[0] < worth[1]


@given(st.lists(turns, max_size=12), personas, scenarios, st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_same_seed_same_call(
    heard: list[Reading], persona: Persona, scenario: Scenario, seed: int
) -> None:
    assert play(heard, persona, scenario, seed) == play(heard, persona, scenario, seed)


@given(st.lists(turns, max_size=12), personas, scenarios)
@settings(max_examples=150, deadline=None)
def test_a_yes_needs_an_assumed_close(
    heard: list[Reading], persona: Persona, scenario: Scenario
) -> None:
    """No prospect says yes to anything but a close that was assumed, without pressure."""
    standing = mind.begin(persona, scenario)
    for number, one in enumerate(heard):
        if standing.outcome is not None:
            break
        before = standing
        standing, direction = answer(standing, one, persona, scenario, Random(number))
        if standing.agreed and not before.agreed:
            assert Move.ASSUMPTIVE_CLOSE in one.labels
            assert not one.labels & {Move.ASK_FOR_SALE, Move.PRESSURE}
            assert direction.act is Act.AGREE
        elif direction.act is Act.AGREE:
            pytest.fail("agreed without a yes")


def test_earned_then_asked_it_cools_and_asked_again_it_is_gone() -> None:
    persona, scenario = SHELF.personas["amiable"], SHELF.scenarios["payroll-errors"]
    standing = play(good_call()[:-1], persona, scenario)
    assert mind.earned(standing, persona)
    asking = reading(Move.ASK_FOR_SALE, text="Would you like to go ahead?")
    cooled, direction = answer(standing, asking, persona, scenario, Random(1))
    assert direction.act is Act.DEFER
    assert not mind.earned(cooled, persona)
    gone, direction = answer(
        cooled, replace(asking, text="So, shall we?"), persona, scenario, Random(2)
    )
    assert gone.outcome is Outcome.DRIFTED
    assert direction.act is Act.DEFER


def test_assumed_too_soon_is_stopped_and_trust_falls() -> None:
    persona, scenario = SHELF.personas["amiable"], SHELF.scenarios["payroll-errors"]
    standing = play(good_beginning(), persona, scenario)
    soon = reading(Move.ASSUMPTIVE_CLOSE, text="I'll put you down for Monday.")
    after, direction = answer(standing, soon, persona, scenario, Random(1))
    assert direction.act is Act.PUSH_BACK
    assert after.levels[Stage.TRUST] <= standing.levels[Stage.TRUST]
    assert after.patience < standing.patience
    assert not after.agreed


def test_earned_and_never_closed_they_drift_off() -> None:
    persona, scenario = SHELF.personas["amiable"], SHELF.scenarios["payroll-errors"]
    standing = play(good_call()[:-1], persona, scenario)
    direction = None
    for number in range(12):
        if standing.outcome is not None:
            break
        chat = reading(Move.CHECK_IN, text=f"How does that sit with you {number}?")
        standing, direction = answer(standing, chat, persona, scenario, Random(number))
    assert standing.outcome is Outcome.DRIFTED
    assert direction is not None
    assert direction.act is Act.DEFER


def test_past_the_yes_calm_confirms_and_pushing_takes_it_back() -> None:
    persona, scenario = SHELF.personas["amiable"], SHELF.scenarios["payroll-errors"]
    yes = play(good_call(), persona, scenario)
    assert yes.agreed
    calm, direction = answer(yes, reading(Move.CEMENT), persona, scenario, Random(1))
    assert calm.agreed
    assert direction.act is Act.CONFIRM
    pushed = yes
    for number in range(8):
        if pushed.outcome is not None:
            break
        push = reading(Move.PRESSURE, Move.CHASING, text=f"Sign now or never {number}")
        pushed, _ = answer(pushed, push, persona, scenario, Random(number))
    assert not pushed.agreed
    assert pushed.outcome in (Outcome.DRIFTED, Outcome.HUNG_UP)


def test_who_asked_for_the_call_starts_closer_than_who_did_not() -> None:
    persona, scenario = SHELF.personas["amiable"], SHELF.scenarios["payroll-errors"]
    starts = {
        source: mind.begin(
            persona, scenario.model_copy(update={"lead": scenario.lead.model_copy(
                update={"source": source})})
        )
        for source in LeadSource
    }  # fmt: skip
    assert starts[LeadSource.COLD].lean < starts[LeadSource.WEB_FORM].lean
    assert starts[LeadSource.COLD].mood is Mood.GUARDED


def good_beginning() -> list[Reading]:
    return [
        reading(Move.PERSONALIZE, Move.PERMISSION, text="You wrote three runs went wrong?"),
        reading(Move.OPEN_QUESTION, text="What happened on the worst one?"),
        reading(Move.REFLECTION, Move.EMPATHY, text="Two quit. That stays with a crew."),
    ]


def good_call() -> list[Reading]:
    """A skilled rep: discovery first, then trust, hope, urgency, and a close that is assumed."""
    return [
        *good_beginning(),
        reading(Move.OPEN_QUESTION, Move.IMPACT_QUESTION, text="What does that cost you?"),
        reading(Move.REFLECTION, text="So the clerk types it twice."),
        reading(Move.OPEN_QUESTION, Move.EMPATHY, text="That is a lot. Who else feels it?"),
        reading(Move.IMPACT_QUESTION, Move.REFLECTION, text="And if it goes on?"),
        reading(Move.EMPATHY, Move.OPEN_QUESTION, text="I'd be tired too. What have you tried?"),
        reading(Move.CANDOR, Move.EXPECTATION, text="It takes three weeks and the first is messy."),
        reading(Move.PROOF, Move.ANSWER, text="Ruth in Green Bay will tell you."),
        reading(Move.VALUE_LINK, Move.ANSWER, text="You said Friday, so it runs on Wednesday."),
        reading(Move.CLARIFY_OBJECTION, Move.REFLECTION, Move.EMPATHY, text="What's behind that?"),
        reading(Move.PROOF, Move.EXPECTATION, Move.CANDOR, text="Here is how December went."),
        reading(Move.FUTURE_PICTURE, Move.VALUE_LINK, text="By spring Fridays are quiet."),
        reading(Move.REFLECTION, Move.EXPECTATION, Move.CLARIFY_OBJECTION, text="And that worry?"),
        reading(Move.PROOF, Move.EMPATHY, Move.CANDOR, Move.VALUE_LINK, text="See for yourself."),
        reading(Move.COST_OF_DELAY, text="Your contract starts January 4."),
        reading(Move.FUTURE_PICTURE, Move.COST_OF_DELAY, Move.ANSWER, text="Before the fourth."),
        reading(Move.ASSUMPTIVE_CLOSE, text="I'll set the parallel run for Monday."),
    ]
