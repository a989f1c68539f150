"""The rubric's questions, answered by counting, each with the lines that show it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.grading.transcribed import rep_turns
from tests.readings import reading
from trainer.grading.checks import RepTurn, answer, evidence
from trainer.library import Check
from trainer.listening.grounding import GROUNDED
from trainer.pathway import Move


def check(*any_of: Move, **rules: Any) -> Check:
    return Check.model_validate(
        {
            "id": "one", "asks": "Did you?", "any_of": list(any_of),
            "missed": "You did not.", "kept": "You did.", **({"at_least": 1} | rules),
        }
    )  # fmt: skip


OPENLY = check(Move.OPEN_QUESTION, at_least=2)
MOVES = st.frozensets(st.sampled_from(list(Move)), max_size=3)
TURNS = st.lists(st.tuples(MOVES, st.floats(0, 1)), max_size=10).map(
    lambda heard: [
        RepTurn(2 * n + 1, reading(*sorted(moves), grounding=grounding))
        for n, (moves, grounding) in enumerate(heard)
    ]
)


def numbers(turns: list[RepTurn], asked: Check) -> list[int]:
    return [line.turn for line in answer(asked, turns).evidence]


def test_at_least_so_many() -> None:
    one = rep_turns("open_question: How was it?", "closed_question: Was it late?")
    assert answer(OPENLY, one).passed is False
    two = [*one, *rep_turns("x", "y", "open_question: And then?")[2:]]
    result = answer(OPENLY, two)
    assert result.passed is True
    assert [line.turn for line in result.evidence] == [1, 5]
    assert result.evidence[0].quote == "open_question: How was it?"
    assert result.evidence[0].move is Move.OPEN_QUESTION


def test_at_most_so_many() -> None:
    none = check(Move.PRESSURE, at_least=0, at_most=0)
    assert answer(none, rep_turns("proof: Here it is.")).passed is True
    pushed = answer(none, rep_turns("proof: Here it is.", "pressure: Today only."))
    assert pushed.passed is False
    assert [line.turn for line in pushed.evidence] == [3]


def test_within_the_first_turns_only() -> None:
    early = check(Move.PERSONALIZE, within_first=2)
    late = rep_turns("a", "b", "personalize: You wrote to us.")
    assert answer(early, late).passed is False
    assert answer(early, rep_turns("a", "personalize: You wrote to us.")).passed is True


def test_before_something_else() -> None:
    first = check(Move.OPEN_QUESTION, before=[Move.FEATURE_DUMP])
    assert answer(first, rep_turns("open_question: How?", "feature_dump: We do.")).passed is True
    assert answer(first, rep_turns("feature_dump: We do.", "open_question: How?")).passed is False
    # in the same breath is not before
    assert answer(first, rep_turns("open_question+feature_dump: We do. How?")).passed is False
    # never presented: the whole call is before it
    assert answer(first, rep_turns("small_talk: Cold.", "open_question: How?")).passed is True


def test_after_something_else() -> None:
    late = check(Move.COST_OF_DELAY, after=[Move.REFLECTION])
    assert answer(late, rep_turns("reflection: So.", "cost_of_delay: The 14th.")).passed is True
    assert answer(late, rep_turns("cost_of_delay: The 14th.", "reflection: So.")).passed is False
    # nothing came that it looks after: no answer, rather than a default
    assert answer(late, rep_turns("cost_of_delay: The 14th.")).passed is None


def test_before_and_after_leave_the_part_in_between() -> None:
    between = check(Move.PROOF, after=[Move.REFLECTION], before=[Move.ASSUMPTIVE_CLOSE])
    lines = ["proof: A.", "reflection: B.", "proof: C.", "assumptive_close: D.", "proof: E."]
    assert numbers(rep_turns(*lines), between) == [5]


def test_grounded_counts_only_what_takes_up_their_words() -> None:
    said_back = check(Move.REFLECTION, grounded=True)
    assert answer(said_back, rep_turns("reflection~: I hear you.")).passed is False
    assert answer(said_back, rep_turns("reflection: Four o'clock, then.")).passed is True
    edge = [RepTurn(1, reading(Move.REFLECTION, grounding=GROUNDED))]
    assert answer(said_back, edge).passed is True


def test_a_long_line_is_quoted_short_and_not_through_a_word() -> None:
    (turn,) = rep_turns("proof: " + "reference " * 100)
    quote = evidence(turn, [Move.PROOF]).quote
    assert len(quote) <= 220
    assert quote.endswith("reference…")
    assert evidence(turn, [Move.CANDOR]).move is None


@given(TURNS, MOVES.filter(bool), st.integers(1, 3), st.booleans())
@settings(max_examples=150, deadline=None)
def test_one_more_turn_never_unpasses_what_had_to_happen_often_enough(
    turns: list[RepTurn], any_of: frozenset[Move], least: int, grounded: bool
) -> None:
    asked = check(*sorted(any_of), at_least=least, grounded=grounded)
    if answer(asked, turns).passed:
        for moves in (any_of, frozenset[Move]()):
            more = [*turns, RepTurn(99, reading(*sorted(moves)))]
            assert answer(asked, more).passed


@given(TURNS, MOVES.filter(bool), st.integers(0, 3))
@settings(max_examples=150, deadline=None)
def test_one_more_turn_never_mends_what_happened_too_often(
    turns: list[RepTurn], any_of: frozenset[Move], most: int
) -> None:
    asked = check(*sorted(any_of), at_least=0, at_most=most)
    if answer(asked, turns).passed is False:
        assert answer(asked, [*turns, RepTurn(99, reading(*sorted(any_of)))]).passed is False


@given(
    TURNS, MOVES.filter(bool), st.tuples(MOVES, MOVES), st.none() | st.integers(1, 4), st.booleans()
)
@settings(max_examples=150, deadline=None)
def test_every_answer_rests_on_lines_that_make_the_move_where_the_check_looks(
    turns: list[RepTurn],
    any_of: frozenset[Move],
    around: tuple[frozenset[Move], frozenset[Move]],
    first: int | None,
    grounded: bool,
) -> None:
    asked = check(
        *sorted(any_of), before=sorted(around[0]), after=sorted(around[1]), within_first=first,
        grounded=grounded,
    )  # fmt: skip
    result = answer(asked, turns)
    by_number = {turn.number: turn for turn in turns}
    shown = [by_number[line.turn] for line in result.evidence]
    assert all(turn.makes(*any_of) for turn in shown)
    assert not grounded or all(turn.reading.grounding >= GROUNDED for turn in shown)
    assert first is None or all(turn in turns[:first] for turn in shown)
    assert bool(shown) == (result.passed is True)


@pytest.mark.parametrize("rules", [{"at_least": 0}, {"at_least": 2, "at_most": 1}])
def test_a_check_that_could_never_fail_or_never_pass_is_not_accepted(rules: Any) -> None:
    with pytest.raises(ValueError, match="can never"):
        check(Move.PROOF, **rules)
