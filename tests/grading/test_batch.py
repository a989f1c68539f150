"""A hundred calls or a hundred thousand: one order, one result, and no file that stops the rest."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from tests.grading.transcribed import RUBRIC
from tests.readings import PUSHY, SKILLED, MarkedListener
from trainer.errors import ModelUnavailable
from trainer.grading import batch
from trainer.grading.batch import (
    FEW,
    MOST_BY_ITSELF,
    Failed,
    Graded,
    Outcome,
    Terms,
    WorkersLost,
    grade_all,
    jobs_for,
)
from trainer.listening import Listener, Reading
from trainer.transcripts import Transcript, Turn

TERMS = Terms(RUBRIC, MarkedListener)


class Fragile(MarkedListener):
    """Dies, breaks, or dawdles at a word, as a process with too little memory might."""

    def listen(
        self, text: str, context: Sequence[Turn], *, facts: Mapping[str, str] | None = None
    ) -> Reading:
        if text.startswith("die"):
            os.kill(os.getpid(), signal.SIGKILL)
        if text.startswith("leave"):
            os._exit(7)
        if text.startswith("break"):
            raise ZeroDivisionError("nothing to \x1b[2Jdivide by")
        if text.startswith("dawdle"):
            time.sleep(0.3)
        if text.startswith("sleep"):
            time.sleep(60)
        return super().listen(text, context, facts=facts)


def deaf() -> Listener:
    """Ears whose model is not on this machine."""
    raise ModelUnavailable("the ears are not here; run `trainer models pull`")


def call(folder: Path, name: str, lines: Sequence[str]) -> str:
    path = folder / name
    path.write_text("".join(f"Rep: {line}\nProspect: Well, I see.\n" for line in lines))
    return str(path)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A morning's calls: won, pushed, too short, and one that is none."""
    made = [
        call(tmp_path, f"{n:02}.txt", (SKILLED, PUSHY, PUSHY[:1], SKILLED[:4])[n % 4])
        for n in range(12)
    ]
    Path(made[5]).write_text("just prose\n")
    return made


def failed(outcomes: Sequence[Outcome]) -> list[str]:
    return [one.reason for one in outcomes if isinstance(one, Failed)]


def test_the_same_outcomes_in_the_order_given_however_many_work_on_them(files: list[str]) -> None:
    alone = list(grade_all(files, TERMS))
    together = list(grade_all(files, TERMS, jobs=3))
    assert [one.file for one in alone] == files
    assert together == alone
    assert sum(isinstance(one, Graded) for one in alone) == 11
    assert "nobody is named" in failed(alone)[0]


def test_a_slow_call_at_the_head_holds_its_place(tmp_path: Path) -> None:
    slow = call(tmp_path, "slow.txt", ["dawdle", *SKILLED])
    files = [slow, *(call(tmp_path, f"{n}.txt", PUSHY) for n in range(6))]
    outcomes = grade_all(files, Terms(RUBRIC, Fragile), jobs=2)
    assert [one.file for one in outcomes] == files


def test_what_breaks_on_one_call_is_told_of_that_call(tmp_path: Path) -> None:
    files = [call(tmp_path, "a.txt", ["break", *PUSHY]), call(tmp_path, "b.txt", PUSHY)]
    for jobs in (1, 2):
        bad, good = grade_all(files, Terms(RUBRIC, Fragile), jobs=jobs)
        assert isinstance(good, Graded)
        assert isinstance(bad, Failed)
        assert bad.reason.startswith(files[0])
        assert "ZeroDivisionError: nothing to divide by" in bad.reason


@pytest.mark.parametrize(("word", "how"), [("die", "signal 9"), ("leave", "exit code 7")])
def test_a_process_that_is_killed_costs_its_own_file_only(
    tmp_path: Path, word: str, how: str
) -> None:
    files = [call(tmp_path, f"{n}.txt", [word, *PUSHY] if n in (1, 4) else PUSHY) for n in range(8)]
    outcomes = list(grade_all(files, Terms(RUBRIC, Fragile), jobs=2))
    assert [one.file for one in outcomes] == files
    reasons = failed(outcomes)
    assert len(reasons) == 2
    assert files[1] in reasons[0]
    assert files[4] in reasons[1]
    assert all(how in reason for reason in reasons)


def test_where_every_process_dies_the_batch_gives_up_and_says_so(tmp_path: Path) -> None:
    files = [call(tmp_path, f"{n}.txt", ["die", *PUSHY]) for n in range(30)]
    with pytest.raises(WorkersLost, match="--jobs 1") as lost:
        list(grade_all(files, Terms(RUBRIC, Fragile), jobs=2))
    assert lost.value.exit_code == 3


