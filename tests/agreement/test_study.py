"""Figures of agreement, beside those worked out on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agreement.material import SKILLED_CALL, call, gold, known, measured, row
from tests.readings import SKILLED
from trainer.agreement.figures import Estimate, auc, auc_estimate, calibration, kappa, resampled
from trainer.agreement.study import Agreement
from trainer.pathway import Move, Verdict

MISHEARD = [
    row("reflection: a", "reflection"),
    row("empathy: b", "reflection"),
    row("reflection: c", call="c2"),
    row("Hm.", call="c2"),
]
"""Reflection: one right, one missed (and heard as empathy), one heard where none is."""


class TestMoves:
    @pytest.fixture
    def found(self, tmp_path: Path) -> Agreement:
        return measured(gold(tmp_path, *MISHEARD))

    def test_each_move_as_on_paper(self, found: Agreement) -> None:
        one = found.sets[0].moves[Move.REFLECTION]
        assert (one.rows, one.of, one.heard) == (2, 4, 2)
        assert (one.precision, one.recall, one.f1.value) == (0.5, 0.5, 0.5)
        assert one.kappa == 0.0  # two in four either way, and two in four is chance
        # ranked: right, wrong, right, wrong
        assert one.average_precision == pytest.approx((1 + 2 / 3) / 2)

    def test_micro_counts_every_entry_macro_every_move_that_is_there(
        self, found: Agreement
    ) -> None:
        own = found.sets[0]
        assert own.micro_f1.value == pytest.approx(2 * 1 / (2 + 3))
        assert (own.macro_f1.value, own.macro_f1.n) == (0.5, 1)
        empathy = own.moves[Move.EMPATHY]
        assert (empathy.rows, empathy.heard, empathy.precision) == (0, 1, 0.0)
        assert (empathy.recall, empathy.f1.value, empathy.average_precision) == (None, None, None)

    def test_a_border_says_as_which_neighbour_it_was_heard(self, found: Agreement) -> None:
        (border,) = [one for one in found.sets[0].borders if one.move is Move.REFLECTION]
        assert (border.rows, border.heard) == (2, 1)
        assert border.neighbours == {Move.EMPATHY: 1}

    def test_calibration_is_the_mean_gap(self, found: Agreement) -> None:
        # Of 112 probabilities 3 claimed .95 and 1 came true; 109 claimed .02 and 1 came true.
        expected = (abs(3 * 0.95 - 1) + abs(109 * 0.02 - 1)) / 112
        assert found.sets[0].calibration.error == pytest.approx(expected)
        bins = found.sets[0].calibration.bins
        assert [one.n for one in bins] == [109, *[0] * 8, 3]
        assert bins[9].true == pytest.approx(1 / 3)

    def test_only_known_moves_count_and_sets_are_kept_apart(self, tmp_path: Path) -> None:
        rows = [*MISHEARD, known("reflection+proof: d", "g", reflection=1, empathy=0)]
        own, other = measured(gold(tmp_path, *rows)).sets
        assert (own.name, own.rows, other.name, other.rows) == ("own", 4, "other", 1)
        assert list(other.moves) == [Move.REFLECTION, Move.EMPATHY]
        assert other.micro_f1.value == 1.0  # the proof that was heard was never labelled

    def test_the_interval_comes_of_resampled_conversations(self, found: Agreement) -> None:
        # Of c1 alone F1 is 2/3; c2 alone holds no reflection; so no draw is below 2 * 2/(2+2) / 2.
        interval = found.sets[0].moves[Move.REFLECTION].f1
        assert interval.low == pytest.approx(0.5)
        assert interval.high == pytest.approx(2 / 3)


class TestCalls:
    def test_as_labelled_everywhere(self, tmp_path: Path) -> None:
        calls = measured(gold(tmp_path, SKILLED_CALL)).calls
        assert calls is not None
        for judged in (calls.heard, calls.given):
            assert judged is not None
            assert {one.value for one in judged.figures.values()} == {1.0}
            assert judged.figures["levels_exact"].n == 5
            assert judged.coverage == Estimate(1.0, 1.0, 1.0, 1)
            assert not judged.differences

    def test_what_differs_is_counted_and_named(self, tmp_path: Path) -> None:
        other = call(SKILLED, id="two", verdict="not_earned", form="none", earned=False,
                     asked=[37], stages={"trust": "mid", "hope": "low"})  # fmt: skip
        calls = measured(gold(tmp_path, SKILLED_CALL, other)).calls
        assert calls is not None
        heard = calls.heard
        values = {name: one.value for name, one in heard.figures.items()}
        for name in ("verdict", "form", "earned", "asked_turns"):
            assert values[name] == 0.5
        assert values["levels_exact"] == pytest.approx(5 / 7)
        assert values["levels_within_one"] == pytest.approx(6 / 7)
        assert (values["level_of_trust"], values["level_of_rapport"]) == (0.5, 1.0)
        assert heard.figures["assumed_turns"].n == 1  # only the first call labels them
        assert heard.verdicts[Verdict.NOT_EARNED][Verdict.EARNED_CLOSE] == 1
        assert heard.verdict_kappa == 0.0
        (difference,) = heard.differences
        assert (difference.call, difference.labelled) == ("two", Verdict.NOT_EARNED)
        assert (heard.figures["verdict"].low, heard.figures["verdict"].high) == (0.0, 1.0)

    def test_what_can_not_be_judged_is_counted_apart(self, tmp_path: Path) -> None:
        short = call(SKILLED[:2], id="short", verdict="not_earned", earned=False)
        calls = measured(gold(tmp_path, SKILLED_CALL, short)).calls
        assert calls is not None
        assert calls.heard.coverage.value == 0.5
        assert (calls.heard.figures["verdict"].value, calls.heard.figures["verdict"].n) == (1.0, 1)
        assert list(calls.heard.unscored) == ["short"]
        assert calls.heard.verdicts[Verdict.NOT_EARNED][Verdict.UNSCORED] == 1

    def test_handed_the_labels_the_grader_answers_for_itself(self, tmp_path: Path) -> None:
        """The ears miss a close that a person saw: wrong as heard, right as labelled."""
        deaf = [*SKILLED[:-1], "Right, I'll set it for Monday."]
        missed = call(deaf, verdict="earned_close", form="assumed")
        missed["turns"][-2]["moves"] = ["assumptive_close"]
        calls = measured(gold(tmp_path, missed)).calls
        assert calls is not None
        assert calls.given is not None
        assert calls.heard.figures["verdict"].value == 0.0
        assert calls.given.figures["verdict"].value == 1.0
        del missed["turns"][0]["moves"]
        calls = measured(gold(tmp_path, missed)).calls
        assert calls is not None
        assert calls.given is None  # not all turns are labelled


def test_moves_of_good_and_bad_conversations_tell_them_apart(tmp_path: Path) -> None:
    rows = [
        known(f"{heard}: {place}", f"{quality} {n}", quality, reflection=1)
        for n in range(3)
        for quality, heard in (("high", "reflection"), ("low", "proof"))
        for place in range(2)
    ]
    sessions = measured(gold(tmp_path, *rows)).sets[0].sessions
    assert sessions is not None
    assert (sessions.high, sessions.low) == (3, 3)
    assert sessions.scores["reflection share"] == Estimate(1.0, 1.0, 1.0, 6)
    assert sessions.scores["little unasked advice"].value == 1.0
    assert sessions.scores["question share"].value == 0.5
    assert next(iter(sessions.scores.values())).value == 1.0
    only_high = [one for one in rows if one["quality"] == "high"]
    assert measured(gold(tmp_path, *only_high)).sets[0].sessions is None


class TestArithmetic:
    def test_kappa(self) -> None:
        # Cohen's own kind of table: seen .7, chance .5, so .2 of .5 is left.
        assert kappa(np.array([[20, 5], [10, 15]])) == pytest.approx(0.4)
        assert kappa(np.array([[5, 0], [0, 5]])) == 1.0
        assert kappa(np.array([[9, 0], [0, 0]])) is None
        assert kappa(np.zeros((2, 2), dtype=np.int64)) is None

    def test_auc(self) -> None:
        assert auc([3, 2], [1, 2]) == 3.5 / 4
        assert auc([], [1]) is None
        found = auc_estimate([1, 2, 3, 4], [0, 0.5, 2.5], 500, 1)
        assert found.value == 10 / 12
        assert found.low is not None
        assert found.low < 10 / 12 < (found.high or 0)
        assert auc_estimate([], [1], 10, 0) == Estimate(None, None, None, 1)

    def test_resampling_keeps_totals_and_is_the_same_for_a_seed(self) -> None:
        sums = np.ones((7, 2))
        assert (resampled(sums, 50, 3) == 7).all()
        spread = np.arange(7.0)[:, None]
        assert (resampled(spread, 50, 3) == resampled(spread, 50, 3)).all()
        assert (resampled(spread, 50, 3) != resampled(spread, 50, 4)).any()

    def test_believable_probabilities_have_no_gap(self) -> None:
        scores = np.full(100, 0.25)
        truth = np.arange(100) < 25
        assert calibration(truth, scores).error == pytest.approx(0)


HEARD = st.lists(st.sampled_from([move.value for move in Move]), max_size=3, unique=True)
ROWS = st.lists(st.tuples(HEARD, HEARD, st.integers(0, 4)), min_size=1, max_size=25)
_once = settings(max_examples=40, deadline=None,
                 suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip


def rows_of(drawn: list[tuple[list[str], list[str], int]], perfect: bool) -> list[dict[str, Any]]:
    return [
        row("+".join(heard) + ": x", *(heard if perfect else labelled), call=f"c{place}")
        for heard, labelled, place in drawn
    ]


@given(ROWS)
@_once
def test_labels_that_are_what_was_heard_agree_perfectly(
    tmp_path: Path, drawn: list[tuple[list[str], list[str], int]]
) -> None:
    own = measured(gold(tmp_path, *rows_of(drawn, True)), resamples=20).sets[0]
    for one in own.moves.values():
        if one.rows:
            assert (one.precision, one.recall, one.average_precision) == (1, 1, 1)
            assert (one.f1.value, one.f1.low, one.f1.high) == (1, 1, 1)
            assert one.kappa == 1 or (one.kappa is None and one.rows == one.of)
        else:
            assert one.f1.value is None
    if own.micro_f1.n:
        assert own.micro_f1.value == own.macro_f1.value == 1


@given(ROWS)
@_once
def test_every_figure_is_a_share(
    tmp_path: Path, drawn: list[tuple[list[str], list[str], int]]
) -> None:
    own = measured(gold(tmp_path, *rows_of(drawn, False)), resamples=50).sets[0]
    estimates = [own.micro_f1, own.macro_f1, *(one.f1 for one in own.moves.values())]
    for one in estimates:
        assert all(0 <= part <= 1 for part in (one.value, one.low, one.high) if part is not None)
        assert one.low is None or one.high is None or one.low <= one.high
    for move in own.moves.values():
        assert move.kappa is None or -1 <= move.kappa <= 1
        assert 0 <= (move.precision or 0) <= 1
        assert 0 <= (move.calibration_error or 0) <= 1
    assert 0 <= (own.calibration.error or 0) <= 1


def test_intervals_hold_their_own_figure(tmp_path: Path) -> None:
    drawing = np.random.default_rng(0)
    names = [move.value for move in Move][:6]
    rows = []
    for n in range(240):
        heard = [name for name in names if drawing.random() < 0.3]
        labelled = [name for name in names if (name in heard) != (drawing.random() < 0.15)]
        rows.append(row("+".join(heard) + ": x", *labelled, call=f"c{n // 6}"))
    own = measured(gold(tmp_path, *rows)).sets[0]
    found = [own.micro_f1, own.macro_f1, *(one.f1 for one in own.moves.values() if one.rows)]
    for one in found:
        assert one.value is not None
        assert one.low is not None
        assert one.high is not None
        assert one.low < one.value < one.high
