"""A stage for the app: made-up content, a prospect who follows a script, a grader with an answer.

The call log is the real one, in a temporary folder: what the app shows comes out of it, as it does
for a rep. Only the prospect's mind and words are written down beforehand.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from textual.pilot import Pilot

from trainer.calls.events import CallState, Directed, Ended, Event, Heard, Moved, Opened, Spoke
from trainer.calls.store import CallSummary, Store
from trainer.engines.base import Cancellation
from trainer.errors import EngineFailed
from trainer.grading.scorecard import (
    CheckResult,
    CoachNote,
    Evidence,
    Scorecard,
    StageScore,
    Statistics,
)
from trainer.library import Persona, Rubric, Scenario
from trainer.library.shelf import Shelf
from trainer.listening import Reading
from trainer.pathway import Act, Form, Move, Outcome, Stage, Verdict
from trainer.prospect.standing import Direction, Mood, Standing
from trainer.transcripts import Transcript
from trainer.tui.app import EarnedCloseApp, Start
from trainer.tui.session import LiveSwitchboard, Loaded, Plan, Progress, Session, copy_of
from trainer.tui.widgets.say_box import SayBox

HOSTILE = "[red]x[/red] [@click=app.quit]y[/] \x1b[31mz"
HOSTILE_SHOWN = "[red]x[/red] [@click=app.quit]y[/] z"


def persona(id: str = "analytical", **changes: object) -> Persona:
    return Persona.model_validate(
        {
            "id": id,
            "summary": "Wants the evidence before the idea. Small talk is a cost.",
            "talks": ["short exact sentences"],
            "needs": {"rapport": 0.3, "empathy": 0.5, "trust": 0.8, "hope": 0.5, "urgency": 0.4},
            **changes,
        }
    )


def scenario(id: str = "payroll-errors", **changes: object) -> Scenario:
    return Scenario.model_validate(
        {
            "id": id,
            "title": "Three bad payrolls",
            "persona": "analytical",
            "industry": "freight",
            "prospect": {
                "name": "Dana Whitfield",
                "role": "CFO",
                "company": "Harborline Freight",
                "city": "Duluth",
            },
            "lead": {
                "source": "web_form",
                "saw": "Payroll right the first time, or that run is free.",
                "wrote": "3 bad runs. Need to understand options.",
            },
            "you": {
                "company": "Evenpay",
                "sells": "a payroll service",
                "price": "9 dollars a head a month",
                "does": ["runs payroll twice and compares before it pays"],
                "proof": ["14 freight firms in Minnesota; error log published each quarter"],
                "takes": ["two weeks side by side with your present system"],
                "not_for": ["fewer than 15 employees"],
            },
            "facts": [
                {"id": "runs", "depth": "surface", "say": "three of our last six runs went wrong"},
                {"id": "quit", "depth": "deep", "say": "two drivers quit over a late check"},
            ],
            "yes_means": "a two-week parallel run that starts on a named Monday",
            "onboarding": 1,
            **changes,
        }
    )


def rubric() -> Rubric:
    asks = {
        Stage.RAPPORT: ("Did you pick up the conversation where it began?", Move.PERSONALIZE),
        Stage.EMPATHY: ("Did you say back what they told you?", Move.REFLECTION),
        Stage.TRUST: ("Did you rest a claim on something they can check?", Move.PROOF),
        Stage.HOPE: ("Did you tie what you do to what they said?", Move.VALUE_LINK),
        Stage.URGENCY: ("Did the reason to act come from their own dates?", Move.COST_OF_DELAY),
    }
    return Rubric.model_validate(
        {
            "id": "authentic-persuasion",
            "title": "Authentic persuasion",
            "summary": "Earn it from the ground up; then go ahead without asking.",
            "pass_mark": 70,
            "stages": {stage: {"weight": 20} for stage in Stage},
            "checks": [
                {
                    "id": stage.value,
                    "asks": question,
                    "stage": stage,
                    "any_of": [move],
                    "at_least": 1,
                    "missed": "It was missing.",
                    "kept": "You did.",
                }
                for stage, (question, move) in asks.items()
            ]
            + [
                {
                    "id": "no-asking",
                    "asks": "Did you leave the asking out?",
                    "any_of": [Move.ASK_FOR_SALE],
                    "at_most": 0,
                    "missed": "You asked.",
                    "kept": "You did not ask.",
                }
            ],
        }
    )


def shelf() -> Shelf:
    people = [
        persona(),
        persona("amiable", summary="Likes people first. Finds no hard to say."),
        persona("just-send-info", title="Just send me info", summary="Wants you off the phone."),
    ]
    calls = [
        scenario(),
        scenario(
            "roof-after-hail",
            title="Hail on the roof",
            industry="roofing",
            persona="amiable",
            prospect={"name": "Marcus Bell", "city": "Amarillo"},
            lead={"source": "mailer", "saw": "Free look at your roof after Tuesday's hail."},
            onboarding=2,
        ),
        scenario(
            "clinic-software",
            title="A clinic that loses its charts",
            industry="health care",
            persona="just-send-info",
            prospect={"name": "Ines Okafor", "role": "practice manager", "company": "Lakeside"},
            lead={"source": "cold"},
            onboarding=None,
        ),
    ]
    return Shelf(
        personas={one.id: one for one in people},
        scenarios={one.id: one for one in calls},
        rubrics={"authentic-persuasion": rubric()},
    )


def standing(*levels: float, patience: float = 0.7, lean: float = 0.2, **more: object) -> Standing:
    """Levels from rapport up; those not given are 0."""
    padded = [*levels, *[0.0] * (5 - len(levels))]
    return Standing(
        levels=dict(zip(Stage, padded, strict=True)),
        patience=patience,
        lean=lean,
        **more,  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Beat:
    """What a line of the rep's leads to."""

    says: str
    standing: Standing
    moves: frozenset[Move] = frozenset()
    act: Act = Act.ANSWER
    why: str = "you asked, and let it be answered"
    authored: bool = False
    outcome: Outcome | None = None
    fails: bool = False
    """The engine breaks before the first word, once."""


