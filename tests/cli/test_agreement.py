"""Whoever doubts a score measures the grader on calls they labelled themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.agreement.material import SKILLED_CALL, row, write
from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("listening")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gold").mkdir()
    write(tmp_path / "gold" / "call.json", SKILLED_CALL)
    write(tmp_path / "gold" / "turns.jsonl", row("reflection: a", "reflection"))
    return tmp_path / "gold"


def test_a_folder_is_measured_and_read_at_a_glance(run: Run, folder: Path) -> None:
    ran = run("agreement", folder)
    assert (ran.code, ran.err) == (0, "")
    assert "1 calls graded" in ran.out
    assert "Moves, set own: 20 turns of 2 conversations" in ran.out


def test_json_is_the_same_for_the_same_seed(run: Run, folder: Path) -> None:
    ran = run("agreement", folder, "--json", "--seed", "3", "--resamples", "50")
    found = json.loads(ran.out)
    assert (found["seed"], found["resamples"]) == (3, 50)
    assert found["listener"] == "MarkedListener"
    assert len(found["heads"]) == 64
    again = run("agreement", folder, "--json", "--seed", "3", "--resamples", "50")
    assert again.out == ran.out


def test_markdown_and_a_picture(run: Run, folder: Path) -> None:
    picture = folder.parent / "agreement.svg"
    ran = run("agreement", folder, "--markdown", "--svg", picture)
    assert ran.code == 0
    assert "| `reflection` |" in ran.out
    assert ran.err == f"drawn into {picture}\n"
    assert picture.read_text().startswith("<svg ")
    assert run("agreement", folder, "--markdown", "--json").code == 2


def test_one_bad_file_is_reported_at_the_end(run: Run, folder: Path) -> None:
    bad = folder / "bad.jsonl"
    bad.write_text('{"text": "Hi.", "moves": ["prof"]}\n')
    ran = run("agreement", folder, "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["calls"]["calls"] == 1
    assert ran.err == f"trainer: {bad}:1: unknown move 'prof'; did you mean 'proof'?\n"


def test_nothing_readable_is_bad_input(run: Run, tmp_path: Path) -> None:
    ran = run("agreement", tmp_path / "gone.json")
    assert (ran.code, ran.out) == (2, "")
    assert "there is no such file" in ran.err
    assert run("agreement").code == 2
    assert run("agreement", tmp_path / "gone.json", "--rubric", "gone").code == 2
