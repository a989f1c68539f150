"""When something is wrong: the rep reads what, where and what to do, and loses nothing."""

from __future__ import annotations

import pytest

from trainer.errors import Finding, ModelUnavailable, StoreUnavailable
from trainer.library.shelf import Shelf
from trainer.pathway import Outcome
from trainer.tui.app import Start
from trainer.tui.readiness import Phase
from trainer.tui.screens.briefing import BriefingScreen
from trainer.tui.screens.call import CallScreen
from trainer.tui.screens.home import HomeScreen
from trainer.tui.session import Loaded, Progress
from trainer.tui.widgets.say_box import SayBox

from .staging import (
    HOSTILE,
    HOSTILE_SHOWN,
    LINES,
    SCRIPT,
    Beat,
    Stage_,
    persona,
    rubric,
    say,
    scenario,
    scorecard,
    settled,
    shown,
    standing,
)

MISSING = "model smollm2-135m is not here; `trainer models pull` fetches it (80 MB)"


async def test_missing_models_are_fetched_from_the_briefing(stage: Stage_) -> None:
    fetched: list[bool] = []

    def load(progress: Progress) -> Loaded:
        if not fetched:
            raise ModelUnavailable(MISSING)
        return stage.load(progress)

    def fetch(progress: Progress) -> None:
        progress("fetching smollm2-135m", 0.5)
        fetched.append(True)

    app = stage.app(Start("payroll-errors"), load=load, fetch=fetch)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        assert "smollm2-135m is not here" in shown(app)
        assert "f5 fetches the models now" in shown(app)
        await pilot.press("enter")
        assert isinstance(app.screen, BriefingScreen)
        await pilot.press("f5")
        await settled(pilot)
        assert "ready when you are" in shown(app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, CallScreen)


async def test_a_failed_load_can_be_tried_again_after_mending(stage: Stage_) -> None:
    attempts: list[int] = []

    def load(progress: Progress) -> Loaded:
        attempts.append(1)
        if len(attempts) == 1:
            raise ModelUnavailable("model.gguf is cut short; run `trainer models verify`")
        return stage.load(progress)

    app = stage.app(Start("payroll-errors"), load=load)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        assert "model.gguf is cut short" in shown(app)
        assert "f5" not in shown(app)
        await pilot.press("f6")
        await settled(pilot)
        assert app.readiness.phase is Phase.READY


async def test_the_briefing_shows_how_far_warming_up_is(stage: Stage_) -> None:
    def load(progress: Progress) -> Loaded:
        progress("warming up the prospect", 0.6)
        stage.gate.wait(30)
        return stage.load(progress)

    stage.gate.clear()
    app = stage.app(Start("payroll-errors"), load=load)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await pilot.pause()
        while not app.readiness.doing:
            await pilot.pause()
        await pilot.pause()
        assert "warming up the prospect ... 60 %" in shown(app)
        await pilot.press("enter")
        assert isinstance(app.screen, BriefingScreen)
        stage.gate.set()
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, CallScreen)


