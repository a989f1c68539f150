"""Everything the screens ask of the other rooms, behind one door.

The screens know these protocols and nothing else of calls, storage and grading; a rename in those
rooms is an edit here. Whatever is heavy to import is imported when it is first needed, so that the
home screen stands before torch does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from trainer.calls.events import CallState, Event, Graded
from trainer.calls.store import CallSummary, Store
from trainer.engines.base import Cancellation, Engine
from trainer.grading.scorecard import Scorecard
from trainer.library import Rubric, Scenario
from trainer.library.shelf import Casting
from trainer.listening import Listener
from trainer.pathway import Mode
from trainer.transcripts import Transcript

if TYPE_CHECKING:
    from trainer.calls.call import Call

Progress = Callable[[str, float | None], None]
"""Told what is being done, and how much of it, 0 to 1 (None where nobody knows)."""


class Grader(Protocol):
    """Judges a transcript; ``trainer.grading`` has one."""

    def grade(self, transcript: Transcript, rubric: Rubric, scenario: Scenario) -> Scorecard:
        """The whole judgement."""
        ...


class Loaded(Protocol):
    """What warming up brings; ``trainer.calls.loading.Loaded`` is one."""

    @property
    def listener(self) -> Listener: ...  # noqa: D102
    @property
    def engine(self) -> Engine: ...  # noqa: D102
    @property
    def grader(self) -> Grader: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Plan:
    """The call about to be made. ``resume`` is the id of the call to go on with, if it is one."""

    casting: Casting
    mode: Mode
    seed: int
    resume: str | None = None


class Session(Protocol):
    """One live call. Its methods block: they are for workers. One of them at a time."""

    @property
    def id(self) -> str: ...  # noqa: D102

    def snapshot(self) -> CallState:
        """What has happened so far, in a copy the screen may keep."""
        ...

    def begin(self, cancellation: Cancellation) -> Iterator[Event]:
        """The prospect's first words, or the rest of a turn that was broken off."""
        ...

    def say(self, text: str, cancellation: Cancellation) -> Iterator[Event]:
        """What follows from the rep saying ``text``."""
        ...

    def end(self) -> Iterator[Event]:
        """The rep ends the call."""
        ...


class Switchboard(Protocol):
    """Where calls are put through, and where past ones are looked up."""

    def past(self) -> Sequence[CallSummary]:
        """All calls, the newest first."""
        ...

    def state(self, call_id: str) -> CallState:
        """What a logged call came to. Raises ``TrainerError`` where there is no such call."""
        ...

    def connect(self, plan: Plan, loaded: Loaded) -> Session:
        """Open the planned call, or take it up again. Blocks."""
        ...

    def stored_scorecard(self, call_id: str) -> Scorecard | None:
        """The scorecard kept with the call, if there is one."""
        ...

    def grade(self, call_id: str, loaded: Loaded) -> Scorecard:
        """Grade the call anew from its transcript. Blocks."""
        ...

    def hint(self, state: CallState) -> str:
        """What could be tried now."""
        ...


def copy_of(state: CallState) -> CallState:
    """A state that goes on by itself. Events can't change, so copying the lists is enough."""
    copy = CallState()
    for name, value in vars(state).items():
        setattr(copy, name, list(value) if isinstance(value, list) else value)
    return copy


class _LiveSession:
    """A ``Call`` on the line. The lock keeps one engine to one call at a time: a worker that was
    left behind finishes its turn before the next call begins."""

    def __init__(self, call: Call, lock: Lock) -> None:
        self._call = call
        self._lock = lock

    @property
    def id(self) -> str:
        return self._call.id

    def snapshot(self) -> CallState:
        with self._lock:
            return copy_of(self._call.state)

    def begin(self, cancellation: Cancellation) -> Iterator[Event]:
        with self._lock:
            self._call.prefill()
            yield from self._call.begin(cancellation)

    def say(self, text: str, cancellation: Cancellation) -> Iterator[Event]:
        with self._lock:
            yield from self._call.say(text, cancellation)

    def end(self) -> Iterator[Event]:
        with self._lock:
            yield from self._call.end()


class LiveSwitchboard:
    """The switchboard over the call log, the call loop and the grader."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()

    def past(self) -> Sequence[CallSummary]:
        """All calls, the newest first."""
        return self._store.calls()

    def state(self, call_id: str) -> CallState:
        """What a logged call came to."""
        return self._store.state(call_id)

    def connect(self, plan: Plan, loaded: Loaded) -> Session:
        """Open the planned call, or take it up again."""
        from trainer.calls.call import Call

        with self._lock:
            if plan.resume is not None:
                call = Call.resume(
                    plan.resume,
                    store=self._store,
                    listener=loaded.listener,
                    engine=loaded.engine,
                )
            else:
                call = Call.open(
                    plan.casting,
                    mode=plan.mode,
                    seed=plan.seed,
                    store=self._store,
                    listener=loaded.listener,
                    engine=loaded.engine,
                )
        return _LiveSession(call, self._lock)

    def stored_scorecard(self, call_id: str) -> Scorecard | None:
        """The scorecard kept with the call."""
        return self._store.scorecard(call_id)

    def grade(self, call_id: str, loaded: Loaded) -> Scorecard:
        """Grade from the transcript, by the rubric frozen into the call, and keep the card."""
        state = self.state(call_id)
        assert state.opened is not None  # noqa: S101 - a logged call begins with Opened
        with self._lock:
            card = loaded.grader.grade(
                state.transcript(), state.opened.rubric, state.opened.scenario
            )
        self._store.append(call_id, Graded(scorecard=card))
        return card

    def hint(self, state: CallState) -> str:
        """What could be tried now, from where the prospect stands."""
        from trainer.prospect.hint import hint

        assert state.opened is not None  # noqa: S101 - a call on the screen has been opened
        return hint(state.standing, state.opened.persona, state.opened.scenario)
