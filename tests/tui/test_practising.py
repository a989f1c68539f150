"""A rep at work: from the home screen to the scorecard, by keyboard and by mouse."""

from __future__ import annotations

from textual import events
from textual.widgets import Button, OptionList

from trainer.pathway import Mode, Outcome
from trainer.tui.app import Start
from trainer.tui.screens.briefing import BriefingScreen
from trainer.tui.screens.call import CallScreen
from trainer.tui.screens.history import HistoryScreen
from trainer.tui.screens.home import HomeScreen
from trainer.tui.screens.scorecard import ScorecardScreen
from trainer.tui.widgets.conversation import Line
from trainer.tui.widgets.say_box import SayBox

from .staging import LINES, SCRIPT, Beat, Stage_, say, settled, shown, standing, type_in


async def test_a_new_hire_takes_the_first_call_and_reads_the_scorecard(stage: Stage_) -> None:
    """Picks nothing, presses enter, reads, says three lines, ends, reads what it was worth."""
    app = stage.app()
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        await settled(pilot)
        assert "Welcome." in shown(app)
        assert "Three bad payrolls" in shown(app)

        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, BriefingScreen)
        for told in ("Dana Whitfield, CFO", "3 bad runs", "9 dollars a head", "say back what"):
            assert told in shown(app)

        await pilot.press("enter")
        await settled(pilot)
        assert "What is this based on?" in shown(app)
        for line in LINES:
            await say(pilot, line)
        assert stage.said == list(LINES)
        assert "Let me think about it." in shown(app)

        await pilot.press("ctrl+e")
        await settled(pilot)
        assert "Nothing is decided yet" in shown(app)
        await pilot.press("y")
        await settled(pilot)
        assert "Press enter for your scorecard" in shown(app)

        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ScorecardScreen)
        page = shown(app)
        assert page.index("then asked for it: turn 6") < page.index("The ladder")
        assert page.index("The ladder") < page.index("Two things to try")
        assert "“Would you like to go ahead?”" in page
        assert "side-by-side run for Monday" in page
    (past,) = stage.store.calls()
    assert (past.outcome, past.score, past.mode) == (Outcome.OPEN, 48, Mode.GUIDED)


async def test_a_rep_uses_nothing_but_the_mouse(stage: Stage_) -> None:
    app = stage.app()
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        await settled(pilot)
        await pilot.click("#start")
        await settled(pilot)
        await pilot.click("#pick-up")
        await settled(pilot)
        assert isinstance(app.screen, CallScreen)
        stage.script = (Beat("Not today.", standing(), outcome=Outcome.DECLINED),)
        await say(pilot, "Hello")
        await pilot.click("#scorecard")
        await settled(pilot)
        assert isinstance(app.screen, ScorecardScreen)


async def test_a_rep_casts_another_persona_in_exam_mode(stage: Stage_) -> None:
    app = stage.app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("p", "down", "enter")
        await pilot.press("m", "down", "down", "enter")
        await settled(pilot)
        assert "Amiable" in str(app.screen.query_one("#persona", Button).label)
        await pilot.press("enter")
        await settled(pilot)
        assert "exam: nothing but the" in shown(app)
        assert "Likes people first" not in shown(app)
        await pilot.press("enter")
        await settled(pilot)
    (past,) = stage.store.calls()
    assert (past.persona_id, past.mode) == ("amiable", Mode.EXAM)


async def test_the_next_scenario_brings_its_usual_persona_again(stage: Stage_) -> None:
    """A persona picked for one call is not cast in another by accident."""
    app = stage.app()
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("p", "down", "down", "enter", "down")
        await settled(pilot)
        assert "Amiable (usual)" in str(app.screen.query_one("#persona", Button).label)


async def test_guided_shows_the_ladder_standard_the_mood_exam_nothing(stage: Stage_) -> None:
    seen = {}
    for mode in Mode:
        app = stage.app(Start("payroll-errors", mode=mode))
        async with app.run_test(size=(100, 30), notifications=True) as pilot:
            await settled(pilot)
            await pilot.press("enter")
            await settled(pilot)
            await say(pilot, LINES[0])
            await pilot.press("f2")
            await settled(pilot)
            seen[mode] = shown(app)
    assert "they come 35 % of the way" in seen[Mode.GUIDED]
    assert "Hint" in seen[Mode.GUIDED]
    assert "mood neutral" in seen[Mode.STANDARD]
    for mode in (Mode.STANDARD, Mode.EXAM):
        assert "empathy" not in seen[mode]
        assert "Hint" not in seen[mode]
    assert "neutral" not in seen[Mode.EXAM]


