"""Labelled material is read by its shape, and what has no known shape is refused by its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agreement.material import SKILLED_CALL, call, known, row, write
from trainer.agreement.gold import read_gold
from trainer.pathway import Form, Move, Speaker, Stage, Verdict


def test_a_labelled_call_holds_what_a_person_wrote(tmp_path: Path) -> None:
    (one,) = read_gold([write(tmp_path / "call.json", SKILLED_CALL)]).calls
    assert (one.id, one.verdict, one.form, one.earned) == (
        "one", Verdict.EARNED_CLOSE, Form.ASSUMED, True,
    )  # fmt: skip
    assert (one.asked, one.assumptive, one.pressure) == ((), (37,), ())
    assert set(one.levels) == set(Stage)
    assert set(one.levels.values()) == {"high"}
    assert one.moves[1] == {Move.PERSONALIZE, Move.PERMISSION}
    assert len(one.moves) == len(one.transcript.numbered(Speaker.REP)) == 19


def test_what_a_call_does_not_say_was_not_labelled(tmp_path: Path) -> None:
    bare = {"turns": [{"speaker": "rep", "text": "Hi."}], "gold": {"verdict": "not_earned"}}
    (one,) = read_gold([write(tmp_path / "call.json", bare)]).calls
    assert not one.moves
    assert not one.levels
    assert (one.form, one.earned, one.asked) == (None, None, None)


def test_what_nobody_could_tell_is_left_out(tmp_path: Path) -> None:
    """A call that broke off: its labeller had no level to give."""
    broken = call(["proof: A."]) | {"gold": {"verdict": "unscored", "stages": {"trust": None}}}
    (one,) = read_gold([write(tmp_path / "call.json", broken)]).calls
    assert one.verdict is Verdict.UNSCORED
    assert not one.levels


def test_turns_come_fully_or_partly_labelled(tmp_path: Path) -> None:
    rows = [row("proof: See.", "proof"), known("How?", "g", "high", open_question=1, reflection=0)]
    whole, part = read_gold([write(tmp_path / "turns.jsonl", *rows)]).turns
    assert (whole.origin, set(whole.moves)) == ("own", {Move.PROOF})
    assert whole.known == set(Move)
    assert (part.origin, part.quality) == ("other", "high")
    assert part.moves == {Move.OPEN_QUESTION}
    assert part.known == {Move.OPEN_QUESTION, Move.REFLECTION}
    assert [(turn.speaker, turn.text) for turn in part.context] == [(Speaker.PROSPECT, "Well.")]


def test_a_folder_is_read_whole_and_in_order(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path / "b.json", call(["proof: B."], id="b", verdict="not_earned"))
    write(tmp_path / "deep" / "a.jsonl", row("proof: A.", "proof"), SKILLED_CALL)
    (tmp_path / "notes.md").write_text("not labelled material")
    read = read_gold([tmp_path])
    assert [one.id for one in read.calls] == ["b", "one"]
    assert len(read.turns) == 1
    assert not read.troubles


def test_words_from_outside_are_cleaned(tmp_path: Path) -> None:
    (turn,) = read_gold([write(tmp_path / "t.jsonl", row("\x1b[2J\u202eHi\n there"))]).turns
    assert turn.text == "Hi there"


BAD: list[tuple[Any, str, str]] = [
    ("[1]", "", "is not an object"),
    ("{", "", "is not JSON"),
    ("", "", "is not JSON"),
    ({"id": 1, "moves": ["proof"]}, "", "is no labelled material; expected a call"),
    (row("Hi.", "prof"), "moves", "unknown move 'prof'; did you mean 'proof'?"),
    ({**row("Hi."), "context": ["Well."]}, "context", '"context" is a list of [speaker, text]'),
    (known("Hi.", "g", prof=1), "known", "unknown move 'prof'"),
    (known("Hi.", "g", proof=2), "known", '"known" says 0 or 1'),
    ({"turns": [{"speaker": "rep", "text": "Hi."}]}, "", "a call without labels"),
    (call(["proof: A."]) | {"gold": {"verdict": "won"}}, "verdict", "unknown verdict 'won'"),
    (call(["proof: A."]) | {"gold": {"earned": "yes"}}, "earned", '"earned" is true or false'),
    (call(["proof: A."]) | {"gold": {"asked": [2]}}, "asked", '"asked" lists the numbers'),
    (call(["proof: A."]) | {"gold": {"stages": {"trust": "top"}}}, "trust", "of low, mid, high"),
    ({"turns": [{"speaker": "rep", "text": "Hi."}, {"speaker": "boss", "text": "No."}]}, "speaker",
     'turn 2: expected {"speaker": "rep" or "prospect", "text"}'),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "key", "words"), BAD)
def test_a_bad_file_is_refused_by_line_and_does_not_stop_the_rest(
    tmp_path: Path, raw: Any, key: str, words: str
) -> None:
    good = write(tmp_path / "good.jsonl", row("proof: See.", "proof"))
    bad = tmp_path / "bad.json"
    bad.write_text(raw if isinstance(raw, str) else json.dumps(raw, indent=1))
    read = read_gold([bad, good])
    assert len(read.turns) == 1
    (trouble,) = read.troubles
    lines = [n for n, line in enumerate(bad.read_text().splitlines(), 1) if f'"{key}":' in line]
    assert str(trouble).startswith(f"{bad}:{lines[-1] if lines else 1}: ")
    assert words in str(trouble)


def test_in_json_lines_the_line_is_the_row_s(tmp_path: Path) -> None:
    path = write(tmp_path / "t.jsonl", row("proof: See.", "proof"))
    path.write_text(path.read_text() + "\n" + json.dumps(row("Hi.", "prof")) + "\n")
    assert str(read_gold([path]).troubles[0]).startswith(f"{path}:3: unknown move")
    path.write_text(json.dumps(row("Hi.")) + "\n{]\n")
    assert str(read_gold([path]).troubles[0]).startswith(f"{path}:2: is not JSON")


def test_what_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "odd.jsonl").write_bytes(b"\xff\xfe")
    names = ("gone.json", "bare", "odd.jsonl")
    gone, bare, odd = read_gold([tmp_path / name for name in names]).troubles
    assert "no such file" in str(gone)
    assert "holds no .json" in str(bare)
    assert "not UTF-8" in str(odd)
