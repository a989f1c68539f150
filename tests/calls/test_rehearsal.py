"""A trainer plays a written rep against a prospect, to see if a scenario can be won and lost."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cast import casting
from tests.readings import PUSHY, SKILLED, MarkedListener
from trainer.calls.rehearsal import Rehearsal, rehearse
from trainer.calls.store import Store
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.pathway import Act, Outcome, Stage, Verdict

CAST = casting()


def played(lines: tuple[str, ...], seed: int = 3, store: Store | None = None) -> Rehearsal:
    return rehearse(
        lines, CAST, listener=MarkedListener(), engine=ScriptedEngine([]), seed=seed, store=store
    )


def test_a_skilled_script_wins_and_a_pushy_one_does_not() -> None:
    won, lost = played(SKILLED), played(PUSHY * 3)
    assert (won.outcome, won.scorecard.verdict) == (Outcome.AGREED, Verdict.EARNED_CLOSE)
    assert lost.outcome in (Outcome.HUNG_UP, Outcome.DECLINED)
    assert not lost.scorecard.earned


def test_the_json_has_the_keys_of_the_contract() -> None:
    row = played(SKILLED).as_json()
    assert json.loads(json.dumps(row)) == row
    assert row.keys() == {"outcome", "turns", "grade"}
    assert row["outcome"] == "agreed"
    assert row["grade"]["verdict"] == "earned_close"
    first, second, *_ = row["turns"]
    assert first["speaker"] == "prospect"
    assert second["speaker"] == "rep"
    for turn in row["turns"]:
        assert {"speaker", "text", "standing"} <= turn.keys()
        assert {stage.value for stage in Stage} | {"patience", "lean"} <= turn["standing"].keys()
        if turn["speaker"] == "rep":
            assert turn["labels"] == sorted(turn["labels"])
        else:
            assert turn["act"] in set(Act)
            assert turn["source"] in ("model", "authored")
            assert turn["why"]


def test_the_standing_shown_with_a_turn_is_the_one_it_left() -> None:
    turns = played(SKILLED[:3]).as_json()["turns"]
    for rep, prospect in zip(turns[1::2], turns[2::2], strict=True):
        assert rep["standing"] == prospect["standing"]
    assert turns[0]["standing"] != turns[1]["standing"]


def test_same_seed_same_rehearsal() -> None:
    assert played(SKILLED).as_json() == played(SKILLED).as_json()


def test_a_script_that_runs_out_leaves_the_call_open() -> None:
    assert played(SKILLED[:2]).as_json()["outcome"] == "open"
    assert played(()).as_json()["grade"]["verdict"] == "unscored"


def test_what_comes_after_the_prospect_hung_up_is_not_said() -> None:
    row = played(PUSHY * 5).as_json()
    assert row["turns"][-1]["speaker"] == "prospect"
    assert len(row["turns"]) < 2 * len(PUSHY) * 5


def test_nothing_is_kept_unless_a_log_is_handed_in(tmp_path: Path) -> None:
    log = Store(tmp_path / "calls.sqlite3")
    played(SKILLED[:2])
    assert log.calls() == []
    played(SKILLED[:2], store=log)
    assert [call.outcome for call in log.calls()] == [Outcome.OPEN]
    log.close()
