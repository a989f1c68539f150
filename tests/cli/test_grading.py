"""Grading and labelling by the batch, as an enablement team's scripts do."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.engines.test_openai import Server
from tests.readings import SKILLED, MarkedListener
from trainer.calls import loading
from trainer.grading.batch import FEW, MOST_BY_ITSELF
from trainer.pathway import Move

pytestmark = pytest.mark.usefixtures("listening")

WON = "# a good one\n" + "".join(
    f"Rep: {line}\nProspect: Well, the dough went off at four. I see.\n" for line in SKILLED
)


@pytest.fixture
def won(tmp_path: Path) -> Path:
    path = tmp_path / "won.txt"
    path.write_text(WON)
    return path


def test_one_json_object_a_transcript_in_the_order_given(run: Run, won: Path) -> None:
    short = won.with_name("short.txt")
    short.write_text("Rep: Hi.\nProspect: Hello.\n")
    ran = run("grade", won, short, "--json")
    assert ran.code == 0
    first, second = map(json.loads, ran.lines)
    assert (first["file"], first["verdict"]) == (str(won), "earned_close")
    assert (second["file"], second["verdict"], second["score"]) == (str(short), "unscored", None)


def test_a_person_reads_the_verdict_first(run: Run, won: Path) -> None:
    ran = run("grade", won)
    assert ran.out.startswith("You earned it and assumed it, without asking: turn 37.")
    both = run("grade", won, won)
    assert both.out.count(f"== {won}") == 2


def test_one_that_can_not_be_read_never_stops_the_rest(run: Run, won: Path) -> None:
    broken = won.with_name("broken.txt")
    broken.write_text("Rep: Hi.\nRep: Anybody there?\n")
    ran = run("grade", broken, won, won.with_name("gone.txt"), "--json")
    assert ran.code == 1
    assert len(ran.lines) == 1
    assert f"trainer: {broken}: only one speaker" in ran.err
    assert "gone.txt: there is no such file" in ran.err
    assert ran.err.count("only one speaker") == 2, "once at its turn, once summed up"
    assert "2 of 3 could not be read:\n" in ran.err


def test_a_single_file_that_can_not_be_read_is_told_once(run: Run, tmp_path: Path) -> None:
    ran = run("grade", tmp_path / "gone.txt")
    assert ran.code == 2
    assert ran.err == f"trainer: {tmp_path / 'gone.txt'}: there is no such file\n"


def test_a_folder_and_a_pattern_are_graded_in_order(
    run: Run, won: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may = tmp_path / "may"
    may.mkdir()
    for name in ("2.txt", "1.txt", ".draft.txt", "sound.mp3"):
        (may / name).write_text(WON)
    ran = run("grade", tmp_path / "m*", won, "--json")
    assert ran.code == 0
    files = [json.loads(line)["file"] for line in ran.lines]
    assert files == [str(may / "1.txt"), str(may / "2.txt"), str(won)]
    (may / "1.txt").unlink()
    (may / "2.txt").unlink()
    ran = run("grade", may, won)
    assert ran.code == 1
    assert f"{may}: is a folder without transcripts (files ending in .json" in ran.err


def test_several_processes_print_what_one_does(
    run: Run, won: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "load_listener", MarkedListener)  # can be had in any process
    broken = won.with_name("broken.txt")
    broken.write_text("Rep: Hi.\n")
    named = won.with_name("named.txt")
    named.write_text(WON.replace("Rep:", "Ana:").replace("Prospect:", "Mira:"))
    arguments = ("grade", won, broken, named, "-", won, "--json")
    alone = run(*arguments, "--jobs", "1", typed=WON)
    together = run(*arguments, "--jobs", "3", typed=WON)
    assert (together.code, together.out) == (1, alone.out)
    assert sorted(together.err.splitlines()) == sorted(alone.err.splitlines())
    assert len(alone.lines) == 4


def test_whom_it_took_for_the_rep_is_said_and_kept(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "call.txt"
    path.write_text(WON.replace("Rep:", "Ana:").replace("Prospect:", "Mira:"))
    ran = run("grade", path, "--json")
    row = json.loads(ran.out)
    assert row["rep_name"] == "Ana"
    assert row["notes"] == ["took 'Ana' for the rep (asks more); name another with --rep-name"]
    assert ran.err == f"{path}: {row['notes'][0]}\n"
    assert json.loads(run("grade", path, "--rep-name", "mira", "--json").out)["rep_name"] == "Mira"


def test_the_help_names_the_rule_for_jobs(run: Run) -> None:
    told = " ".join(run("grade", "--help").out.split())
    assert f"one for up to {FEW} files" in told
    assert f"{MOST_BY_ITSELF} at most" in told
    assert run("grade", "x", "--jobs", "0").code == 2


def test_nothing_readable_at_all_is_bad_input(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "call.txt"
    for bad in (b"", b"# only a comment\n", b"Rep: a\nProspect: \xff\n", b"\x00"):
        path.write_bytes(bad)
        ran = run("grade", path)
        assert (ran.code, ran.out) == (2, ""), bad
        assert str(path) in ran.err


def test_a_transcript_may_come_down_a_pipe(run: Run) -> None:
    ran = run("grade", "-", "--json", typed=WON)
    assert ran.code == 0
    assert json.loads(ran.out)["file"] == "-"


def test_the_rep_may_have_a_name(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "call.txt"
    path.write_text(WON.replace("Rep:", "Ana:").replace("Prospect:", "Mira:"))
    ran = run("grade", path, "--rep-name", "Ana", "--json")
    assert json.loads(ran.out)["verdict"] == "earned_close"
    ran = run("grade", path, "--rep-name", "Bob")
    assert ran.code == 2
    assert "'Ana'" in ran.err


def test_a_scenario_brings_its_rubric_and_an_unknown_one_is_named(run: Run, won: Path) -> None:
    ran = run("grade", won, "--scenario", "payroll-errors", "--json")
    assert json.loads(ran.out)["rubric"] == "authentic-persuasion"
    assert run("grade", won, "--rubric", "authentic").code == 2
    assert run("grade", won, "--scenario", "payroll").code == 2


def test_hostile_words_are_graded_and_do_nothing(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "call.txt"
    path.write_text(
        "Rep: pressure: \x1b]0;owned\x07[red]today[/red] only\x1b[2J\nProspect: No.\n"
        "Rep: ask_for_sale: Buy?\nProspect: No.\nRep: chasing: Please.\nProspect: Bye.\n"
    )
    for extra in ([], ["--json"]):
        ran = run("grade", path, *extra)
        assert ran.code == 0
        assert "\x1b" not in ran.out + ran.err
        assert "[red]today[/red] only" in ran.out


class TestJudge:
    """A team's own server gives a second opinion."""

    @pytest.fixture
    def server(self) -> Iterator[Server]:
        one = Server()
        chances = {"Yes": 0.1, " no": 0.6, "No": 0.2}
        told = [{"token": name, "logprob": math.log(p)} for name, p in chances.items()]
        self.says(one, {"content": [{**told[0], "top_logprobs": told}]})
        yield one
        one.close()

    def says(self, server: Server, logprobs: object) -> None:
        choice = {"message": {"content": "Yes, all of it."}, "logprobs": logprobs}
        server.lines = [json.dumps({"choices": [choice]}).encode()]

    def test_it_is_shown_beside_the_first_and_changes_nothing_in_it(
        self, run: Run, won: Path, server: Server
    ) -> None:
        judging = ("--judge", "--engine", "openai", "--base-url", server.url)
        ran = run("grade", won, "--json", *judging)
        assert ran.code == 0
        row = json.loads(ran.out)
        second = row.pop("second_opinion")
        assert row == json.loads(run("grade", won, "--json").out)
        assert second["judge"] == "team-model"
        assert {one["answered"] for one in second["checks"]} == {False}
        assert {one["p"] for one in second["checks"]} == {round(0.1 / 0.9, 4)}
        assert second["differ"] == [one["id"] for one in row["checks"] if one["passed"]]
        assert len(server.requests) == 2 * len(row["checks"])
        told = run("grade", won, *judging).out
        assert "Checks: the grader, then team-model" in told
        assert "yes  no  0.11 * " in told

    def test_a_server_that_tells_no_probabilities_leaves_every_check_unscored(
        self, run: Run, won: Path, server: Server
    ) -> None:
        self.says(server, None)
        ran = run("grade", won, "--json", "--judge", "--engine", "openai", "--base-url", server.url)
        assert ran.code == 0
        second = json.loads(ran.out)["second_opinion"]
        assert second["unusable"] == len(second["checks"])
        assert second["agreement"] is None
        assert second["checks"][0]["reason"] == "it gives no probabilities for its words"
        assert len(server.requests) == 1, "it is not asked again what it can't tell"

    def test_options_of_the_judge_without_it_and_engines_that_can_not_are_refused(
        self, run: Run, won: Path, server: Server
    ) -> None:
        assert "go with --judge" in run("grade", won, "--model", "x").err
        for engine in ("authored", "gpt"):
            ran = run("grade", won, "--judge", "--engine", engine)
            assert (ran.code, ran.out) == (2, "")
        server.close()
        ran = run("grade", won, "--judge", "--engine", "openai", "--base-url", server.url)
        assert (ran.code, ran.out) == (3, "")

    def test_the_help_says_what_it_takes(self, run: Run) -> None:
        assert "the bundled voice is too small to judge" in " ".join(
            run("grade", "--help").out.split()
        )


