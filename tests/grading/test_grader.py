"""What a call came to, from its words alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import scenario
from tests.grading.transcribed import AGREES, RUBRIC, TELLS, closed, graded, transcript
from tests.readings import PUSHY, SKILLED, MarkedListener, reading
from trainer.grading.checks import RepTurn
from trainer.grading.coach import MOST_NOTES, MOST_VICTORIES
from trainer.grading.grader import FEWEST_REP_TURNS, Grader, judge
from trainer.library import Rubric
from trainer.pathway import Form, Move, MoveGroup, Speaker, Stage, Verdict
from trainer.transcripts import Transcript, Turn

EARNED = SKILLED[:-1]
CLOSE = SKILLED[-1]
ASK = "ask_for_sale: Would you like to go ahead?"
PRESS = "pressure: This is only until five today."


class TestTheVerdict:
    """The first that applies: asked, pressured, too soon, earned, left on the table, not earned."""

    @pytest.mark.parametrize(
        ("lines", "verdict", "earned", "form"),
        [
            ([*EARNED, CLOSE], Verdict.EARNED_CLOSE, True, Form.ASSUMED),
            (EARNED, Verdict.LEFT_ON_TABLE, True, Form.NONE),
            (EARNED[:4], Verdict.NOT_EARNED, False, Form.NONE),
            ([*EARNED[:4], CLOSE], Verdict.ASSUMED_TOO_SOON, False, Form.ASSUMED),
            ([*EARNED, ASK], Verdict.ASKED, True, Form.ASKED),
            ([*EARNED[:4], ASK], Verdict.ASKED, False, Form.ASKED),
            ([*EARNED, CLOSE, ASK], Verdict.ASKED, True, Form.ASKED),
            ([*EARNED, PRESS, CLOSE], Verdict.PRESSURED, False, Form.ASSUMED),
            ([*EARNED, "assumptive_close+pressure: Today only, so Monday."],
             Verdict.PRESSURED, False, Form.ASSUMED),
            ([PRESS, *EARNED, ASK], Verdict.ASKED, False, Form.ASKED),
            ([PRESS, *EARNED[:4]], Verdict.NOT_EARNED, False, Form.NONE),
            ([*EARNED, CLOSE, PRESS], Verdict.EARNED_CLOSE, True, Form.ASSUMED),
            # too soon at first, earned later: the good one counts
            ([*EARNED[:4], CLOSE, *EARNED[4:], CLOSE], Verdict.EARNED_CLOSE, True, Form.ASSUMED),
        ],
    )  # fmt: skip
    def test_the_first_that_applies(
        self, lines: list[str], verdict: Verdict, earned: bool, form: Form
    ) -> None:
        card = graded(closed(lines))
        assert (card.verdict, card.earned, card.form) == (verdict, earned, form)

    def test_the_sentence_names_the_turn_that_decided_it(self) -> None:
        card = graded(closed([*EARNED, ASK]))
        number = 2 * len(EARNED) + 1
        assert card.asked == (number,)
        assert card.sentence == f"You earned it, then asked for it: turn {number}."
        pressed = graded(closed([*EARNED, PRESS, CLOSE]))
        assert pressed.pressure == (number,)
        assert f"turn {number}" in pressed.sentence
        assert pressed.assumptive == (number + 2,)

    def test_a_rep_who_pushed_and_never_closed_is_not_told_they_forced_nothing(self) -> None:
        pushed = graded(closed([*EARNED[:4], PRESS]))
        assert pushed.sentence == "The close was not earned, and you pushed: turn 9."
        calm = graded(closed(EARNED[:4]))
        assert calm.sentence == "The close was not earned, and you did not force it."

    @pytest.mark.parametrize(
        "reply", ["No.", "Whoa, I haven't agreed to anything.", "I'd like to think about it."]
    )
    def test_a_close_they_turn_down_was_not_earned(self, reply: str) -> None:
        card = graded(closed([*EARNED, CLOSE], reply))
        assert (card.verdict, card.earned) == (Verdict.ASSUMED_TOO_SOON, False)
        assert card.sentence.startswith("You had what earns a close, but they turned it down")
        early = graded(closed([*EARNED[:4], CLOSE], reply))
        assert early.sentence.startswith("You assumed the close before it was earned")

    def test_a_close_that_ends_the_transcript_was_not_refused(self) -> None:
        talk = closed([*EARNED, CLOSE])
        card = graded(Transcript(talk.turns[:-1]))
        assert card.verdict is Verdict.EARNED_CLOSE

    def test_a_close_they_take_up_may_lack_one_thing_and_no_more(self) -> None:
        """Who answers with the gate code wasn't rushed; who hesitates was, by as much."""
        lacks_hope = [e for e in EARNED if "value_link" not in e and "future" not in e]
        details = "Thursday's good. The gate code is 4471."
        assert graded(closed([*lacks_hope, CLOSE], details)).verdict is Verdict.EARNED_CLOSE
        unsure = graded(closed([*lacks_hope, CLOSE], "Um, Thursday? I guess."))
        assert unsure.verdict is Verdict.ASSUMED_TOO_SOON
        early = graded(closed([*EARNED[:4], CLOSE], details))
        assert early.verdict is Verdict.ASSUMED_TOO_SOON
        pressed = graded(closed([*lacks_hope, PRESS, CLOSE], details))
        assert pressed.verdict is Verdict.PRESSURED

    def test_a_cap_holds_the_score_down_whatever_the_ladder_says(self) -> None:
        for lines, verdict in (([*EARNED, ASK], "asked"), ([*EARNED, PRESS, CLOSE], "pressured")):
            card = graded(closed(lines))
            assert card.score is not None
            assert card.score <= RUBRIC.caps[verdict]  # type: ignore[index]
            assert not card.passed
        won = graded(closed([*EARNED, CLOSE]))
        assert won.passed
        assert won.score is not None
        assert won.score > max(RUBRIC.caps.values())