async def test_the_prospect_hangs_up_and_says_so(stage: Stage_) -> None:
    stage.script = (
        Beat("That's it. Don't call again.", standing(patience=0), outcome=Outcome.HUNG_UP),
    )
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, "Only today, sign now!")
        assert "The call is over. They hung up." in shown(app)
        assert not app.screen.query_one("#say").display
        await pilot.press("ctrl+e", "f2", "enter")
        await settled(pilot)
        assert isinstance(app.screen, ScorecardScreen)


async def test_after_a_yes_the_call_ends_without_a_question(stage: Stage_) -> None:
    stage.script = (Beat("Monday it is.", standing(1, 1, 1, 1, 1, lean=0.7, agreed=True)),)
    app = stage.app(Start("payroll-errors"))
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, "I'll send the papers on Monday.")
        await pilot.press("ctrl+e")
        await settled(pilot)
        assert "The call is over." in shown(app)


async def test_hanging_up_while_the_prospect_thinks_ends_the_call_after_their_turn(
    stage: Stage_,
) -> None:
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        stage.gate.clear()
        await type_in(pilot, LINES[0])
        await pilot.press("enter", "ctrl+e", "y")
        await pilot.pause()
        assert not app.screen.query_one("#over").display
        stage.gate.set()
        await settled(pilot)
        await settled(pilot)
        assert "The call is over." in shown(app)
    assert stage.store.calls()[0].outcome is Outcome.OPEN


async def test_typing_while_the_prospect_thinks_loses_nothing(stage: Stage_) -> None:
    """The box stays open; Enter waits; the line is there when the answer comes."""
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        stage.gate.clear()
        await type_in(pilot, LINES[0])
        await pilot.press("enter")
        await pilot.pause()
        await type_in(pilot, "and what")
        await pilot.press("enter")
        await pilot.pause()
        assert "Dana is thinking" in shown(app)
        assert "Dana is thinking. Your line is kept." in shown(app)
        assert app.screen.query_one(SayBox).text == "and what"
        stage.gate.set()
        await settled(pilot)
        assert "Dana is thinking" not in shown(app)
        assert app.screen.query_one(SayBox).text == "and what"
        await say(pilot, " did it cost?")
    assert stage.said == [LINES[0], "and what did it cost?"]


async def test_enter_on_an_empty_line_says_nothing(stage: Stage_) -> None:
    app = stage.app(Start("payroll-errors"))
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("enter", "space", "space", "enter")
        await settled(pilot)
    assert stage.said == []


async def test_a_long_line_wraps_and_is_sent_whole(stage: Stage_) -> None:
    long = "So what I hear is that the checks come late and people leave over it. " * 4
    app = stage.app(Start("payroll-errors"))
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        box = app.screen.query_one(SayBox)
        box.insert(long)
        await settled(pilot)
        assert box.size.height > 1
        await pilot.press("enter")
        await settled(pilot)
    assert stage.said == [long.strip()]


async def test_the_words_appear_one_by_one_until_a_key_is_pressed(stage: Stage_) -> None:
    app = stage.app(Start("payroll-errors"), animated=True)
    stage.opening = Beat(" ".join(["word"] * 400), standing())
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        line = app.screen.query_one(Line)
        assert not line.complete
        await pilot.press("a")
        await settled(pilot)
        assert line.complete
        assert app.screen.query_one(SayBox).text == "a"


async def test_a_rep_leaves_in_the_middle_and_goes_on_later(stage: Stage_) -> None:
    """Escape keeps the call; the home screen has it on top; the conversation is all there."""
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, LINES[0])
        await pilot.press("escape")
        await settled(pilot)
        assert isinstance(app.screen, HomeScreen)
        assert "The call is kept" in shown(app)
    again = stage.app()
    async with again.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        assert "GO ON WITH" in shown(again)
        assert "Welcome." not in shown(again)
        await pilot.press("enter")
        await settled(pilot)
        assert "pick up where you left off" in shown(again)
        assert "Two drivers quit" in shown(again)
        await pilot.press("enter")
        await settled(pilot)
        assert LINES[0][:20] in shown(again)
        await say(pilot, LINES[1])
        assert "in front of the whole yard" in shown(again)
    assert len(stage.store.calls()) == 1


