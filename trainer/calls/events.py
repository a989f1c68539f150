"""The event log: everything that happens in a call, and the only truth about it.

Each event is appended and flushed before any screen shows it. State is what ``CallState`` folds
out of the events; nothing else is stored.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from trainer.grading.scorecard import Scorecard
from trainer.library import Persona, Rubric, Scenario
from trainer.listening import Reading
from trainer.pathway import Mode, Outcome, Speaker
from trainer.prospect.standing import Direction, Mood, Standing
from trainer.prospect.voice import ENGINE_FAILED
from trainer.transcripts import Transcript, Turn


class _Event(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Opened(_Event):
    """The call began. Carries its content as it was then, so that later edits change nothing."""

    type: Literal["opened"] = "opened"
    persona: Persona
    scenario: Scenario
    rubric: Rubric
    mode: Mode
    seed: int
    engine: str
    """Name of the engine that voices the prospect."""
    standing: Standing


class Heard(_Event):
    """The rep said something."""

    type: Literal["heard"] = "heard"
    text: str


class Moved(_Event):
    """The turn was read and the mind moved."""

    type: Literal["moved"] = "moved"
    reading: Reading
    standing: Standing
    """Where the turn left the prospect."""


class Directed(_Event):
    """What the prospect decided to do."""

    type: Literal["directed"] = "directed"
    direction: Direction
    standing: Standing
    """The standing with what the prospect now tells, asks or objects taken into account."""


class Spoke(_Event):
    """The prospect said something, and where the words came from."""

    type: Literal["spoke"] = "spoke"
    text: str
    source: Literal["model", "authored"]
    """``model``: drawn from the engine and passed by the guard. ``authored``: the persona's own
    written line, because the engine's words were refused or did not come."""
    drawn: int = 0
    """How many lines were drawn from the engine."""
    refusals: tuple[str, ...] = ()
    """Why the guard refused each line that was not said."""
    seconds: float = 0.0
    """From the rep's Enter to the words being ready."""

    @property
    def failure(self) -> str | None:
        """Why the engine could give no words for this line, if it failed."""
        told = (one for one in self.refusals if one.startswith(ENGINE_FAILED))
        return next((one.removeprefix(ENGINE_FAILED) for one in told), None)


class Ended(_Event):
    """The call is over."""

    type: Literal["ended"] = "ended"
    outcome: Outcome
    by: Literal["rep", "prospect"]


class Graded(_Event):
    """The transcript was graded, with the rubric the call was opened with."""

    type: Literal["graded"] = "graded"
    scorecard: Scorecard


Event = Annotated[
    Opened | Heard | Moved | Directed | Spoke | Ended | Graded, Field(discriminator="type")
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads and writes one event as JSON."""


class Logged(BaseModel):
    """An event as it stands in the log."""

    model_config = ConfigDict(frozen=True)

    seq: int
    at: dt.datetime
    event: Event


class CallState:
    """What the events so far add up to. ``apply`` is the only way to change it."""

    def __init__(self) -> None:
        self.opened: Opened | None = None
        self.turns: list[Turn] = []
        self.sources: list[Spoke] = []
        """One for each prospect turn, in order."""
        self.readings: list[Reading] = []
        """One for each rep turn that was read, in order."""
        self.standings: list[Standing] = []
        """The standing at the opening and after each rep turn."""
        self.directions: list[Direction] = []
        self.due: Literal["open", "read", "direct", "speak", "end"] | None = None
        """What has to happen next without the rep: how a killed call knows where to go on.
        None while it is the rep's turn, and after the end."""
        self.ended: Ended | None = None
        self.scorecard: Scorecard | None = None

    def apply(self, event: Event) -> None:
        """Take in the next event of the log."""
        match event:
            case Opened():
                self.opened = event
                self.standings.append(event.standing)
                self.due = "open"
            case Heard():
                self.turns.append(Turn(Speaker.REP, event.text))
                self.due = "read"
            case Moved():
                self.readings.append(event.reading)
                self.standings.append(event.standing)
                self.due = "direct"
            case Directed():
                self.directions.append(event.direction)
                self.standings[-1] = event.standing
                self.due = "speak"
            case Spoke():
                self.turns.append(Turn(Speaker.PROSPECT, event.text))
                self.sources.append(event)
                self.due = None if self.standing.outcome is None else "end"
            case Ended():
                self.ended = event
                self.due = None
            case Graded():
                self.scorecard = event.scorecard

    @property
    def standing(self) -> Standing:
        """Where the prospect stands now."""
        return self.standings[-1]

    @property
    def mood(self) -> Mood:
        """The prospect's mood now."""
        return self.standing.mood

    @property
    def fallbacks(self) -> int:
        """How many prospect turns were authored lines."""
        return sum(spoke.source == "authored" for spoke in self.sources)

    def transcript(self) -> Transcript:
        """The words alone, as the grader reads them."""
        prospect = self.opened.scenario.prospect.name if self.opened else None
        return Transcript(tuple(self.turns), prospect_name=prospect)