class TestWhatCanNotBeJudged:
    def test_too_little_said_is_unscored_and_says_why(self) -> None:
        card = graded(closed(list(SKILLED[: FEWEST_REP_TURNS - 1])))
        assert (card.verdict, card.score, card.passed) == (Verdict.UNSCORED, None, None)
        assert card.unscored == ("the rep spoke 2 times, and a judgement needs 3 turns",)
        assert all(one.score is None and one.level is None for one in card.stages.values())
        assert all(check.passed is None and not check.evidence for check in card.checks)
        assert (card.coach, card.small_victories) == ((), ())

    def test_once_is_once(self) -> None:
        assert "spoke once" in graded(closed(list(SKILLED[:1]))).sentence

    def test_a_monologue_is_no_call(self) -> None:
        talk = Transcript(tuple(Turn(Speaker.REP, line) for line in SKILLED[:4]))
        card = graded(talk)
        assert card.verdict is Verdict.UNSCORED
        assert card.unscored == ("the prospect never spoke",)

    def test_an_empty_transcript_is_unscored_not_a_crash(self) -> None:
        card = graded(Transcript(()))
        assert card.verdict is Verdict.UNSCORED
        assert len(card.unscored) == 2
        assert card.stats.talk_ratio is None


class TestHonesty:
    def test_the_same_transcript_gets_the_same_scorecard(self) -> None:
        talk = closed([*EARNED, CLOSE])
        assert graded(talk) == graded(talk)

    def test_the_right_words_about_nothing_they_said_do_not_earn_it(self) -> None:
        """A rep who recites the method: every move, and no ear."""
        stuffed = [line.replace(":", "~:", 1) for line in EARNED]
        card = graded(closed([*stuffed, CLOSE]))
        assert (card.verdict, card.earned) == (Verdict.ASSUMED_TOO_SOON, False)
        won = graded(closed([*EARNED, CLOSE]))
        assert (card.score or 0) < (won.score or 0)

    def test_the_method_backwards_does_not_earn_it(self) -> None:
        card = graded(closed(list(SKILLED[::-1])))
        assert not card.earned

    def test_a_pushy_rep_scores_low_and_is_told_where(self) -> None:
        card = graded(closed(list(PUSHY), "No."))
        assert card.score is not None
        assert card.score < 20
        assert card.pressure == (3, 5, 7, 9, 11, 13)
        assert card.coach[0].turn == card.asked[0] == 7

    def test_a_reflection_without_their_words_is_not_called_none(self) -> None:
        """A rep who said it back all in their own words hears why it wasn't counted."""
        talk = closed([line.replace(":", "~:", 1) for line in EARNED])
        notes = graded(talk).coach
        untied = [note for note in notes if "nothing of theirs in it" in note.missed]
        assert untied
        assert all("reflection" in n.said or "empathy" in n.said for n in untied)

    def test_what_was_known_before_the_call_is_context_for_the_listener(self) -> None:
        heard: list[int] = []

        class Counting(MarkedListener):
            def listen_all(self, turns):  # type: ignore[no-untyped-def]
                heard.extend(len(context) for _, context in turns)
                return super().listen_all(turns)

        talk = closed(list(SKILLED[:3]))
        Grader(Counting()).grade(talk, RUBRIC, scenario())
        Grader(Counting()).grade(talk, RUBRIC)
        assert heard == [1, 3, 5, 0, 2, 4]

    @given(st.lists(st.frozensets(st.sampled_from(list(Move)), max_size=3), max_size=12))
    @settings(max_examples=60, deadline=None)
    def test_whatever_was_said_the_scorecard_keeps_its_promises(
        self, heard: list[frozenset[Move]]
    ) -> None:
        talk = transcript(["word"] * len(heard))
        turns = [RepTurn(2 * n + 1, reading(*sorted(m))) for n, m in enumerate(heard)]
        card = judge(talk, turns, RUBRIC)
        assert (card.score is None) == (card.verdict is Verdict.UNSCORED) == bool(card.unscored)
        assert len(card.coach) <= MOST_NOTES
        assert len(card.small_victories) <= MOST_VICTORIES
        assert len({note.turn for note in card.coach}) == len(card.coach)
        if card.verdict is Verdict.EARNED_CLOSE:
            assert card.earned
            assert not card.asked
        if card.score is not None:
            assert 0 <= card.score <= 100
            assert all(one.score is not None for one in card.stages.values())


