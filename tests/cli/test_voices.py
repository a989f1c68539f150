"""A trainer hears a persona before anybody practises with it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from trainer.calls import loading
from trainer.engines.base import Prompt
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.errors import EngineFailed
from trainer.locations import bundled
from trainer.pathway import Act
from trainer.prospect.repertoire import MOODS

LINES = sum(map(len, MOODS.values()))


@pytest.fixture
def voiced(monkeypatch: pytest.MonkeyPatch) -> Callable[[ScriptedEngine], None]:
    def by(engine: ScriptedEngine) -> None:
        monkeypatch.setattr(loading, "load_engine", lambda *_: engine)

    return by


def test_every_act_is_heard_in_its_moods_under_what_the_rep_said(run: Run) -> None:
    ran = run("voices", "try", "amiable", "--engine", "authored")
    assert ran.code == 0
    assert ran.lines[0].startswith("Amiable. Warm, chatty")
    assert "As Marjorie Pell in “The bins, again” (office-cleaning), in written lines only." in (
        " ".join(ran.lines)
    )
    heads = [line.split(":")[0] for line in ran.out.split("\n\n")[1:-1]]
    assert heads == [act.value.replace("_", " ") for act in Act]
    assert sum(line.startswith("  rep ") for line in ran.lines) == len(Act)
    at = ran.lines.index("push back: stops the rep, annoyed")
    assert [line.split()[0] for line in ran.lines[at + 1 : at + 4]] == ["rep", "annoyed", "guarded"]
    assert "[written" not in ran.out  # nothing was asked of a model
    assert ran.lines[-1] == f"{LINES} lines, all written: no model was asked."


def test_it_fits_a_terminal_of_80_columns(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for persona in ("amiable", "burned-before"):
        ran = run("voices", "try", persona, "--engine", "authored")
        assert max(map(len, ran.lines)) <= 80


def test_the_same_seed_sounds_the_same_and_another_does_not(run: Run) -> None:
    heard = [
        run("voices", "try", "driver", "--engine", "authored", "--seed", seed).out
        for seed in (3, 3, 4)
    ]
    assert heard[0] == heard[1] != heard[2]


def test_a_refused_line_is_marked_with_its_reason_and_counted(
    run: Run, voiced: Callable[[ScriptedEngine], None]
) -> None:
    def says(prompt: Prompt) -> str:
        asked = prompt.messages[-1].content
        return "How can I help you today?" if "show that you feel heard" in asked else "Hm, go on."

    voiced(ScriptedEngine(says, name="team-model"))
    ran = run("voices", "try", "amiable")
    flat = " ".join(" ".join(ran.lines).split())
    assert "voiced by team-model." in flat
    assert flat.count("[written; the model speaks as an assistant]") == len(MOODS[Act.WARM_UP])
    assert "guarded Hm, go on. neutral" in flat
    assert f"{LINES} lines, " in flat
    assert "were refused, " in flat
    assert "speaks as an assistant (4)" in flat


def test_json_is_an_object_a_line_with_what_it_answers_and_why_it_was_refused(
    run: Run, voiced: Callable[[ScriptedEngine], None]
) -> None:
    voiced(ScriptedEngine(lambda prompt: "As an AI I can't say.\x1b[31m"))
    ran = run("voices", "try", "driver", "--scenario", "payroll-errors", "--json")
    rows = [json.loads(line) for line in ran.lines]
    assert len(rows) == LINES
    assert {row["persona"] for row in rows} == {"driver"}
    assert {row["scenario"] for row in rows} == {"payroll-errors"}
    told = next(row for row in rows if row["act"] == "disclose")
    assert told["say"] in told["text"]
    assert told["heard"].endswith("?")
    assert (told["source"], told["drawn"]) == ("authored", 2)
    assert told["refusals"] == ["speaks as an assistant"] * 2


def test_a_draft_is_heard_from_its_file_and_its_mistakes_are_told(run: Run, tmp_path: Path) -> None:
    text = (bundled() / "personas" / "driver.yaml").read_text(encoding="utf-8")
    draft = tmp_path / "my-draft.yaml"
    draft.write_text(text.replace("id: driver", "id: my-draft"), encoding="utf-8")
    ran = run("voices", "try", draft, "--engine", "authored")
    assert ran.code == 0
    assert "(payroll-errors)" not in ran.lines[0]
    draft.write_text(text.replace("patience:", "patient:"), encoding="utf-8")
    ran = run("voices", "try", draft, "--engine", "authored")
    assert (ran.code, ran.out) == (2, "")
    assert f"{draft}:" in ran.err
    assert "patient" in ran.err


def test_unknown_names_are_told_before_anything_loads(
    run: Run, voiced: Callable[[ScriptedEngine], None]
) -> None:
    assert "did you mean 'amiable'" in run("voices", "try", "amable").err
    assert run("voices", "try", "amiable", "--scenario", "nowhere").code == 2
    assert run("voices", "try", "amiable", "--engine", "llama").code == 2


def test_an_engine_that_fails_is_told_and_not_hidden_behind_written_lines(
    run: Run, voiced: Callable[[ScriptedEngine], None]
) -> None:
    voiced(ScriptedEngine([EngineFailed("no server answers")]))
    ran = run("voices", "try", "amiable")
    assert ran.code == 3
    assert ran.err == "trainer: no server answers\n"


def test_interrupted_it_leaves_with_what_was_heard(
    run: Run, voiced: Callable[[ScriptedEngine], None]
) -> None:
    calls = iter(range(99))

    def says(prompt: Prompt) -> str:
        if next(calls) == 5:
            raise KeyboardInterrupt
        return "Hm, go on."

    voiced(ScriptedEngine(says))
    ran = run("voices", "try", "amiable")
    assert ran.code == 130
    assert "brush off" in ran.out
