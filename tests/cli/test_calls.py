"""Calls without the app: plain lines for screen readers and pipes, and written reps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.readings import PUSHY, SKILLED
from trainer.calls.store import Store

pytestmark = pytest.mark.usefixtures("listening")

SKILLED_TEXT = "\n".join(SKILLED) + "\n"
PLAIN = ("practice", "--plain", "payroll-errors", "--seed", "3")


class TestPlainLines:
    def test_a_whole_call_down_a_pipe_to_its_scorecard(self, run: Run) -> None:
        ran = run(*PLAIN, typed=SKILLED_TEXT)
        assert ran.code == 0
        spoken = [line for line in ran.lines if line.startswith("Dana: ")]
        assert len(spoken) == len(SKILLED) + 1
        assert "You earned it and assumed it, without asking" in ran.out
        # what is not the conversation goes to the other stream
        assert "You are calling Dana Whitfield, CFO, Harborline Freight, Duluth." in ran.err
        assert "How you will be judged" in ran.err
        assert "patience" in ran.err
        assert "authored ones" in ran.err

    def test_the_call_is_in_the_log_with_its_scorecard(self, run: Run) -> None:
        run(*PLAIN, typed=SKILLED_TEXT)
        log = Store.open()
        (call,) = log.calls()
        log.close()
        assert (call.outcome, call.verdict) == ("agreed", "earned_close")

    def test_no_fact_is_told_in_the_briefing(self, run: Run) -> None:
        ran = run(*PLAIN)
        assert "two drivers quit" not in ran.err

    def test_hint_sheet_and_end_do_what_they_say(self, run: Run) -> None:
        ran = run(*PLAIN, typed="/hint\n/sheet\n/what\n\n\x1b[2J\n/end\nnever heard\n")
        assert ran.code == 0
        assert "Begin where Dana began" in ran.err
        assert ran.err.count("You are Evenpay") == 2  # in the briefing, and when asked for
        assert ran.err.count("/hint, /sheet, /end") == 2
        assert "Traceback" not in ran.err
        assert "This call can't be judged" in ran.out
        assert "never heard" not in ran.out

    def test_an_exam_shows_nothing_and_a_standard_call_the_mood(self, run: Run) -> None:
        exam = run(*PLAIN, "--mode", "exam", typed=f"/hint\n{SKILLED[0]}\n")
        assert "Hints are for guided calls." in exam.err
        assert "patience" not in exam.err
        standard = run(*PLAIN, "--mode", "standard", typed=f"{SKILLED[0]}\n")
        assert "patience" not in standard.err
        assert any(
            f"({mood})" in standard.err
            for mood in ("annoyed", "guarded", "neutral", "open", "warm", "keen")
        )

    def test_same_seed_same_prospect(self, run: Run) -> None:
        assert run(*PLAIN, typed=SKILLED_TEXT).out == run(*PLAIN, typed=SKILLED_TEXT).out

    def test_hung_up_on_nothing_more_is_heard(self, run: Run) -> None:
        ran = run(*PLAIN, typed="\n".join(PUSHY * 3) + "\n")
        assert ran.code == 0
        assert "The call is over." in ran.err
        assert sum(line.startswith("Dana: ") for line in ran.lines) < 3 * len(PUSHY)

    def test_stray_bytes_are_no_reason_to_lose_a_call(self, run: Run) -> None:
        ran = run(*PLAIN, typed=b"open_question: What hap\xffpened?\n")
        assert ran.code == 0
        assert sum(line.startswith("Dana: ") for line in ran.lines) == 2

    def test_without_a_scenario_it_is_the_first_one_for_new_hires(self, run: Run) -> None:
        ran = run("practice", "--plain", "--seed", "1", typed="/end\n")
        assert ran.code == 0
        assert "You are calling" in ran.err

    def test_a_call_broken_off_is_listed_and_goes_on_where_it_stopped(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        answers = iter([SKILLED[0], SKILLED[1]])

        def typed_then_killed() -> str:
            try:
                return next(answers)
            except StopIteration:
                raise KeyboardInterrupt from None

        with monkeypatch.context() as patch:
            patch.setattr("trainer.terminal._listen", typed_then_killed)
            first = run(*PLAIN)
        assert first.code == 130
        (line,) = run("resume", "--list").lines
        call_id = line.split()[0]
        assert "Dana Whitfield" in line
        rest = "\n".join(SKILLED[2:]) + "\n"
        second = run("resume", "--plain", typed=rest)
        assert second.code == 0
        assert f"You: {SKILLED[0]}" in second.out
        whole = run(*PLAIN, typed=SKILLED_TEXT)
        last = [line for line in whole.lines if line.startswith("Dana: ")][-1]
        assert last in second.out  # the same call, as if nothing had happened
        over = run("resume", call_id)
        assert over.code == 1
        assert "is over" in over.err


class TestWrittenReps:
    @pytest.fixture
    def script(self, tmp_path: Path) -> Path:
        path = tmp_path / "rep.txt"
        path.write_text("# a skilled rep\n" + SKILLED_TEXT)
        return path

    def test_a_written_rep_is_played_and_graded(self, run: Run, script: Path) -> None:
        ran = run("simulate", "payroll-errors", "--rep", script, "--engine", "authored", "--json")
        assert ran.code == 0
        row = json.loads(ran.out)
        assert row["outcome"] == "agreed"
        assert row["grade"]["verdict"] == "earned_close"
        assert {turn["source"] for turn in row["turns"] if turn["speaker"] == "prospect"} == {
            "authored"
        }

    def test_a_person_reads_it_with_acts_and_moves(self, run: Run, script: Path) -> None:
        ran = run("simulate", "payroll-errors", "--rep", script, "--persona", "amiable")
        assert ran.lines[0].startswith("Prospect: ")
        assert ran.lines[1].endswith("[permission, personalize]")
        assert "Outcome: agreed." in ran.out

    def test_same_seed_same_call_from_a_pipe_too(self, run: Run, script: Path) -> None:
        arguments = ("simulate", "payroll-errors", "--seed", "4", "--json")
        one = run(*arguments, "--rep", script)
        assert run(*arguments, "--rep", "-", typed=script.read_text()).out == one.out

    def test_a_rep_with_nothing_to_say_is_bad_input(self, run: Run, tmp_path: Path) -> None:
        empty = tmp_path / "empty.txt"
        empty.write_text("# nothing yet\n")
        ran = run("simulate", "payroll-errors", "--rep", empty)
        assert ran.code == 2
        assert f"{empty}: " in ran.err
