"""Getting started, getting lost, and leaving."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from trainer import __version__
from trainer.calls import loading
from trainer.errors import ModelUnavailable, StoreUnavailable
from trainer.locations import bundled

ROOT = Path(__file__).parents[2]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
        env={**os.environ, **environment},
    )  # fmt: skip


def test_help_names_every_command(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    for command in ("practice", "resume", "moves", "grade", "simulate", "check", "models", "bench"):
        assert command in ran.out
        assert run(command, "--help").code == 0


def test_version(run: Run) -> None:
    assert run("--version").out == f"trainer {__version__}\n"


def test_a_command_that_is_none_is_bad_usage(run: Run) -> None:
    ran = run("practise")
    assert (ran.code, ran.out) == (2, "")
    assert "practise" in ran.err


@pytest.mark.parametrize("arguments", [[], ["practice"], ["practice", "payroll-errors"]])
def test_without_a_terminal_the_app_says_what_works_there(run: Run, arguments: list[str]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert "`trainer practice --plain`" in ran.err


def test_no_call_to_resume(run: Run) -> None:
    ran = run("resume")
    assert ran.code == 1
    assert "`trainer practice` begins one" in ran.err
    assert run("resume", "--list").lines == []
    assert run("resume", "abcd1234").code == 2


def test_an_unknown_scenario_comes_with_the_near_ones(run: Run, tmp_path: Path) -> None:
    script = tmp_path / "rep.txt"
    script.write_text("Hello.")
    ran = run("simulate", "payrol-errors", "--rep", script)
    assert ran.code == 2
    assert "did you mean 'payroll-errors'" in ran.err
    ran = run("practice", "--plain", "payroll-errors", "--persona", "analitical")
    assert ran.code == 2
    assert "'analytical'" in ran.err


def test_markup_and_escapes_in_an_id_are_shown_as_they_are_and_do_nothing(run: Run) -> None:
    ran = run("practice", "--plain", "[red]x[/red]\x1b[31mz")
    assert ran.code == 2
    assert "[red]x[/red]" in ran.err
    assert "\x1b" not in ran.err


def test_an_unknown_engine_is_bad_usage(run: Run) -> None:
    ran = run("practice", "--plain", "payroll-errors", "--engine", "abacus")
    assert ran.code == 2
    assert "transformers" in ran.err


def test_a_missing_model_is_exit_3_and_says_how_to_get_it(run: Run, tmp_path: Path) -> None:
    talk = tmp_path / "call.txt"
    talk.write_text("Rep: Hi.\nProspect: Hello.\n")
    for arguments in (
        ["grade", talk],
        ["practice", "--plain", "payroll-errors", "--engine", "authored"],
    ):
        ran = run(*arguments)
        assert (ran.code, ran.out) == (3, "")
        assert "missing" in ran.err
    ran = run("models", "verify")
    assert ran.code == 3
    assert "trainer models pull" in ran.err


@pytest.mark.usefixtures("listening")
def test_interrupted_is_130_and_the_call_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("trainer.terminal._listen", interrupt)
    ran = run("practice", "--plain", "payroll-errors")
    assert ran.code == 130
    assert "`trainer resume`" in ran.err
    monkeypatch.undo()


@pytest.mark.parametrize(
    ("trouble", "code"), [(ModelUnavailable("no\x1b[31m model"), 3), (StoreUnavailable("full"), 2)]
)
def test_whatever_fails_while_loading_is_one_line_and_its_own_exit_code(
    run: Run, monkeypatch: pytest.MonkeyPatch, trouble: Exception, code: int
) -> None:
    def fail(*_: object) -> None:
        raise trouble

    monkeypatch.setattr(loading, "load", fail)
    ran = run("practice", "--plain", "payroll-errors")
    assert ran.code == code
    assert len(ran.err.splitlines()) == 1
    assert "\x1b" not in ran.err


def test_a_home_that_is_a_file_is_said_to_be(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "file"))
    ran = run("resume")
    assert ran.code == 2
    assert "its folder is a file" in ran.err


def test_models_are_listed_and_located_without_being_there(run: Run, home: Path) -> None:
    listed = run("models")
    assert listed.code == 0
    assert "smollm2-135m-instruct" in listed.out
    assert "missing" in listed.out
    assert run("models", "list").out == listed.out
    adapter, *fetched = run("models", "where").lines
    assert adapter == str(bundled() / "models" / "voice" / "adapter")  # comes with the program
    assert fetched
    assert all(line.startswith(str(home)) for line in fetched)
    assert run("models", "where", "no-such").code in (2, 3)


@pytest.mark.parametrize(
    "module",
    ["trainer.library", "trainer.transcripts", "trainer.grading.grader", "trainer.calls.call",
     "trainer.calls.store", "trainer.reports.text", "trainer.terminal", "trainer.cli"],
)  # fmt: skip
def test_the_core_is_there_without_torch_and_without_textual(module: str) -> None:
    heavy = "('torch', 'transformers', 'textual', 'sklearn')"
    ran = python(f"import sys, {module}; print([m for m in {heavy} if m in sys.modules])")
    assert ran.stdout == "[]\n", ran.stderr


def test_help_loads_nothing_heavy() -> None:
    ran = python(
        "import sys; from trainer.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print([m for m in ('torch', 'textual', 'pydantic', 'rich') if m in sys.modules],"
        " file=sys.stderr)"
    )
    assert "Usage: trainer" in ran.stdout
    assert ran.stderr == "[]\n"


def test_a_reader_who_leaves_early_is_no_error(tmp_path: Path) -> None:
    """`trainer check | head -1`: no traceback, no complaint."""
    broken = tmp_path / "library" / "scenarios"
    broken.mkdir(parents=True)
    for number in range(30):
        (broken / f"{number}.yaml").write_text("id: [")
    program = (
        f"import sys; sys.argv = ['trainer', 'check', {str(broken)!r}]; import trainer.__main__"
    )
    ran = subprocess.run(
        ["bash", "-c", f'{sys.executable} -c "$0" | true; echo ${{PIPESTATUS[0]}}', program],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
    )  # fmt: skip
    assert ran.stderr == ""
    assert ran.stdout.strip() in ("0", "1")  # 1 where all was written before the reader left


def test_a_terminal_that_knows_only_ascii_still_gets_its_lines(tmp_path: Path) -> None:
    ran = python(
        "import sys; sys.argv = ['trainer', 'practice', '--plain', 'no-such-\u201cone\u201d']\n"
        "import trainer.__main__",
        PYTHONIOENCODING="ascii",
        TRAINER_HOME=str(tmp_path),
    )
    assert ran.returncode == 2
    assert "no-such-?one?" in ran.stderr
