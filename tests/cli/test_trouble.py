"""A clumsy user, an unlucky machine: what they read, and the exit code a script sees."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.readings import MarkedListener
from trainer.calls import loading
from trainer.calls.loading import Loaded
from trainer.calls.store import FILE_NAME, Store
from trainer.engines.catalog import Catalog, ModelCard
from trainer.engines.scripted_engine import SilentEngine
from trainer.errors import EngineFailed, StoreUnavailable
from trainer.grading.grader import Grader

ROOT = Path(__file__).parents[2]
NOWHERE = "http://127.0.0.1:9/v1"


@pytest.fixture
def nothing_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loading takes seconds; a mistake that can be seen before must not wait for it."""

    def loads(*_: object) -> None:
        raise AssertionError("loaded a model before looking at what was asked for")

    monkeypatch.setattr(loading, "load", loads)
    monkeypatch.setattr(loading, "load_listener", loads)


@pytest.mark.usefixtures("nothing_loads")
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--engine", "abacus"], 2, "there are: transformers, openai, llama, authored"),
        (["--model", "nope"], 2, "no model is called 'nope'"),
        (["--model", "nope"], 2, "smollm2-135m-instruct"),
        (["--model", "a/b/c"], 2, "owner/name"),
        (["--model", "[red]x[/red]\x1b[31m"], 2, "no model is called"),
        (["--model", "{tmp}"], 3, "holds no config.json"),
        (["--model", "{tmp}/notes.txt"], 3, "notes.txt is no model"),
        (["--model", "{tmp}/gone.gguf"], 3, "check the path"),
        (["--engine", "llama"], 2, "name it with --model FILE.gguf"),
        (["--engine", "llama", "--model", "{tmp}/gone.gguf"], 3, "there is no file"),
        (["--base-url", NOWHERE], 2, "--base-url goes with --engine openai"),
        (["--engine", "openai", "--base-url", "notaurl"], 2, "'notaurl' is no server address"),
        (["--engine", "openai", "--base-url", "http://[::1"], 2, "is no server address"),
        (["--engine", "openai", "--base-url", "http://a:b/v1"], 2, "is no server address"),
        (["--engine", "openai", "--base-url", "file:///etc/passwd"], 2, "is no server address"),
    ],
)
def test_an_engine_that_can_not_be_is_told_before_anything_loads(
    run: Run, tmp_path: Path, arguments: list[str], code: int, told: str
) -> None:
    (tmp_path / "notes.txt").write_text("not weights")
    given = [argument.replace("{tmp}", str(tmp_path)) for argument in arguments]
    ran = run("practice", "--plain", "payroll-errors", *given)
    assert (ran.code, ran.out) == (code, "")
    assert told in ran.err
    assert len(ran.err.splitlines()) == 1
    assert "\x1b" not in ran.err


@pytest.mark.usefixtures("nothing_loads")
@pytest.mark.parametrize("given", ["gone.jsonl", "."])
def test_a_file_of_turns_that_can_not_be_opened_is_told_before_anything_loads(
    run: Run, given: str
) -> None:
    ran = run("moves", given)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"trainer: {given}: can't be read")


@pytest.mark.usefixtures("listening")
def test_turns_that_are_not_utf8_are_told_with_their_line(run: Run, tmp_path: Path) -> None:
    turns = tmp_path / "turns.jsonl"
    turns.write_bytes(b'{"id": 1, "text": "Hi."}\n{"id": 2, "text": "caf\xe9"}\n')
    ran = run("moves", turns, "--json")
    assert ran.code == 2
    assert f"{turns}:2: is not UTF-8 text" in ran.err
    assert "<stdin>:2: is not UTF-8 text" in run("moves", typed=turns.read_bytes()).err


@pytest.mark.usefixtures("listening")
def test_turns_saved_with_a_byte_order_mark_are_read_all_the_same(run: Run) -> None:
    ran = run("moves", "--json", typed='\ufeff{"id": 7, "text": "How are you?"}\r\n')
    assert (ran.code, json.loads(ran.out)["id"]) == (0, 7)


def test_checking_a_file_that_is_not_there_is_bad_usage(run: Run, tmp_path: Path) -> None:
    gone = tmp_path / "gone.yaml"
    ran = run("check", gone)
    assert (ran.code, ran.out) == (2, "")
    assert f"{gone}: there is no such file" in ran.err
    there = tmp_path / "personas" / "there.yaml"
    there.parent.mkdir()
    there.write_text("id: [")
    ran = run("check", there, gone)  # one of several: the others are checked all the same
    assert ran.code == 1
    assert [line.split(":")[0] for line in ran.lines] == sorted(map(str, (gone, there)))


