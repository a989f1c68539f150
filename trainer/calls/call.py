"""The turn loop: what the rep says goes in, a stream of events comes out."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.calls.events import CallState, Event
from trainer.engines.base import Cancellation
from trainer.library import Persona, Rubric, Scenario
from trainer.listening import Listener
from trainer.pathway import Mode
from trainer.prospect.voice import Voice


class Call:
    """One call, live. Events are in the log before a caller sees them."""

    state: CallState
    id: str

    @classmethod
    def open(cls, *, store, persona, scenario, rubric, mode, seed, listener, voice) -> Call: ...
    @classmethod
    def resume(cls, call_id: str, *, store, listener, voice) -> Call: ...
    def opening(self) -> Iterator[Event]: ...
    def say(self, text: str, cancellation: Cancellation | None = None) -> Iterator[Event]: ...
    def finish_pending(self) -> Iterator[Event]: ...
    def end(self) -> Iterator[Event]: ...