async def test_the_engine_breaks_in_mid_turn_and_enter_tries_again(stage: Stage_) -> None:
    """The line was heard, so it is not said twice."""
    stage.script = (Beat("Two drivers quit over it.", standing(0.4), fails=True), *SCRIPT[1:])
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, LINES[0])
        assert "the server at localhost:9999 hung up" in shown(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "Two drivers quit over it." in shown(app)
    assert stage.said == [LINES[0]]


async def test_the_line_comes_back_when_it_could_not_be_written_down(
    stage: Stage_, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk: the words are in the box again, and can be said once there is room."""
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        with monkeypatch.context() as full:

            def refuse(*_: object) -> None:
                raise StoreUnavailable("calls.sqlite3: no space left on the disk; free some.")

            full.setattr(stage.store, "append", refuse)
            await say(pilot, LINES[0])
        assert "no space left on the disk" in shown(app)
        assert app.screen.query_one(SayBox).text == LINES[0]
        await pilot.press("enter")
        await settled(pilot)
        assert "Two drivers quit over it." in shown(app)


async def test_no_connection_at_first_then_enter_dials_again(stage: Stage_) -> None:
    stage.connect_fails = ["http://localhost:9999 does not answer; is the server running?"]
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert "does not answer" in shown(app)
        await pilot.press("ctrl+e", "f2", "enter")
        await settled(pilot)
        assert "What is this based on?" in shown(app)
    assert stage.connected == 2


async def test_a_call_log_that_cannot_be_read_leaves_the_app_usable(
    stage: Stage_, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> list[object]:
        raise StoreUnavailable("calls.sqlite3: the file is damaged")

    monkeypatch.setattr(stage.store, "calls", refuse)
    app = stage.app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        assert "the file is damaged" in shown(app)
        await pilot.press("h")
        await settled(pilot)
        assert "No calls yet" in shown(app)
        await pilot.press("escape", "enter")
        await settled(pilot)
        assert isinstance(app.screen, BriefingScreen)


async def test_starting_with_a_scenario_or_call_that_is_not_there(stage: Stage_) -> None:
    for start in (Start("payrol-errors"), Start(resume="beef")):
        app = stage.app(start)
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await settled(pilot)
            assert isinstance(app.screen, HomeScreen)
            assert (start.scenario_id or start.resume or "") in shown(app)


async def test_broken_content_is_mentioned_in_one_line(stage: Stage_) -> None:
    stage.shelf.findings = [
        Finding("scenarios/roof.yaml", 7, 3, "error", "no such move: [b]hope[/b]"),
        Finding("scenarios/car.yaml", 1, 1, "error", "is empty"),
    ]
    app = stage.app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        (line,) = [one for one in shown(app).splitlines() if "roof.yaml:7" in one]
        assert "no such move: [b]hope[/b], and 1 more." in line


async def test_an_empty_shelf_says_what_to_do(stage: Stage_) -> None:
    stage.shelf = Shelf()
    app = stage.app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        assert "no scenarios to practise" in shown(app)
        await pilot.press("enter", "p", "m")
        await settled(pilot)
        assert isinstance(app.screen, HomeScreen)


async def test_markup_and_escapes_are_shown_not_obeyed(stage: Stage_) -> None:
    """From content, rep, model and grader, on every screen."""
    stage.shelf = Shelf(
        personas={"analytical": persona(title=HOSTILE, summary=HOSTILE)},
        scenarios={
            "payroll-errors": scenario(
                title=HOSTILE,
                industry=HOSTILE,
                prospect={"name": "[b]Dana[/b]", "role": HOSTILE},
                lead={"source": "web_form", "saw": HOSTILE, "wrote": HOSTILE},
                you={"company": HOSTILE, "sells": HOSTILE, "price": HOSTILE, "does": [HOSTILE]},
                yes_means=HOSTILE,
            )
        },
        rubrics={"authentic-persuasion": rubric().model_copy(update={"summary": HOSTILE})},
    )
    stage.opening = Beat(HOSTILE, standing())
    stage.script = (Beat(HOSTILE, standing(), why=HOSTILE, outcome=Outcome.DECLINED),)
    card = scorecard(
        sentence=HOSTILE,
        small_victories=(HOSTILE,),
        unscored=(HOSTILE,),
        coach=(scorecard().coach[0].model_copy(update={"said": HOSTILE, "try_": HOSTILE}),),
    )
    stage.models.grader.grade = lambda *_: card  # type: ignore[method-assign]
    app = stage.app()
    pages = []
    async with app.run_test(size=(160, 60), notifications=True) as pilot:

        async def look(*keys: str) -> None:
            await pilot.press(*keys)
            await settled(pilot)
            pages.append(shown(app))

        await settled(pilot)
        await look()
        await look("p")
        await look("escape", "enter")
        await look("enter")
        await look("f3")
        await pilot.press("escape")
        app.screen.query_one(SayBox).insert(HOSTILE)
        await look("enter")
        await look("enter")
        await look("f")
        await look("h")
        await look("h")
        assert app.is_running
    for number, page in enumerate(pages):
        # The table of the history cuts long titles.
        assert (HOSTILE_SHOWN if number < len(pages) - 1 else "[red]x[/red]") in page, page
        assert "\x1b" not in page
    assert "[b]Dana[/b]" in pages[3]


@pytest.mark.parametrize("size", [(40, 10), (20, 5), (1, 1), (300, 80)])
async def test_any_size_of_terminal_carries_a_whole_call(
    stage: Stage_, size: tuple[int, int]
) -> None:
    app = stage.app()
    async with app.run_test(size=size, notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, "Hello")
        await pilot.press("f2", "f3", "escape", "f1", "escape", "ctrl+e", "y")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("f", "escape", "h", "h")
        await settled(pilot)
    assert stage.said == ["Hello"]
    assert stage.store.calls()[0].score == 48


async def test_a_terminal_that_shrinks_keeps_the_conversation_and_the_box(stage: Stage_) -> None:
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, LINES[0])
        await pilot.resize_terminal(40, 10)
        await settled(pilot)
        assert "isn't on the form." in shown(app)
        assert "\n >" in shown(app)
        assert "patience" not in shown(app)
