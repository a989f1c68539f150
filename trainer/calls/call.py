"""The turn loop: what the rep says goes in, a stream of events comes out.

Every step is logged before it is handed on, and each next step follows from the log alone, so a
call that was killed goes on exactly where it stopped.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from random import Random

from trainer.calls.events import (
    CallState,
    Directed,
    Ended,
    Event,
    Graded,
    Heard,
    Moved,
    Opened,
    Spoke,
)
from trainer.calls.store import Store
from trainer.engines.base import Cancellation, Engine
from trainer.errors import UnreadableInput
from trainer.grading.scorecard import Scorecard
from trainer.library import Persona, Rubric, Scenario
from trainer.library.shelf import Casting
from trainer.listening import Listener
from trainer.pathway import Mode, Outcome
from trainer.plaintext import clean, clip
from trainer.prospect import director, mind
from trainer.prospect.hint import hint
from trainer.prospect.standing import Direction, Standing
from trainer.prospect.voice import Voice


class Call:
    """One call, live. The events it yields are already in the log."""

    def __init__(
        self, call_id: str, state: CallState, *, store: Store, listener: Listener, engine: Engine
    ) -> None:
        if state.opened is None:
            raise UnreadableInput(f"call {call_id} was never opened; begin a new one")
        self.id = call_id
        self.state = state
        self._opened = state.opened
        self._store = store
        self._listener = listener
        self._voice = Voice(engine, self.persona, self.scenario)
        self._enter = time.monotonic()

    @classmethod
    def open(
        cls,
        casting: Casting,
        *,
        mode: Mode,
        seed: int,
        store: Store,
        listener: Listener,
        engine: Engine,
    ) -> Call:
        """Begin a new call. Raises ``StoreUnavailable`` where it can't be logged."""
        call_id, state = store.new_id(), CallState()
        opened = Opened(
            persona=casting.persona,
            scenario=casting.scenario,
            rubric=casting.rubric,
            mode=mode,
            seed=seed,
            engine=engine.name,
            standing=mind.begin(casting.persona, casting.scenario),
        )
        store.append(call_id, opened)
        state.apply(opened)
        return cls(call_id, state, store=store, listener=listener, engine=engine)

    @classmethod
    def resume(cls, call_id: str, *, store: Store, listener: Listener, engine: Engine) -> Call:
        """Go on with a call from its log. Raises ``UnreadableInput`` if it is over or unknown."""
        state = store.state(call_id)
        if state.ended is not None:
            raise UnreadableInput(
                f"call {call_id} is over ({state.ended.outcome.meaning.lower()}); "
                "its scorecard is in the history"
            )
        return cls(call_id, state, store=store, listener=listener, engine=engine)

    @property
    def persona(self) -> Persona:
        """The persona as it was when the call was opened."""
        return self._opened.persona

    @property
    def scenario(self) -> Scenario:
        """The scenario as it was when the call was opened."""
        return self._opened.scenario

    @property
    def rubric(self) -> Rubric:
        """The rubric this call is judged by."""
        return self._opened.rubric

    def prefill(self) -> None:
        """Let the engine take in what is known before the first word."""
        self._voice.prefill()

    def begin(self, cancellation: Cancellation | None = None) -> Iterator[Event]:
        """Whatever is due before the rep speaks: the prospect's first words in a new call, the
        rest of an interrupted turn in a resumed one, nothing where it is the rep's turn."""
        self._enter = time.monotonic()
        yield from self._go_on(cancellation)

    def say(self, text: str, cancellation: Cancellation | None = None) -> Iterator[Event]:
        """The rep says something; yields what follows, up to the prospect's answer or the end.

        Raises ``UnreadableInput`` for words with nothing in them, or after the end.
        """
        words = clip(clean(text))
        if not words:
            raise UnreadableInput("nothing was said")
        if self.state.ended is not None:
            raise UnreadableInput("the call is over")
        self._enter = time.monotonic()
        yield from self._go_on(cancellation)  # a turn cut off by a failure is finished first
        if self.state.ended is not None:
            return
        yield self._log(Heard(text=words))
        yield from self._go_on(cancellation)

    def end(self) -> Iterator[Event]:
        """The rep ends the call. A yes stays a yes; nothing decided stays open."""
        if self.state.ended is None:
            outcome = Outcome.AGREED if self.state.standing.agreed else Outcome.OPEN
            yield self._log(Ended(outcome=self.state.standing.outcome or outcome, by="rep"))

    def grade(self, scorecard: Scorecard) -> Event:
        """Put a scorecard into the log."""
        return self._log(Graded(scorecard=scorecard))

    def hint(self) -> str:
        """What would help most right now, for a rep who asks."""
        return hint(self.state.standing, self.persona, self.scenario)

    def _log(self, event: Event) -> Event:
        self._store.append(self.id, event)
        self.state.apply(event)
        return event

    def _go_on(self, cancellation: Cancellation | None) -> Iterator[Event]:
        while self.state.due is not None:
            match self.state.due:
                case "open":
                    standing = self.state.standing
                    direction = director.open_with(standing)
                    yield self._log(self._directed(direction, standing))
                case "read":
                    yield self._log(self._read())
                case "direct":
                    yield self._log(self._direct())
                case "speak":
                    yield self._log(self._speak(cancellation))
                case "end":
                    outcome = self.state.standing.outcome or Outcome.OPEN
                    yield self._log(Ended(outcome=outcome, by="prospect"))

    def _chance(self) -> Random:
        """Chance for this turn: the same in every replay of the same call."""
        return Random(f"{self._opened.seed}/{len(self.state.turns)}")

    def _read(self) -> Moved:
        *before, heard = self.state.turns
        reading = self._listener.listen(
            heard.text,
            [*self.scenario.lead.turns, *before],
            facts={fact.id: fact.say for fact in self.scenario.tellable},
        )
        standing = mind.react(self.state.standing, reading, self.persona, self.scenario)
        return Moved(reading=reading, standing=standing)

    def _direct(self) -> Directed:
        before, after = self.state.standings[-2:]
        moment = director.Moment(
            before, after, self.state.readings[-1], self.persona, self.scenario, self._chance()
        )
        return self._directed(director.direct(moment), after)

    def _directed(self, direction: Direction, standing: Standing) -> Directed:
        return Directed(direction=direction, standing=mind.note(standing, direction, self.persona))

    def _speak(self, cancellation: Cancellation | None) -> Spoke:
        line = self._voice.speak(
            self.state.directions[-1],
            self.state.turns,
            disclosed=self.state.standing.disclosed,
            seed=self._chance().getrandbits(31),
            cancellation=cancellation,
        )
        return Spoke(
            text=line.text,
            source=line.source,
            drawn=line.drawn,
            refusals=line.refusals,
            seconds=round(time.monotonic() - self._enter, 3),
        )