async def test_leaving_while_the_prospect_thinks_finishes_the_turn_in_the_log(
    stage: Stage_,
) -> None:
    app = stage.app(Start("payroll-errors"))
    async with app.run_test() as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        stage.gate.clear()
        await type_in(pilot, LINES[0])
        await pilot.press("enter", "escape")
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        stage.gate.set()
        await settled(pilot)
    (past,) = stage.store.calls()
    assert stage.store.state(past.id).due is None


async def test_a_rep_tries_again_with_other_dice_and_watches_the_film(stage: Stage_) -> None:
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        for line in LINES:
            await say(pilot, line)
        await pilot.press("ctrl+e", "y")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("f")
        await settled(pilot)
        film = shown(app)
        assert "personalize, open question" in film
        assert "you asked before it was earned" in film
        assert "its author's words" in film
        await pilot.press("escape", "r")
        await settled(pilot)
        assert isinstance(app.screen, BriefingScreen)
        await pilot.press("enter")
        await settled(pilot)
    assert len(set(stage.seeds)) == 2


async def test_history_opens_a_scorecard_without_grading_twice(stage: Stage_) -> None:
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("ctrl+e", "y")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)
        assert isinstance(app.screen, HistoryScreen)
        assert "asked for the sale" in shown(app)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(app.screen, ScorecardScreen)
        assert "then asked for it" in shown(app)
    assert stage.models.grader.asked == 1


async def test_a_call_that_was_never_graded_is_graded_from_history(stage: Stage_) -> None:
    """The models are loaded for it, though no call is made."""
    first = stage.app(Start("payroll-errors"))
    async with first.run_test() as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("ctrl+e", "y")
        await settled(pilot)
    assert stage.store.calls()[0].verdict is None
    app = stage.app()
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("h")
        await settled(pilot)
        assert "not graded yet" in shown(app)
        await pilot.press("enter")
        await settled(pilot)
        assert "then asked for it" in shown(app)
    assert stage.store.calls()[0].score == 48


async def test_the_scorecard_says_whose_words_the_prospect_spoke(stage: Stage_) -> None:
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 80), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        for line in LINES[:2]:
            await say(pilot, line)
        assert "yard.°" in shown(app)
        assert "1 of 3 lines written" in shown(app)
        await pilot.press("ctrl+e", "y")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert "1 of the prospect's 3 lines was written by the persona's author" in shown(app)


async def test_the_sheet_and_help_open_over_the_call_and_close_again(stage: Stage_) -> None:
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 40), notifications=True) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        await type_in(pilot, "half a l")
        await pilot.press("f3")
        await settled(pilot)
        assert "fewer than 15 employees" in shown(app)
        await pilot.press("f3", "f1")
        await settled(pilot)
        assert "On the phone" in shown(app)
        await pilot.press("escape")
        await settled(pilot)
        await type_in(pilot, "ine")
        assert app.screen.query_one(SayBox).text == "half a line"
    assert stage.said == []


async def test_light_and_dark_change_places(stage: Stage_) -> None:
    app = stage.app()
    async with app.run_test() as pilot:
        await settled(pilot)
        assert app.current_theme.dark
        await pilot.press("ctrl+t")
        assert not app.current_theme.dark
        await pilot.press("ctrl+t")
        assert app.current_theme.dark


async def test_the_list_can_be_walked_to_its_end_and_back(stage: Stage_) -> None:
    """Headings are passed over; every scenario can be reached by keyboard."""
    app = stage.app()
    async with app.run_test() as pilot:
        await settled(pilot)
        options = app.screen.query_one(OptionList)
        reached = set()
        for _ in stage.shelf.scenarios:
            assert options.highlighted is not None
            reached.add(options.get_option_at_index(options.highlighted).id)
            await pilot.press("down")
        assert reached == {f"scenario:{one}" for one in stage.shelf.scenarios}


def test_the_script_is_long_enough() -> None:
    """Otherwise the stories above would repeat its last beat unnoticed."""
    assert len(SCRIPT) == len(LINES)


async def test_a_line_typed_faster_than_the_machine_is_said_whole(stage: Stage_) -> None:
    """Keys and the Enter behind them come in one burst; what comes after it stays in the box."""
    app = stage.app(Start("payroll-errors"))
    async with app.run_test(size=(100, 30)) as pilot:
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        for char in "what happened\nand then":
            key = {"\n": "enter", " ": "space"}.get(char, char)
            app.post_message(events.Key(key, char))
        await settled(pilot)
        assert stage.said == ["what happened"]
        assert app.screen.query_one(SayBox).text == "and then"