@pytest.mark.parametrize("jobs", [1, 2])
def test_missing_ears_stop_the_batch_but_are_only_missed_once_something_is_read(
    files: list[str], jobs: int
) -> None:
    unread = list(grade_all([files[5], files[5]], Terms(RUBRIC, deaf), jobs=jobs))
    assert len(failed(unread)) == 2
    with pytest.raises(ModelUnavailable, match="models pull"):
        list(grade_all(files, Terms(RUBRIC, deaf), jobs=jobs))


def test_no_process_outlives_a_batch_that_is_left_early(tmp_path: Path) -> None:
    files = [call(tmp_path, f"{n}.txt", ["sleep", *PUSHY] if n else PUSHY) for n in range(4)]
    outcomes = grade_all(files, Terms(RUBRIC, Fragile), jobs=3)
    assert isinstance(next(outcomes), Graded)
    began = time.monotonic()
    outcomes.close()
    assert time.monotonic() - began < 10
    assert not _children()


def _children() -> list[str]:
    """Processes of ours that could still be grading; the resource tracker stays by design."""
    ran = subprocess.run(
        ["ps", "-o", "args=", "--ppid", str(os.getpid())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return [line for line in ran.stdout.splitlines() if "spawn_main" in line]


def test_a_folder_without_calls_says_which_files_it_looked_for(tmp_path: Path) -> None:
    (one,) = grade_all([str(tmp_path)], TERMS)
    assert failed([one]) == [
        f"{tmp_path}: is a folder without transcripts "
        "(files ending in .json, .jsonl, .txt, .md, .vtt, .srt)"
    ]


def test_memory_does_not_grow_with_the_number_of_calls(tmp_path: Path) -> None:
    """After the first fifty calls the next hundred leave nothing behind."""
    outcomes = grade_all([call(tmp_path, "one.txt", SKILLED)] * 150, TERMS)
    tracemalloc.start()
    try:
        for _ in range(50):
            next(outcomes)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0]
        for _ in range(100):
            next(outcomes)
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - held
    finally:
        tracemalloc.stop()
    assert grown < 10_000  # a hundred bytes a call; one scorecard is ten thousand


def test_what_waits_for_its_turn_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One slow call at the head must not let the other process run through the whole folder."""
    slow = call(tmp_path, "slow.txt", ["dawdle"] * 7)
    quick = call(tmp_path, "quick.txt", PUSHY)
    taken: list[int] = []
    take = batch._Crew.take

    def noted(crew: batch._Crew, place: int, file: str, transcript: Transcript | None) -> None:
        taken.append(place)
        take(crew, place, file, transcript)

    monkeypatch.setattr(batch._Crew, "take", noted)
    outcomes = grade_all([slow, *[quick] * 200], Terms(RUBRIC, Fragile), jobs=2)
    next(outcomes)
    assert max(taken) <= 2 * batch._AHEAD
    assert sum(1 for _ in outcomes) == 200


def test_how_many_processes_where_nobody_says() -> None:
    assert jobs_for(1, cores=16) == jobs_for(FEW, cores=16) == 1
    assert jobs_for(FEW + 1, cores=2) == 2
    assert jobs_for(100_000, cores=64) == MOST_BY_ITSELF
    assert 1 <= jobs_for(100_000) <= MOST_BY_ITSELF


_INTERRUPTED = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell put us behind it
from tests.grading.test_batch import Fragile, Terms, RUBRIC, grade_all
try:
    for outcome in grade_all(sys.argv[1:], Terms(RUBRIC, Fragile), jobs=2):
        print(outcome.file, flush=True)
except KeyboardInterrupt:
    sys.exit(130)
"""


def test_ctrl_c_leaves_without_a_word_from_the_workers(tmp_path: Path) -> None:
    """The terminal sends it to every process at once; here to the whole group."""
    files = [call(tmp_path, f"{n}.txt", ["sleep", *PUSHY] if n else PUSHY) for n in range(4)]
    ran = subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, *files],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    guard = threading.Timer(60, ran.kill)
    guard.start()
    presses = 0
    try:
        assert ran.stdout
        assert ran.stdout.readline().strip() == files[0]
        while True:
            # Python drops an interrupt that falls into a finalizer; people press again.
            os.killpg(ran.pid, signal.SIGINT)
            presses += 1
            with suppress(subprocess.TimeoutExpired):
                _, told = ran.communicate(timeout=12)
                break
    finally:
        guard.cancel()
        ran.kill()
    assert ran.returncode == 130
    assert told == "" or presses > 1
