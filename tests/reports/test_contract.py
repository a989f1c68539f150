"""The JSON that others rely on: the keys of the contract, and nothing that JSON can't hold."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.grading.transcribed import closed, graded
from tests.readings import PUSHY, SKILLED
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.grading.judge import Judge
from trainer.grading.scorecard import Scorecard
from trainer.pathway import Stage
from trainer.reports.contract import as_json

CARDS = {
    "won": graded(closed(SKILLED)),
    "pushy": graded(closed(PUSHY, "No.")),
    "unscored": graded(closed(SKILLED[:1])),
}


@pytest.fixture(params=CARDS)
def card(request: pytest.FixtureRequest) -> Scorecard:
    return CARDS[request.param]


def test_the_keys_of_the_contract_are_there(card: Scorecard) -> None:
    row = as_json(card, "call.txt")
    assert json.loads(json.dumps(row)) == row
    assert {
        "file", "verdict", "earned", "form", "score", "stages", "asked", "assumptive", "pressure",
        "checks", "stats", "coach", "small_victories", "unscored",
    } <= row.keys()  # fmt: skip
    assert list(row["stages"]) == [stage.value for stage in Stage]
    for stage in row["stages"].values():
        assert stage.keys() == {"score", "level", "evidence"}
        assert all(line.keys() == {"turn", "quote", "move"} for line in stage["evidence"])
    for check in row["checks"]:
        assert {"id", "passed", "evidence"} <= check.keys()
        assert check["passed"] in (True, False, None)
    assert {"talk_ratio", "questions", "longest_turn_words"} <= row["stats"].keys()
    assert all({"turn", "missed", "try"} <= note.keys() for note in row["coach"])


def test_without_a_file_there_is_no_file(card: Scorecard) -> None:
    assert "file" not in as_json(card)


def test_what_can_not_be_judged_is_null_never_a_number() -> None:
    row = as_json(CARDS["unscored"])
    assert (row["verdict"], row["score"], row["earned"]) == ("unscored", None, False)
    assert {one["score"] for one in row["stages"].values()} == {None}
    assert {one["level"] for one in row["stages"].values()} == {None}
    assert row["unscored"]


def test_turns_count_from_one_over_both_speakers() -> None:
    row = as_json(CARDS["won"])
    assert row["assumptive"] == [2 * len(SKILLED) - 1]
    assert row["form"] == "assumed"
    assert row["stages"]["rapport"]["evidence"][0]["turn"] == 1


def test_a_second_opinion_stands_under_a_key_of_its_own_and_changes_no_other() -> None:
    card = CARDS["won"]
    likes = ScriptedEngine(
        [], chances=lambda prompt: [0.2, 0.8] if "leave to go" in prompt.messages[-1].content
        else [0.1, 0.1] if "half the way" in prompt.messages[-1].content else [0.9, 0.1]
    )  # fmt: skip
    second = Judge(likes).opinion(closed(SKILLED), card)
    row = as_json(card, second=second)
    told = row.pop("second_opinion")
    assert row == as_json(card)
    assert json.loads(json.dumps(told)) == told
    assert (told["judge"], told["differ"], told["unusable"]) == ("scripted", ["asks_leave"], 1)
    assert told["compared"] == len(card.checks) - 1
    assert told["agreement"] == round(1 - 1 / told["compared"], 4)
    by_id = {one["id"]: one for one in told["checks"]}
    assert list(by_id) == [check.id for check in card.checks]
    assert by_id["asks_leave"] == {
        "id": "asks_leave", "passed": True, "answered": False, "p": 0.2, "share": 1.0,
        "reason": None,
    }  # fmt: skip
    unusable = [one for one in told["checks"] if one["answered"] is None]
    assert [(one["p"], one["share"]) for one in unusable] == [(None, 0.2)]
    assert unusable[0]["reason"]


def test_with_its_transcript_it_says_whom_it_took_for_the_rep() -> None:
    talk = replace(closed(SKILLED), rep_name="Ana", notes=("took 'Ana' for the rep",))
    row = as_json(CARDS["won"], transcript=talk)
    assert (row["rep_name"], row["notes"]) == ("Ana", ["took 'Ana' for the rep"])
    assert "rep_name" not in as_json(CARDS["won"])
