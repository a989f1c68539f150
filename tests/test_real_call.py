"""One whole call with the real listener and the real voice, as a rep would hold it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainer import locations
from trainer.calls.loading import Loaded
from trainer.calls.rehearsal import rehearse
from trainer.library.shelf import Shelf
from trainer.pathway import Speaker
from trainer.transcripts.readers import read_rep_script

pytestmark = [pytest.mark.model, pytest.mark.slow]

SCRIPT = locations.bundled() / "scenarios" / "reps" / "payroll-errors" / "skilled.txt"


def test_the_model_words_a_whole_call_and_the_guard_stands_before_it(loaded: Loaded) -> None:
    """Facts come over in the model's words, every refusal is kept, every fallback is counted."""
    casting = Shelf.load().cast("payroll-errors")
    played = rehearse(
        read_rep_script(SCRIPT), casting, listener=loaded.listener, engine=loaded.engine, seed=4
    )
    spoken = played.state.sources
    assert len(played.state.turns) >= 12
    by_model = [one for one in spoken if one.source == "model"]
    assert by_model, "the model worded nothing"
    assert played.state.fallbacks == len(spoken) - len(by_model)
    told = played.state.standing.disclosed
    assert told
    for turn in played.state.turns:
        assert turn.text.isprintable()
        if turn.speaker is Speaker.PROSPECT:
            assert len(turn.text.split()) <= 45
    for one in spoken:
        assert one.drawn >= (one.source == "model")


def test_make_practice_without_a_screen(tmp_path: Path) -> None:
    """What `make practice` does, over plain lines: models there, a first call, a scorecard."""
    env = {
        **os.environ,
        "TRAINER_HOME": str(tmp_path),
        "OMP_NUM_THREADS": "1",
    }
    models = tmp_path / "cache"
    models.mkdir()
    for kept in locations.cache().iterdir():
        (models / kept.name).symlink_to(kept)  # fetched once a machine, not once a test
    pulled = subprocess.run(
        [sys.executable, "-m", "trainer", "models", "pull"],
        env=env, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert pulled.returncode == 0, pulled.stderr
    lines = read_rep_script(
        locations.bundled() / "scenarios" / "reps" / "office-cleaning" / "skilled.txt"
    )[:4]
    held = subprocess.run(
        [sys.executable, "-m", "trainer", "practice", "--plain", "--seed", "1"],
        env=env, input="\n".join([*lines, "/hint", "/end", ""]), capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert held.returncode == 0, held.stderr
    assert "Traceback" not in held.stderr
    assert "How you will be judged" in held.stderr
    assert "The ladder" in held.stdout
    assert "of the prospect's lines were authored" in held.stderr
    assert (tmp_path / "calls.sqlite3").exists()