OPENING = Beat("I have five minutes. What is this based on?", standing(0.1, 0.0, patience=0.7))
SCRIPT = (
    Beat(
        "Two drivers quit over it. That isn't on the form.",
        standing(0.4, 0.3, 0.1, patience=0.8, lean=0.35, mood=Mood.NEUTRAL),
        frozenset({Move.PERSONALIZE, Move.OPEN_QUESTION}),
        Act.DISCLOSE,
    ),
    Beat(
        "Yes. Every Friday, in front of the whole yard.",
        standing(0.6, 0.6, 0.3, 0.1, patience=0.8, lean=0.46, mood=Mood.OPEN),
        frozenset({Move.REFLECTION, Move.IMPACT_QUESTION}),
        Act.WARM_UP,
        authored=True,
    ),
    Beat(
        "Let me think about it.",
        standing(0.6, 0.6, 0.25, 0.1, patience=0.6, lean=0.4, mood=Mood.GUARDED),
        frozenset({Move.ASK_FOR_SALE}),
        Act.DEFER,
        why="you asked before it was earned",
    ),
)
LINES = (
    "You wrote that three runs went out wrong. What happened on the worst one?",
    "So you lost two people over a late check. What does that cost you each week?",
    "Would you like to go ahead?",
)


class ScriptedSession:
    """A call whose prospect follows the script. Everything goes into the log first."""

    def __init__(self, store: Store, call_id: str, state: CallState, stage: Stage_) -> None:
        self.id = call_id
        self._store, self._state, self._stage = store, state, stage

    def snapshot(self) -> CallState:
        return copy_of(self._state)

    def begin(self, cancellation: Cancellation) -> Iterator[Event]:
        if self._state.due == "open":
            yield from self._answer(self._stage.opening, opening=True)
        elif self._state.due is not None:
            yield from self._answer(self._beat())

    def say(self, text: str, cancellation: Cancellation) -> Iterator[Event]:
        self._stage.said.append(text)
        yield self._log(Heard(text=text))
        yield from self._answer(self._beat())

    def end(self) -> Iterator[Event]:
        yield self._log(Ended(outcome=Outcome.OPEN, by="rep"))

    def _beat(self) -> Beat:
        heard = sum(turn.speaker.value == "rep" for turn in self._state.turns)
        script = self._stage.script
        return script[min(heard, len(script)) - 1]

    def _answer(self, beat: Beat, *, opening: bool = False) -> Iterator[Event]:
        if not opening and self._state.due == "read":
            text = self._state.turns[-1].text
            reading = Reading(
                text=text,
                moves=dict.fromkeys(beat.moves, 0.9),
                labels=beat.moves,
                words=len(text.split()),
                question="?" in text,
                grounding=0.5,
            )
            yield self._log(Moved(reading=reading, standing=beat.standing))
        if beat.fails and not self._stage.failed:
            self._stage.failed = True
            raise EngineFailed("the server at localhost:9999 hung up; start it again.")
        self._stage.gate.wait(10)
        direction = Direction(act=beat.act, mood=beat.standing.mood, why=beat.why)
        yield self._log(Directed(direction=direction, standing=beat.standing))
        source = "authored" if beat.authored else "model"
        yield self._log(Spoke(text=beat.says, source=source, drawn=1, seconds=0.5))
        if beat.outcome is not None:
            yield self._log(Ended(outcome=beat.outcome, by="prospect"))

    def _log(self, event: Event) -> Event:
        self._store.append(self.id, event)
        self._state.apply(event)
        return event


