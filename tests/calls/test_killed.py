"""The power goes: a real process, killed for real, and the call it held."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.readings import SKILLED, MarkedListener
from trainer.calls.call import Call
from trainer.calls.events import Spoke
from trainer.calls.store import FILE_NAME, Store
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.pathway import Speaker

ROOT = Path(__file__).parents[2]
CALLER = """
from tests.readings import MarkedListener
from trainer import cli
from trainer.calls import loading
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.grading.grader import Grader

listener = MarkedListener()
loading.load = lambda *_: loading.Loaded(listener, ScriptedEngine([]), Grader(listener))
cli.main(["practice", "--plain", "payroll-errors", "--seed", "3"])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_what_the_prospect_was_heard_to_say_survives_a_killed_process(tmp_path: Path) -> None:
    caller = subprocess.Popen(
        [sys.executable, "-c", CALLER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        cwd=ROOT, env={**os.environ, "TRAINER_HOME": str(tmp_path)},
    )  # fmt: skip
    assert caller.stdin is not None
    assert caller.stdout is not None
    heard = [caller.stdout.readline()]
    for line in SKILLED[:2]:
        caller.stdin.write(line + "\n")
        caller.stdin.flush()
        heard.append(caller.stdout.readline())
    caller.send_signal(signal.SIGKILL)
    caller.wait(30)
    caller.stdin.close()
    caller.stdout.close()

    log = Store(tmp_path / FILE_NAME)
    (waiting,) = log.unfinished()
    call = Call.resume(waiting.id, store=log, listener=MarkedListener(), engine=ScriptedEngine([]))
    kept = [turn.text for turn in call.state.turns if turn.speaker is Speaker.PROSPECT]
    assert [f"Dana: {text}\n" for text in kept] == heard
    assert list(call.begin()) == []  # it is the rep's turn
    assert isinstance(list(call.say(SKILLED[2]))[-1], Spoke)
    log.close()
