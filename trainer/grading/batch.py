"""Many calls graded: one after another in this process, or side by side in several.

A transcript is read, graded, handed on and forgotten, so that a hundred thousand take no more
memory than ten. What comes out is the same, and in the same order, however many work on it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait

from trainer import plaintext
from trainer.errors import TrainerError, UnreadableInput
from trainer.grading.grader import Grader
from trainer.grading.scorecard import Scorecard
from trainer.library import Rubric, Scenario
from trainer.listening import Listener
from trainer.transcripts import Transcript, read_transcript
from trainer.transcripts.gathering import ENDINGS

FEW = 40
"""Up to so many files one process grades them: loading the ears again in every further one takes
as long as grading so many calls."""

MOST_BY_ITSELF = 8
"""Processes used where nobody says how many: each holds ears of its own, about half a gigabyte."""

_AHEAD = 8
"""How many files each process may be ahead of the one whose turn it is to be handed on."""

_LOST_IN_A_ROW = 5
_LEAVE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Terms:
    """How every call of a batch is graded. Handed to other processes: what it names must be
    importable there."""

    rubric: Rubric
    open_listener: Callable[[], Listener]
    scenario: Scenario | None = None
    rep_name: str | None = None


@dataclass(frozen=True, slots=True)
class Graded:
    """A call with its scorecard."""

    file: str
    transcript: Transcript
    card: Scorecard


@dataclass(frozen=True, slots=True)
class Failed:
    """A file that could not be graded, and why; ``reason`` names the file."""

    file: str
    reason: str


Outcome = Graded | Failed


class WorkersLost(TrainerError):
    """Process after process was ended from outside; nothing is gained by starting more (exit 3)."""

    exit_code = 3


def jobs_for(files: int, *, cores: int | None = None) -> int:
    """How many processes grade so many files where the user names no number: one for up to
    ``FEW``, and for more as many as there are cores, ``MOST_BY_ITSELF`` at most."""
    if files <= FEW:
        return 1
    return max(1, min(cores or _cores(), MOST_BY_ITSELF))


def grade_all(files: Sequence[str], terms: Terms, *, jobs: int = 1) -> Generator[Outcome]:
    """An outcome a file, in the order of ``files``; ``-`` is standard input.

    The listener is opened when the first transcript has been read, once a process. Whatever is
    wrong with one file, its process being killed included, is the outcome of that file alone.

    Raises ``ModelUnavailable`` where the listener can't be had, and ``WorkersLost``.
    """
    if min(jobs, len(files)) <= 1:
        desk = _Desk(terms)
        return (desk.outcome(file) for file in files)
    return _side_by_side(files, terms, min(jobs, len(files)))


class _Desk:
    """Where calls are graded one by one, with ears of its own."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self._grader: Grader | None = None

    def outcome(self, file: str, transcript: Transcript | None = None) -> Outcome:
        """What comes of a file, or of what was read from it already."""
        try:
            heard = transcript or _read(file, self._terms.rep_name)
        except UnreadableInput as trouble:
            return Failed(file, str(trouble))
        if self._grader is None:
            self._grader = Grader(self._terms.open_listener())
        try:
            with _one_thread():
                card = self._grader.grade(heard, self._terms.rubric, self._terms.scenario)
        except TrainerError:
            raise
        except Exception as error:  # a defect of ours must not cost anyone the rest of the batch
            said = plaintext.clip(plaintext.clean(f"{type(error).__name__}: {error}"), 300)
            return Failed(file, _about(file, f"grading it broke, which is our defect ({said})"))
        return Graded(file, heard, card)


def _read(file: str, rep_name: str | None) -> Transcript:
    if file != "-" and os.path.isdir(file):  # a folder that brought no file
        raise UnreadableInput(
            f"is a folder without transcripts (files ending in {', '.join(ENDINGS)})",
            path=plaintext.clean(file),
        )
    return read_transcript(file, rep_name=rep_name)


