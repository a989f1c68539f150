"""What the prospect does next, told as moments of a call."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.cast import persona, scenario, standing
from tests.readings import reading
from trainer.library import Persona, Scenario
from trainer.listening import Reading
from trainer.pathway import Act, Move, MoveGroup, Outcome, Stage
from trainer.prospect import director, mind
from trainer.prospect.director import Moment
from trainer.prospect.standing import Direction, Mood, Standing

WHO = persona()
WHERE = scenario()
CLOSE_BY: dict[str, Any] = {"carried": "urgency", "lean": 0.6}


def after(
    heard: Reading,
    now: Standing,
    *,
    before: Standing | None = None,
    who: Persona = WHO,
    where: Scenario = WHERE,
    seed: int = 1,
) -> Direction:
    return director.direct(Moment(before or now, now, heard, who, where, Random(seed)))


def all_chances(heard: Reading, now: Standing, **kwargs: Any) -> set[Act]:
    """Every act that chance allows here."""
    return {after(heard, now, seed=seed, **kwargs).act for seed in range(40)}


class TestPickingUp:
    def test_nobody_picks_up_with_something_that_answers_a_word_not_yet_said(self) -> None:
        opening = director.open_with(standing(mood=Mood.ANNOYED))
        assert (opening.act, opening.mood, opening.say) == (Act.GREET, Mood.ANNOYED, None)


class TestEndings:
    @pytest.mark.parametrize(
        ("outcome", "act"),
        [
            (Outcome.HUNG_UP, Act.HANG_UP),
            (Outcome.DECLINED, Act.DECLINE),
            (Outcome.DRIFTED, Act.DEFER),
            (Outcome.AGREED, Act.CONFIRM),
        ],
    )
    def test_an_ending_comes_before_anything_the_rep_just_asked(
        self, outcome: Outcome, act: Act
    ) -> None:
        now = standing(carried="urgency", outcome=outcome)
        assert after(reading(Move.OPEN_QUESTION), now).act is act

    def test_a_call_without_a_decision_does_not_end(self) -> None:
        now = standing(carried="rapport", outcome=Outcome.OPEN)
        assert after(reading(Move.OPEN_QUESTION), now).act is Act.ANSWER

    def test_drifting_off_says_why(self) -> None:
        """The film room tells a yes taken back from a close never made and one asked twice."""
        gone = standing(outcome=Outcome.DRIFTED)
        taken_back = after(reading(), gone, before=standing(agreed=True))
        asked_twice = after(reading(), replace(gone, stopped=2), before=standing(stopped=1))
        never_closed = after(reading(), gone, before=standing())
        assert len({taken_back.why, asked_twice.why, never_closed.why}) == 3


class TestTheClose:
    def test_earned_and_assumed_they_agree(self) -> None:
        now = standing(agreed=True, **CLOSE_BY)
        got = after(reading(Move.ASSUMPTIVE_CLOSE), now, before=standing(**CLOSE_BY))
        assert got.act is Act.AGREE

    def test_past_the_yes_they_settle_details_and_wonder_when_pushed(self) -> None:
        yes = standing(agreed=True, **CLOSE_BY)
        assert after(reading(Move.CEMENT), yes).act is Act.CONFIRM
        assert after(reading(Move.PRESSURE), yes).act is Act.CONSIDER
        assert after(reading(Move.ASK_FOR_SALE), yes).act is Act.CONSIDER

    def test_earned_but_asked_they_put_it_off(self) -> None:
        before = standing(**CLOSE_BY)
        got = after(reading(Move.ASK_FOR_SALE), replace(before, stopped=1), before=before)
        assert got.act is Act.DEFER

    def test_a_close_that_is_not_earned_is_stopped_each_kind_for_its_reason(self) -> None:
        before = standing(carried="empathy")
        closes = (
            reading(Move.ASK_FOR_SALE),
            reading(Move.ASSUMPTIVE_CLOSE),
            reading(Move.ASSUMPTIVE_CLOSE, Move.PRESSURE),
        )
        got = [after(heard, replace(before, stopped=1), before=before) for heard in closes]
        assert {direction.act for direction in got} == {Act.PUSH_BACK}
        assert len({direction.why for direction in got}) == 3

    def test_when_it_is_earned_they_show_it_and_do_not_close_for_the_rep(self) -> None:
        now = standing(**CLOSE_BY)
        assert mind.earned(now, WHO)
        assert after(reading(Move.VALUE_LINK), now).act is Act.BUYING_SIGNAL

    def test_no_act_agrees_before_the_yes(self) -> None:
        for move in Move:
            for now in (standing(), standing(carried="hope"), standing(**CLOSE_BY)):
                assert Act.AGREE not in all_chances(reading(move), now)


class TestBeingPushed:
    @pytest.mark.parametrize("move", [Move.PRESSURE, Move.ARGUE, Move.DISPARAGE])
    def test_pressed_lectured_or_hearing_others_run_down_they_stop_the_rep(
        self, move: Move
    ) -> None:
        got = after(reading(move, Move.OPEN_QUESTION), standing(carried="urgency"))
        assert got.act is Act.PUSH_BACK
        assert move.in_words in got.why

    @pytest.mark.parametrize("move", [Move.CHASING, Move.DISCOUNTING])
    def test_a_rep_who_chases_is_put_off_and_later_told_to_stop(self, move: Move) -> None:
        assert after(reading(move), standing(patience=0.6)).act is Act.BRUSH_OFF
        assert after(reading(move), standing(patience=0.2)).act is Act.PUSH_BACK

    @pytest.mark.parametrize("move", [Move.FEATURE_DUMP, Move.OVERPROMISE])
    def test_a_list_of_features_meets_doubt_or_nothing(self, move: Move) -> None:
        acts = all_chances(reading(move), standing(carried="empathy"))
        assert acts == {Act.ASK_PROOF, Act.HOLD_BACK, Act.BRUSH_OFF}

    def test_nothing_that_pushes_gets_a_fact_out_of_them(self) -> None:
        for move in (m for m in Move if m.group is MoveGroup.AGAINST):
            got = after(reading(move, Move.OPEN_QUESTION), standing(carried="urgency"))
            assert got.say_kind != "fact"

    def test_words_put_in_their_mouth_are_given_back(self) -> None:
        got = after(reading(Move.REFLECTION, unheard=("9",)), standing(carried="hope"))
        assert got.act is Act.PUSH_BACK
        assert "never said" in got.why


class TestQuestions:
    def test_asked_before_any_rapport_they_hold_back(self) -> None:
        got = after(reading(Move.OPEN_QUESTION), standing(turns=1), before=standing(turns=0))
        assert got.act is Act.HOLD_BACK

    def test_a_fair_question_brings_a_surface_fact_and_nobody_whispers_it(self) -> None:
        got = after(reading(Move.OPEN_QUESTION), standing(carried="rapport"))
        assert (got.act, got.say_id, got.say) == (
            Act.ANSWER, "dough", "the dough went off overnight",
        )  # fmt: skip

    def test_a_closed_question_gets_an_answer_and_no_more(self) -> None:
        got = after(reading(Move.CLOSED_QUESTION), standing(carried="rapport"))
        assert (got.act, got.say_kind) == (Act.ANSWER, "fact")

    def test_what_the_rep_touched_on_comes_first(self) -> None:
        heard = reading(Move.OPEN_QUESTION, facts=frozenset({"repairs"}))
        assert after(heard, standing(carried="rapport")).say_id == "repairs"

    def test_the_fact_that_answers_the_question_is_told(self) -> None:
        """A nearness that may be chance is none: then the depth that is due decides."""
        now = standing(carried="empathy")
        sure = reading(Move.OPEN_QUESTION, near={"dough": 0.2, "repairs": 0.55, "tears": 0.45})
        assert after(sure, now).say_id == "repairs"
        chance = reading(Move.IMPACT_QUESTION, near={"dough": 0.1, "repairs": 0.3})
        assert after(chance, now).say_id == "loan"

    def test_what_was_told_is_not_told_again(self) -> None:
        now = standing(carried="rapport", disclosed=frozenset({"dough"}))
        assert after(reading(Move.OPEN_QUESTION), now).say_id == "repairs"

    def test_a_deep_fact_needs_good_footing(self) -> None:
        """The same question on thin footing brings a surface fact, on good footing a deep one."""
        heard = reading(Move.IMPACT_QUESTION, facts=frozenset({"tears"}))
        thin = after(heard, standing(carried="rapport"))
        assert thin.say_id in ("dough", "repairs", "date-1")
        assert after(heard, standing(carried="empathy")).say_id == "tears"

    def test_with_only_deep_facts_left_they_hold_back_until_the_footing_is_there(self) -> None:
        told = frozenset({"dough", "repairs", "date-1"})
        thin = standing(carried="rapport", disclosed=told)
        assert after(reading(Move.OPEN_QUESTION), thin).act is Act.HOLD_BACK
        good = standing(carried="empathy", disclosed=told)
        assert after(reading(Move.OPEN_QUESTION), good).say_id == "loan"

    def test_with_all_of_it_told_they_answer(self) -> None:
        told = frozenset(fact.id for fact in WHERE.tellable)
        now = standing(carried="empathy", disclosed=told)
        got = after(reading(Move.OPEN_QUESTION), now)
        assert (got.act, got.say) == (Act.ANSWER, None)

    def test_asking_what_lies_behind_an_objection_brings_what_does(self) -> None:
        now = standing(carried="empathy", objection="money", raised=frozenset({"money"}))
        got = after(reading(Move.CLARIFY_OBJECTION), now)
        assert (got.act, got.say_id) == (Act.DISCLOSE, "loan")
        assert "objection" in got.why

    def test_asking_behind_an_objection_with_nothing_left_still_gets_an_answer(self) -> None:
        told = frozenset({"dough", "repairs", "date-1"})
        now = standing(carried="rapport", objection="money", disclosed=told)
        assert after(reading(Move.CLARIFY_OBJECTION), now).act is Act.ANSWER


class TestObjections:
    def test_an_objection_comes_out_when_talk_turns_to_what_would_change(self) -> None:
        now = standing(carried="hope")
        got = after(reading(Move.VALUE_LINK), now)
        assert (got.act, got.say_kind, got.say_id) == (Act.OBJECT, "objection", "money")
        assert after(reading(Move.EMPATHY), now).act is not Act.OBJECT

    def test_before_there_is_any_hope_nothing_is_in_the_way_yet(self) -> None:
        assert after(reading(Move.CANDOR), standing(carried="trust")).act is not Act.OBJECT

    def test_one_at_a_time(self) -> None:
        now = standing(carried="hope", objection="money", raised=frozenset({"money"}))
        assert after(reading(Move.PROOF), now).act is not Act.OBJECT

    def test_who_needs_much_trust_brings_up_a_second_one(self) -> None:
        raised = frozenset({"money"})
        needs = {**dict.fromkeys(Stage, 0.5), Stage.TRUST: 0.8}
        wary = persona(needs=needs)
        got = after(reading(Move.PROOF), standing(wary, carried="hope", raised=raised), who=wary)
        assert got.say_id == "closing"
        assert after(reading(Move.PROOF), standing(carried="hope", raised=raised)).act is not (
            Act.OBJECT
        )

    def test_met_they_let_go_of_it(self) -> None:
        before = standing(carried="hope", objection="money", raised=frozenset({"money"}))
        now = replace(before, objection=None)
        got = after(reading(Move.EXPECTATION), now, before=before)
        assert (got.act, got.why) == (Act.CONSIDER, "what stood in the way was met")

    def test_a_scenario_without_objections_has_none_to_raise(self) -> None:
        got = after(reading(Move.PROOF), standing(carried="hope"), where=scenario(objections=[]))
        assert got.act is not Act.OBJECT


class TestTheRest:
    def test_heard_they_tell_something_deep_or_open_up(self) -> None:
        deep = after(reading(Move.REFLECTION), standing(carried="empathy"))
        assert (deep.act, deep.say_id) == (Act.DISCLOSE, "loan")
        acts = all_chances(reading(Move.EMPATHY), standing(carried="rapport"))
        assert acts == {Act.ANSWER, Act.WARM_UP}
        told = standing(carried="empathy", disclosed=frozenset(f.id for f in WHERE.tellable))
        assert after(reading(Move.EMPATHY), told).act is Act.WARM_UP

    def test_one_who_lives_by_evidence_asks_what_a_claim_rests_on(self) -> None:
        exact = persona(weighs={Move.PROOF: 3})
        now = standing(carried="trust")
        assert after(reading(Move.VALUE_LINK), now, who=exact).act is Act.ASK_PROOF
        assert after(reading(Move.VALUE_LINK), now).act is not Act.ASK_PROOF
        backed = reading(Move.VALUE_LINK, Move.PROOF)
        assert after(backed, now, who=exact).act is not Act.ASK_PROOF

    def test_having_just_asked_for_proof_they_do_not_ask_for_it_again(self) -> None:
        exact = persona(weighs={Move.PROOF: 3})
        now = standing(carried="trust")
        waiting = replace(now, waiting_for="proof")
        got = after(reading(Move.VALUE_LINK), now, before=waiting, who=exact)
        assert got.act is Act.CONSIDER

    def test_shown_something_they_ask_what_they_want_to_know_each_thing_once(self) -> None:
        now = standing(carried="trust")
        first = after(reading(Move.CANDOR), now)
        assert (first.act, first.say_id) == (Act.ASK_QUESTION, "noise")
        second = after(reading(Move.CANDOR), replace(now, asked=frozenset({"noise"})))
        assert second.say_id == "visit"
        none_left = replace(now, asked=frozenset({"noise", "visit"}))
        assert after(reading(Move.CANDOR), none_left).act is Act.CONSIDER

    def test_answered_they_weigh_it(self) -> None:
        now = standing(carried="trust")
        got = after(reading(Move.ANSWER), now, before=replace(now, waiting_for="answer"))
        assert got.act is Act.CONSIDER

    def test_a_pleasantry_is_returned_by_those_who_care_for_one(self) -> None:
        brisk = persona(weighs={Move.SMALL_TALK: -1})
        heard = reading(Move.SMALL_TALK)
        assert after(heard, standing()).act is Act.SMALL_TALK
        assert after(heard, standing(), who=brisk).act is not Act.SMALL_TALK

    def test_asked_how_it_sits_they_think(self) -> None:
        assert after(reading(Move.CHECK_IN), standing(carried="rapport")).act is Act.CONSIDER

    def test_a_good_beginning_gets_a_plain_answer_or_from_the_wary_less(self) -> None:
        heard, first = reading(Move.PERSONALIZE, Move.PERMISSION), standing(turns=0)
        assert after(heard, standing(turns=1), before=first).act is Act.ANSWER
        wary = persona(opens_with=Act.BRUSH_OFF)
        got = after(heard, standing(turns=1), before=first, who=wary)
        assert got.act is Act.BRUSH_OFF
        knew = after(reading(Move.PERSONALIZE), standing(turns=1), before=first, who=wary)
        assert knew.act is Act.HOLD_BACK

    def test_a_question_behind_words_of_empathy_is_answered(self) -> None:
        """The question was not heard as a move, but its mark was there and a fact answers it."""
        now = standing(carried="rapport")
        heard = replace(reading(Move.EMPATHY, near={"repairs": 0.6}), question=True)
        got = [after(heard, now, seed=seed) for seed in range(20)]
        assert {(one.act, one.say_id) for one in got} == {(Act.ANSWER, "repairs")}

    def test_a_turn_with_nothing_in_it_gets_little_or_a_question(self) -> None:
        assert all_chances(reading(), standing()) == {Act.ASK_QUESTION, Act.HOLD_BACK}
        first = standing(turns=0)
        assert all_chances(reading(), standing(turns=1), before=first) == {Act.HOLD_BACK}

    def test_nothing_in_it_for_them_again_and_again_they_want_off_the_phone(self) -> None:
        assert after(reading(), standing(barren=2)).act is Act.BRUSH_OFF
        hurried = persona(opens_with=Act.BRUSH_OFF)
        assert after(reading(), standing(), who=hurried).act is Act.BRUSH_OFF

    def test_every_direction_says_why_and_carries_the_mood(self) -> None:
        now = standing(carried="empathy", mood=Mood.WARM)
        for move in Move:
            got = after(reading(move), now)
            assert got.why
            assert got.mood is Mood.WARM

    def test_same_chance_same_direction(self) -> None:
        heard, now = reading(Move.EMPATHY), standing(carried="rapport")
        assert [after(heard, now, seed=s) for s in range(9)] == [
            after(heard, now, seed=s) for s in range(9)
        ]
