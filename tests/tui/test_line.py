"""The app on the real line: call loop, log, mind and grader, with words from no model.

The listener here knows a handful of phrases, which is enough to move the mind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from trainer.calls.store import Store
from trainer.engines.base import Cancellation
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.errors import EngineFailed
from trainer.grading.grader import Grader
from trainer.library.shelf import Shelf
from trainer.listening import Reading
from trainer.pathway import Mode, Move, Speaker
from trainer.transcripts import Turn
from trainer.tui.app import EarnedCloseApp, Start
from trainer.tui.screens.scorecard import ScorecardScreen
from trainer.tui.session import LiveSwitchboard, Loaded, Plan, Progress, copy_of

from .staging import say, settled, shown

PHRASES = {
    "what happened": Move.OPEN_QUESTION,
    "cost you": Move.IMPACT_QUESTION,
    "so you": Move.REFLECTION,
    "go ahead?": Move.ASK_FOR_SALE,
    "last chance": Move.PRESSURE,
}


class PhraseListener:
    """Reads a turn by the phrases in it."""

    def listen(
        self, text: str, context: Sequence[Turn], *, facts: Mapping[str, str] | None = None
    ) -> Reading:
        made = frozenset(move for phrase, move in PHRASES.items() if phrase in text.lower())
        return Reading(
            text=text,
            moves={move: 0.95 if move in made else 0.01 for move in Move},
            labels=made,
            words=len(text.split()),
            question="?" in text,
            grounding=0.6,
        )

    def listen_all(self, turns: Sequence[tuple[str, Sequence[Turn]]]) -> list[Reading]:
        return [self.listen(text, context) for text, context in turns]


class Ready:
    def __init__(self) -> None:
        self.listener = PhraseListener()
        self.engine = ScriptedEngine([], name="authored")
        self.grader = Grader(self.listener)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "calls.sqlite3")


def _app(store: Store, start: Start | None = None) -> EarnedCloseApp:
    def load(progress: Progress) -> Loaded:
        return Ready()

    app = EarnedCloseApp(Shelf.load(), store, load, start, cursor_blinks=False, seeds=lambda: 7)
    app.animation_level = "none"
    return app


async def test_a_pushy_rep_is_shown_the_door_and_told_why(store: Store) -> None:
    app = _app(store, Start("payroll-errors"))
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, "What happened on the worst one?")
        await say(pilot, "So you carry that. What does it cost you?")
        for attempt in range(12):
            await say(pilot, f"This is your last chance, number {attempt}. Want to go ahead?")
            if store.calls()[0].outcome is not None:
                break
        assert "The call is over." in shown(app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ScorecardScreen)
        assert "“This is your last chance" in shown(app)
    (past,) = store.calls()
    assert past.score is not None
    assert past.score < 40
    assert past.verdict is not None


async def test_a_call_left_behind_is_taken_up_where_it_stood(store: Store) -> None:
    first = _app(store, Start("payroll-errors", mode=Mode.EXAM))
    async with first.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, "What happened on the worst one?")
        await pilot.press("escape")
        await settled(pilot)
    (past,) = store.calls()
    told = store.state(past.id).turns[-1]
    assert told.speaker is Speaker.PROSPECT
    again = _app(store, Start(resume=past.id))
    async with again.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert told.text[:30] in shown(again)
        await say(pilot, "So you carry that. What does it cost you?")
    assert store.calls()[0].turns == past.turns + 2


async def test_a_hint_names_what_would_help(store: Store) -> None:
    app = _app(store, Start("payroll-errors"))
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("f2")
        await settled(pilot)
        assert "Hint  " in shown(app)


def test_one_engine_serves_one_call_at_a_time(store: Store) -> None:
    """A turn still running when the next call begins is finished first, not mixed into it."""
    board, loaded = LiveSwitchboard(store), Ready()
    casting = Shelf.load().cast("payroll-errors")
    session = board.connect(Plan(casting, Mode.GUIDED, 1), loaded)
    list(session.begin(Cancellation()))
    turn = session.say("What happened on the worst one?", Cancellation())
    next(turn)
    assert board._lock.locked()
    list(turn)
    assert not board._lock.locked()


def test_what_the_screen_keeps_does_not_change_behind_its_back(store: Store) -> None:
    board, loaded = LiveSwitchboard(store), Ready()
    session = board.connect(Plan(Shelf.load().cast("payroll-errors"), Mode.GUIDED, 1), loaded)
    kept = session.snapshot()
    before = copy_of(kept)
    list(session.begin(Cancellation()))
    list(session.say("What happened on the worst one?", Cancellation()))
    assert vars(kept) == vars(before)
    assert len(session.snapshot().turns) == len(kept.turns) + 3


def test_a_grading_that_fails_leaves_no_card(store: Store) -> None:
    board, loaded = LiveSwitchboard(store), Ready()
    session = board.connect(Plan(Shelf.load().cast("payroll-errors"), Mode.GUIDED, 1), loaded)
    list(session.begin(Cancellation()))
    list(session.end())

    class Broken:
        grade: Callable[..., object] = lambda *_: (_ for _ in ()).throw(EngineFailed("no"))

    loaded.grader = Broken()  # type: ignore[assignment]
    with pytest.raises(EngineFailed):
        board.grade(session.id, loaded)
    assert board.stored_scorecard(session.id) is None