class AnsweringGrader:
    """Gives the same judgement each time, and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def grade(self, transcript: Transcript, rubric: Rubric, scenario: Scenario) -> Scorecard:
        self.asked += 1
        return scorecard()


def scorecard(**changes: object) -> Scorecard:
    said = {2: LINES[0], 4: LINES[1], 6: LINES[2]}

    def part(score: int, level: str, *evidence: tuple[int, Move]) -> StageScore:
        return StageScore.model_validate(
            {
                "score": score,
                "level": level,
                "evidence": [
                    Evidence(turn=turn, quote=said[turn], move=move) for turn, move in evidence
                ],
            }
        )

    card = Scorecard(
        verdict=Verdict.ASKED,
        sentence="You had begun to earn it, then asked for it: turn 6.",
        earned=False,
        form=Form.ASKED,
        score=48,
        passed=False,
        rubric="authentic-persuasion",
        stages={
            Stage.RAPPORT: part(80, "high", (2, Move.PERSONALIZE)),
            Stage.EMPATHY: part(78, "high", (4, Move.REFLECTION), (4, Move.IMPACT_QUESTION)),
            Stage.TRUST: part(20, "low", (6, Move.ASK_FOR_SALE)),
            Stage.HOPE: part(10, "low"),
            Stage.URGENCY: StageScore(score=None, level=None),
        },
        asked=(6,),
        checks=(
            CheckResult(
                id="empathy",
                asks="Did you say back what they told you?",
                stage=Stage.EMPATHY,
                passed=True,
                evidence=(Evidence(turn=4, quote=LINES[1], move=Move.REFLECTION),),
            ),
            CheckResult(
                id="trust",
                asks="Did you rest a claim on something they can check?",
                stage=Stage.TRUST,
                passed=False,
            ),
            CheckResult(
                id="urgency",
                asks="Did the reason to act come from their own dates?",
                stage=Stage.URGENCY,
                passed=None,
            ),
        ),
        stats=Statistics(
            rep_turns=3,
            prospect_turns=4,
            talk_ratio=0.54,
            questions=3,
            open_questions=1,
            reflections=1,
            longest_turn_words=15,
        ),
        coach=(
            CoachNote(
                turn=6,
                said=LINES[2],
                missed="That made Dana decide for you, before there was anything to decide on.",
                try_="I'll set up the side-by-side run for Monday the 4th. Who runs payroll?",
            ),
            CoachNote(
                turn=4,
                said=LINES[1],
                missed="You heard the cost; they still had no reason to believe you.",
                try_="Fourteen freight firms here publish their error log. Shall I read it?",
            ),
        ),
        small_victories=(
            "You said back what they told you, in your own words.",
            "Your first line began where their form left off.",
        ),
        unscored=("urgency: the call ended before there was any reason to raise it",),
        moves=(
            (2, (Move.PERSONALIZE, Move.OPEN_QUESTION)),
            (4, (Move.REFLECTION, Move.IMPACT_QUESTION)),
            (6, (Move.ASK_FOR_SALE,)),
        ),
    )
    return card.model_copy(update=changes)


@dataclass
class Models:
    """What loading brings, here."""

    grader: AnsweringGrader = field(default_factory=AnsweringGrader)
    listener: object = None
    engine: object = None


class ScriptedSwitchboard(LiveSwitchboard):
    """The real log with scripted calls, all begun on the same day."""

    def __init__(self, stage: Stage_) -> None:
        super().__init__(stage.store)
        self._stage = stage

    def past(self) -> Sequence[CallSummary]:
        first = dt.datetime(2026, 11, 20, 9, 30, tzinfo=dt.UTC)
        past = super().past()
        return [
            dataclasses.replace(one, started=first + dt.timedelta(hours=len(past) - place))
            for place, one in enumerate(past)
        ]

    def connect(self, plan: Plan, loaded: Loaded) -> Session:
        self._stage.connected += 1
        if self._stage.connect_fails:
            raise EngineFailed(self._stage.connect_fails.pop())
        if plan.resume is not None:
            state = self._stage.store.state(plan.resume)
            return ScriptedSession(self._stage.store, plan.resume, state, self._stage)
        return self._stage.open(plan)

    def hint(self, state: CallState) -> str:
        return "Ask what the worst one cost them, then say it back."


class Stage_:  # noqa: N801 - pathway has the other Stage
    """Everything a test sets up and looks at."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder / "calls.sqlite3")
        self.shelf = shelf()
        self.opening = OPENING
        self.script: tuple[Beat, ...] = SCRIPT
        self.models = Models()
        self.said: list[str] = []
        self.gate = threading.Event()
        """Shut, the prospect goes on thinking."""
        self.gate.set()
        self.failed = False
        self.connected = 0
        self.connect_fails: list[str] = []
        self.seeds: list[int] = []
        self.ticks = 0.0

    def open(self, plan: Plan) -> ScriptedSession:
        call_id, state = self.store.new_id(), CallState()
        opened = Opened(
            persona=plan.casting.persona,
            scenario=plan.casting.scenario,
            rubric=plan.casting.rubric,
            mode=plan.mode,
            seed=plan.seed,
            engine="scripted",
            standing=self.opening.standing,
        )
        self.store.append(call_id, opened)
        state.apply(opened)
        self.seeds.append(plan.seed)
        return ScriptedSession(self.store, call_id, state, self)

    def load(self, progress: Progress) -> Loaded:
        progress("warming up the prospect", 0.6)
        return self.models  # type: ignore[return-value]

    def app(
        self,
        start: Start | None = None,
        *,
        load: Callable[[Progress], Loaded] | None = None,
        fetch: Callable[[Progress], object] | None = None,
        animated: bool = False,
    ) -> EarnedCloseApp:
        seeds = iter(range(1, 1000))
        app = EarnedCloseApp(
            self.shelf,
            self.store,
            load or self.load,
            start,
            fetch=fetch,
            switchboard=ScriptedSwitchboard(self),
            clock=lambda: self.ticks,
            seeds=lambda: next(seeds),
            cursor_blinks=False,
        )
        app.animation_level = "full" if animated else "none"
        return app


async def settled(pilot: Pilot[None]) -> None:
    """Until the workers are done and what they posted has been drawn."""
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def say(pilot: Pilot[None], text: str) -> None:
    """Type a line, send it, and wait for the answer."""
    await type_in(pilot, text)
    await pilot.press("enter")
    await settled(pilot)


async def type_in(pilot: Pilot[None], text: str) -> None:
    """Put words into the box without sending them (all at once: a key each takes long)."""
    pilot.app.screen.query_one(SayBox).insert(text)
    await pilot.pause()


def shown(app: EarnedCloseApp) -> str:
    """The text on the screen, line by line."""
    width = app.size.width
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.crop(0, width).text.rstrip() for strip in lines)