class TestMoves:
    def test_json_lines_in_json_lines_out_in_the_same_order(self, run: Run, tmp_path: Path) -> None:
        rows = [
            {"id": f"t{n}", "text": f"{move.value}: words", "context": [["prospect", "Yes?"]]}
            for n, move in enumerate(Move)
        ]
        path = tmp_path / "turns.jsonl"
        path.write_text("\n".join(json.dumps(row) for row in rows) + "\n")
        ran = run("moves", path, "--json")
        assert ran.code == 0
        out = [json.loads(line) for line in ran.lines]
        assert [one["id"] for one in out] == [row["id"] for row in rows]
        assert [one["labels"] for one in out] == [[move.value] for move in Move]
        assert all(one["moves"].keys() == {move.value for move in Move} for one in out)
        assert run("moves", "--json", typed=path.read_text()).out == ran.out

    def test_without_json_a_line_for_a_person(self, run: Run) -> None:
        typed = '{"id": "a\\u001b[31m", "text": "proof: See."}\n\n{"id": 2, "text": "Hm."}\n'
        assert run("moves", typed=typed).out == "a: proof\n2: -\n"

    @pytest.mark.parametrize(
        "bad",
        [
            "{",
            "[]",
            '{"id": 1}',
            '{"id": 1, "text": 5}',
            '{"text": "a", "context": [["boss", "b"]]}',
        ],
    )
    def test_a_bad_line_is_named(self, run: Run, tmp_path: Path, bad: str) -> None:
        path = tmp_path / "turns.jsonl"
        path.write_text('{"id": 1, "text": "Hm."}\n\n' + bad + "\n")
        ran = run("moves", path, "--json")
        assert ran.code == 2
        assert f"{path}:3: " in ran.err

    def test_a_file_that_is_not_there_or_no_text_is_bad_input(
        self, run: Run, tmp_path: Path
    ) -> None:
        assert run("moves", tmp_path / "gone.jsonl").code == 2
        assert run("moves", tmp_path).code == 2
        (tmp_path / "odd.jsonl").write_bytes(b"\xff\xfe\xff")
        ran = run("moves", tmp_path / "odd.jsonl")
        assert ran.code == 2
        assert "not UTF-8" in ran.err
