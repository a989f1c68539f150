"""Everything the screens ask of the other rooms, behind one door.

The screens know these protocols and nothing else of calls, storage and grading; a rename in those
rooms is an edit here. Whatever is heavy to import is imported when it is first needed, so that the
home screen stands before torch does.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from trainer.calls.events import CallState, Event
from trainer.engines.base import Cancellation
from trainer.errors import Finding
from trainer.grading.scorecard import Scorecard
from trainer.library import Persona, Rubric, Scenario
from trainer.pathway import Mode, Outcome, Verdict

Progress = Callable[[str, float | None], None]
"""Told what is being done, and how much of it, 0 to 1 (None where nobody knows)."""


class Casting(Protocol):
    """A scenario with the persona cast in it and the rubric that judges it."""

    @property
    def scenario(self) -> Scenario: ...  # noqa: D102
    @property
    def persona(self) -> Persona: ...  # noqa: D102
    @property
    def rubric(self) -> Rubric: ...  # noqa: D102


class Library(Protocol):
    """The content to choose from; ``trainer.library.shelf.Shelf`` is one."""

    @property
    def personas(self) -> Mapping[str, Persona]: ...  # noqa: D102
    @property
    def scenarios(self) -> Mapping[str, Scenario]: ...  # noqa: D102
    @property
    def findings(self) -> Sequence[Finding]: ...  # noqa: D102
    def cast(self, scenario_id: str, persona_id: str | None = None) -> Casting: ...  # noqa: D102


class Past(Protocol):
    """One call of the log in a line; ``trainer.calls.store.CallSummary`` is one."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def started(self) -> dt.datetime: ...  # noqa: D102
    @property
    def scenario_id(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def persona_id(self) -> str: ...  # noqa: D102
    @property
    def prospect(self) -> str: ...  # noqa: D102
    @property
    def mode(self) -> Mode: ...  # noqa: D102
    @property
    def turns(self) -> int: ...  # noqa: D102
    @property
    def outcome(self) -> Outcome | None: ...  # noqa: D102
    @property
    def verdict(self) -> Verdict | None: ...  # noqa: D102
    @property
    def score(self) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Chosen:
    """A casting put together by hand, for a call whose content the shelf no longer holds."""

    scenario: Scenario
    persona: Persona
    rubric: Rubric


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

    def begin(self) -> Iterator[Event]:
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

    def past(self) -> Sequence[Past]:
        """All calls, the newest first."""
        ...

    def state(self, call_id: str) -> CallState:
        """What a logged call came to. Raises ``TrainerError`` where there is no such call."""
        ...

    def connect(self, plan: Plan, loaded: Any) -> Session:
        """Open the planned call, or take it up again. Blocks."""
        ...

    def stored_scorecard(self, call_id: str) -> Scorecard | None:
        """The scorecard kept with the call, if there is one."""
        ...

    def grade(self, call_id: str, loaded: Any) -> Scorecard:
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

    def __init__(self, call: Any, lock: Lock) -> None:
        self._call = call
        self._lock = lock

    @property
    def id(self) -> str:
        return str(self._call.id)

    def snapshot(self) -> CallState:
        with self._lock:
            return copy_of(self._call.state)

    def begin(self) -> Iterator[Event]:
        with self._lock:
            yield from self._call.begin()

    def say(self, text: str, cancellation: Cancellation) -> Iterator[Event]:
        with self._lock:
            yield from self._call.say(text, cancellation)

    def end(self) -> Iterator[Event]:
        with self._lock:
            yield from self._call.end()


class LiveSwitchboard:
    """The switchboard over the call log, the call loop and the grader."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self._lock = Lock()

    def past(self) -> Sequence[Past]:
        """All calls, the newest first."""
        calls: Sequence[Past] = self._store.calls()
        return calls

    def state(self, call_id: str) -> CallState:
        """What a logged call came to."""
        state: CallState = self._store.state(call_id)
        return state

    def connect(self, plan: Plan, loaded: Any) -> Session:
        """Open the planned call, or take it up again."""
        from trainer.calls.call import Call

        line: Any = Call
        with self._lock:
            if plan.resume is not None:
                call = line.resume(
                    plan.resume,
                    store=self._store,
                    listener=loaded.listener,
                    voice_engine=loaded.engine,
                )
            else:
                call = line.open(
                    store=self._store,
                    casting=plan.casting,
                    mode=plan.mode,
                    seed=plan.seed,
                    listener=loaded.listener,
                    voice_engine=loaded.engine,
                )
        return _LiveSession(call, self._lock)

    def stored_scorecard(self, call_id: str) -> Scorecard | None:
        """The scorecard kept with the call."""
        card: Scorecard | None = self._store.scorecard(call_id)
        return card

    def grade(self, call_id: str, loaded: Any) -> Scorecard:
        """Grade from the transcript, by the rubric frozen into the call."""
        state = self.state(call_id)
        assert state.opened is not None  # noqa: S101 - a logged call begins with Opened
        card: Scorecard = loaded.grader.grade(
            state.transcript(), state.opened.rubric, state.opened.scenario
        )
        keep = getattr(self._store, "keep_scorecard", None)
        if keep is not None:
            keep(call_id, card)
        return card

    def hint(self, state: CallState) -> str:
        """What could be tried now, from where the prospect stands."""
        from trainer.prospect.hint import hint

        assert state.opened is not None  # noqa: S101 - a call on the screen has been opened
        words: str = hint(state.standing, state.opened.persona, state.opened.scenario, state.turns)
        return words