class TestStages:
    def test_each_rung_shows_the_lines_that_earned_it(self) -> None:
        card = graded(closed([*EARNED, CLOSE]))
        for stage, one in card.stages.items():
            assert one.level == "high"
            assert one.evidence
            assert len({line.turn for line in one.evidence}) == len(one.evidence) <= 4
            assert all(
                line.move is not None and line.move.group in (MoveGroup(stage.value),)
                for line in one.evidence[:1]
            )

    def test_a_rung_never_built_shows_what_cost_it(self) -> None:
        card = graded(closed(list(PUSHY), "No."))
        hope = card.stages[Stage.HOPE]
        assert (hope.score, hope.level) == (0, "low")
        assert [line.move for line in hope.evidence] == [Move.FEATURE_DUMP, Move.PRESSURE]

    def test_levels_begin_where_the_rubric_says(self) -> None:
        rapport = RUBRIC.stages[Stage.RAPPORT].model_copy(update={"mid": 80, "high": 90})
        strict = RUBRIC.model_copy(update={"stages": {**RUBRIC.stages, Stage.RAPPORT: rapport}})
        lines = ["personalize: You wrote.", "open_question: How was it?", "answer: Yes."]
        usual, harder = graded(closed(lines)), graded(closed(lines), rubric=strict)
        score = usual.stages[Stage.RAPPORT].score
        assert score is not None
        assert score == harder.stages[Stage.RAPPORT].score
        assert RUBRIC.stages[Stage.RAPPORT].mid <= score < 80
        assert usual.stages[Stage.RAPPORT].level == "mid"
        assert harder.stages[Stage.RAPPORT].level == "low"

    def test_a_stage_whose_only_check_has_no_answer_counts_nothing(self) -> None:
        after_only = [
            check.model_copy(update={"after": [Move.REFERRAL_ASK]})
            if check.stage is Stage.URGENCY
            else check
            for check in RUBRIC.checks
        ]
        rubric: Rubric = RUBRIC.model_copy(update={"checks": after_only})
        card = graded(closed([*EARNED, CLOSE]), rubric=rubric)
        assert card.stages[Stage.URGENCY].score == 0