def test_a_server_that_is_not_there_is_told_though_its_model_is_named(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Not a call of written lines that looks as if the model had spoken."""
    monkeypatch.setattr(loading, "load_listener", lambda: None)
    script = tmp_path / "rep.txt"
    script.write_text("Hello.\n")
    ran = run(
        "simulate", "payroll-errors", "--rep", script,
        "--engine", "openai", "--base-url", NOWHERE, "--model", "big",
    )  # fmt: skip
    assert (ran.code, ran.out) == (3, "")
    assert f"no server answers at {NOWHERE}" in ran.err


def test_pulling_mends_a_model_whose_bytes_were_changed(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every file has the right size, so that only its sum tells."""
    card = Catalog.load().default("encoder")
    for file in card.files:
        path = home / "cache" / "models" / card.id / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as stream:
            stream.truncate(file.size)
    ran = run("models", "verify", card.id)
    assert ran.code == 3
    assert f"trainer models pull {card.id}" in ran.err
    pulled: list[str] = []

    def pull(asked: ModelCard, _: object) -> None:
        pulled.append(asked.id)

    monkeypatch.setattr("trainer.engines.download.pull", pull)
    assert run("models", "pull", card.id).code == 0
    assert pulled == [card.id]


def test_a_full_disk_still_shows_the_calls_on_it(
    run: Run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Listing writes nothing, so it needs no space."""
    Store.open().close()
    connect = sqlite3.connect

    class Full(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            if sql.startswith(("BEGIN IMMEDIATE", "INSERT")):
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *rest)  # type: ignore[arg-type]

    def full(*given: object, **named: object) -> sqlite3.Connection:
        return connect(*given, factory=Full, **named)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("trainer.calls.store.sqlite3.connect", full)
    assert run("resume", "--list").code == 0
    shutil.rmtree(home)
    ran = run("resume", "--list")  # a new log does need some
    assert ran.code == 2
    assert f"{home / FILE_NAME}: no space left on the disk; free some" in ran.err


def test_a_disk_that_fills_while_the_log_is_made_is_said_to_be_full(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has rolled back by itself by then; that must not hide the reason."""
    connect = sqlite3.connect

    class Filling(sqlite3.Connection):
        def execute(self, sql: str, *rest: object) -> sqlite3.Cursor:
            if sql.startswith("PRAGMA user_version ="):
                super().execute("ROLLBACK")
                raise sqlite3.OperationalError("database or disk is full")
            return super().execute(sql, *rest)  # type: ignore[arg-type]

    def filling(*given: object, **named: object) -> sqlite3.Connection:
        return connect(*given, factory=Filling, **named)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr("trainer.calls.store.sqlite3.connect", filling)
    with pytest.raises(StoreUnavailable, match="no space left on the disk"):
        Store.open(home / FILE_NAME)


def shell(command: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The real program, as a shell starts it; ``trainer`` in the command is it."""
    script = f'trainer() {{ "{sys.executable}" -m trainer "$@"; }}; {command}'
    return subprocess.run(
        ["bash", "-c", script],
        capture_output=True, text=True, timeout=60, check=False, cwd=ROOT,
        env=os.environ | {"TRAINER_HOME": str(home)},
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("command", ["check {broken}", "models list", "--help"])
def test_results_that_do_not_fit_on_the_disk_are_one_line_of_complaint(
    home: Path, tmp_path: Path, command: str
) -> None:
    broken = tmp_path / "personas" / "broken.yaml"
    broken.parent.mkdir()
    broken.write_text("id: [")
    ran = shell(f"trainer {command.format(broken=broken)} > /dev/full", home)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert "No space left" in ran.stderr


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("trainer grade - <&-", 2, "<stdin>: the transcript is empty"),
        ("trainer models list >&-", 0, ""),
        ("trainer check gone.yaml 2>&-", 2, ""),
    ],
)
def test_a_stream_that_is_closed_is_as_good_as_an_empty_one(
    home: Path, command: str, code: int, told: str
) -> None:
    ran = shell(command, home)
    assert ran.returncode == code
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("card", "told"),
    [
        ("id: mine\nuse: voice\nlicense: MIT\n", "mine.yaml:3:1: error: unknown key 'license'"),
        ("id: mine\nuse: singing\n", "mine.yaml:2:6: error: use should be"),
        ("id: [mine\n", "mine.yaml:1:5: error: a bracket opened"),
        ("- id: mine\n", "mine.yaml:1:1: error: should be a mapping"),
        ("id: !!python/object/apply:os.abort []\n", "mine.yaml:1:5: error: 'tag:yaml.org"),
    ],
)
def test_a_model_card_of_ones_own_with_a_slip_is_told_with_its_line(
    run: Run, home: Path, card: str, told: str
) -> None:
    path = home / "library" / "models" / "mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(card)
    ran = run("models")
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_a_scenario_left_out_for_its_errors_is_told_with_them(run: Run, home: Path) -> None:
    path = home / "library" / "scenarios" / "mine.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("id: mine\ntitle: [a\n")
    ran = run("practice", "--plain", "mine", "--library", home / "library")
    assert ran.code == 2
    assert f". A file of that name was left out, for its errors: {path}:2:8: error" in ran.err


class _Broken(SilentEngine):
    """An engine whose server went away in mid-call."""

    def draw(self, *_: object) -> list[str]:
        raise EngineFailed("the server went\x1b[2J away")


@pytest.mark.usefixtures("listening")
def test_an_engine_that_fails_in_a_call_is_told_once_and_the_call_goes_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    listener = MarkedListener()
    monkeypatch.setattr(loading, "load", lambda *_: Loaded(listener, _Broken(), Grader(listener)))
    ran = run("practice", "--plain", "payroll-errors", typed="Hello.\nHow are you?\nAnd now?\n")
    assert ran.code == 0
    assert len([line for line in ran.lines if line.startswith("Dana: ")]) == 4
    assert ran.err.count("-- Written lines stand in for the model's: the server went away") == 1
    script = tmp_path / "rep.txt"
    script.write_text("Hello.\nHow are you?\n")
    ran = run("simulate", "payroll-errors", "--rep", script)
    assert ran.code == 0
    assert ran.err.count("the server went away") == 1