def _about(file: str, words: str) -> str:
    return str(UnreadableInput(words, path=plaintext.clean(file)))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Grading in one thread, in the only process too: sums taken by several may round differently,
    and processes would fight for cores. A judge in this process keeps its own number."""
    torch = sys.modules.get("torch")  # only if the listener brought it along
    before = torch.get_num_threads() if torch else 1
    if torch:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if torch:
            torch.set_num_threads(before)


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


# -- side by side -----------------------------------------------------------------------------


class _Worker:
    """A process with a desk of its own, given one file at a time over its own pipe, so that it is
    always known which file a process died of."""

    def __init__(self, terms: Terms) -> None:
        context = get_context("spawn")
        self.link, theirs = context.Pipe()
        self.place, self.file = -1, ""
        self._process = context.Process(target=_work, args=(terms, theirs), daemon=True)
        with _interrupts_held():
            self._process.start()
        theirs.close()  # or the pipe would outlive the process, and waiting for it never end

    def take(self, place: int, file: str, transcript: Transcript | None) -> None:
        """Have a file graded."""
        self.place, self.file = place, file
        with suppress(OSError):  # it is gone: waiting for its outcome will tell
            self.link.send((file, transcript))

    def outcome(self) -> Outcome | TrainerError | None:
        """What came of it; None where the process is gone."""
        try:
            received: Outcome | TrainerError = self.link.recv()
        except (EOFError, OSError):
            return None
        return received

    def obituary(self) -> Failed:
        """That it ended over its file, and how."""
        self._process.join(_LEAVE_SECONDS)
        code = self._process.exitcode
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        words = f"the process that graded it ended before it was done ({how})"
        return Failed(self.file, _about(self.file, words))

    def leave(self) -> None:
        """End it, whatever it is at."""
        self.link.close()
        self._process.terminate()
        self._process.join(_LEAVE_SECONDS)


def _work(terms: Terms, link: Connection) -> None:
    """What a worker does until nobody hands it files any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it decides when it ends
    desk = _Desk(terms)
    while True:
        try:
            file, transcript = link.recv()
        except (EOFError, OSError):
            return
        try:
            result: Outcome | TrainerError = desk.outcome(file, transcript)
        except TrainerError as trouble:
            result = trouble
        try:
            link.send(result)
        except OSError:
            return


class _Crew:
    """Workers, started as they are needed, each replaced when it is lost."""

    def __init__(self, terms: Terms, size: int) -> None:
        self._terms = terms
        self._size = size
        self._idle: list[_Worker] = []
        self._busy: list[_Worker] = []
        self._lost = 0  # in a row: since the last one that answered

    @property
    def at_work(self) -> int:
        """How many files are being graded."""
        return len(self._busy)

    @property
    def has_room(self) -> bool:
        """Whether another file could be taken on now."""
        return len(self._busy) < self._size

    def take(self, place: int, file: str, transcript: Transcript | None) -> None:
        """Have a file graded by whoever is free."""
        worker = self._idle.pop() if self._idle else _Worker(self._terms)
        self._busy.append(worker)
        worker.take(place, file, transcript)

    def collect(self) -> Iterator[tuple[int, Outcome]]:
        """Wait for at least one file to be done; each with its place."""
        done = wait([worker.link for worker in self._busy])
        for worker in [one for one in self._busy if one.link in done]:
            outcome = worker.outcome()
            if isinstance(outcome, TrainerError):
                raise outcome
            self._busy.remove(worker)
            if outcome is not None:
                self._lost = 0
                self._idle.append(worker)
                yield worker.place, outcome
                continue
            self._lost += 1
            yield worker.place, worker.obituary()
            worker.leave()
            if self._lost >= _LOST_IN_A_ROW:
                raise WorkersLost(
                    f"{self._lost} processes in a row ended before they had graded anything, the "
                    f"last over {plaintext.clean(worker.file)}; is there memory for so many? "
                    "--jobs 1 needs the least"
                )

    def leave(self) -> None:
        """End them all."""
        for worker in [*self._idle, *self._busy]:
            worker.leave()


def _side_by_side(files: Sequence[str], terms: Terms, jobs: int) -> Generator[Outcome]:
    crew = _Crew(terms, jobs)
    ready: dict[int, Outcome] = {}
    handed = 0  # files handed to the crew
    at = 0  # the place whose turn it is to be handed on
    try:
        while at < len(files):
            while crew.has_room and handed < min(len(files), at + jobs * _AHEAD):
                place, file, transcript = handed, files[handed], None
                handed += 1
                if file == "-":  # only this process has the input
                    try:
                        transcript = _read(file, terms.rep_name)
                    except UnreadableInput as trouble:
                        ready[place] = Failed(file, str(trouble))
                        continue
                crew.take(place, file, transcript)
            if crew.at_work:
                ready.update(crew.collect())
            while at in ready:
                yield ready.pop(at)
                at += 1
    finally:
        crew.leave()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl-C held back while a process starts, so that it is born deaf to it: the terminal sends
    it to every process, and one that is still importing would die with a traceback."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