class TestCoaching:
    def test_three_notes_at_most_each_beside_a_line_really_said(self) -> None:
        talk = closed(["feature_dump: We do it all.", *EARNED[:3], CLOSE])
        card = graded(talk)
        assert 0 < len(card.coach) <= MOST_NOTES
        said = dict(talk.numbered())
        for note in card.coach:
            assert said[note.turn].text == note.said
            assert said[note.turn].speaker is Speaker.REP
            assert note.missed
            assert note.try_

    @pytest.mark.parametrize(
        ("lines", "first_note"),
        [
            ([*EARNED, ASK], "You had earned it."),
            ([*EARNED[:4], ASK], "You asked them to decide"),
            ([*EARNED, PRESS, CLOSE], "The push was yours"),
            ([*EARNED[:4], CLOSE], "You went ahead as if"),
            (EARNED, "They were ready"),
        ],
    )
    def test_what_decided_the_verdict_comes_first(self, lines: list[str], first_note: str) -> None:
        assert graded(closed(lines)).coach[0].missed.startswith(first_note)

    def test_where_a_scenario_says_what_a_yes_is_the_note_does_too(self) -> None:
        talk = closed(EARNED)
        assert "a survey on a named Monday" in graded(talk, scenario()).coach[0].try_
        assert "Monday" not in graded(talk).coach[0].try_

    def test_the_line_to_try_takes_up_their_own_words(self) -> None:
        lines = ["personalize: You wrote.", "closed_question: Was it late?", "proof: Read this."]
        card = graded(transcript(lines, [TELLS, "Yes."]))
        tries = [note.try_ for note in card.coach if note.turn > 1]
        assert any("the dough went off overnight" in one for one in tries)
        long = "the mixer and the oven and the till all went dark " * 4
        card = graded(transcript(lines, [long, "Yes."]))
        assert any("…" in note.try_ for note in card.coach)

    def test_with_nothing_telling_said_the_line_stands_alone(self) -> None:
        lines = ["personalize: You wrote.", "closed_question: Was it late?", "proof: Read this."]
        card = graded(transcript(lines, "Yes."))
        assert all("Take up" not in note.try_ for note in card.coach)

    def test_victories_name_the_turn_and_only_what_was_done(self) -> None:
        card = graded(closed([*EARNED, CLOSE]))
        assert 0 < len(card.small_victories) <= MOST_VICTORIES
        assert all(one.startswith("Turn ") for one in card.small_victories)
        assert graded(closed(["Hm.", "Yes.", "Well."])).small_victories == ()

    def test_a_perfect_call_has_nothing_to_try(self) -> None:
        small = [line for line in EARNED if not line.startswith(("pressure", "feature"))]
        card = graded(closed([*small, CLOSE]))
        assert all(check.passed for check in card.checks)
        assert card.coach == ()


def test_the_counts_are_counts() -> None:
    lines = ["open_question: How was it then?", "reflection: So it was late.", "proof: " + "a " * 9]
    stats = graded(transcript(lines, AGREES)).stats
    assert (stats.rep_turns, stats.prospect_turns) == (3, 3)
    assert (stats.questions, stats.open_questions, stats.reflections) == (1, 1, 1)
    assert stats.longest_turn_words == 10
    assert stats.talk_ratio == round(20 / 29, 3)


@pytest.mark.parametrize(("reply", "passed"), [("It went out wrong.", None), ("How much?", False)])
def test_nobody_is_blamed_for_not_answering_what_was_not_asked(
    reply: str, passed: bool | None
) -> None:
    """A new hire read "They asked and you went on" of a prospect who had only told her things."""
    lines = [line for line in EARNED if "answer" not in line]
    card = graded(transcript(lines, reply))
    (check,) = [one for one in card.checks if one.id == "answers_them"]
    assert check.passed is passed
