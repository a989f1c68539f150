"""Each screen as it looks, kept as pictures: run with ``--snapshot-update`` after a change that was
meant, and look at them before committing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.app import App
from textual.pilot import Pilot

from trainer.pathway import Mode
from trainer.tui.app import Start
from trainer.tui.widgets.clock import CallClock

from .staging import LINES, Stage_, say, settled, type_in

Compare = Callable[..., bool]
Steps = Callable[[Stage_, "Pilot[None]"], object]

SIZES = {"100x30": (100, 30), "80x24": (80, 24)}


async def home(stage: Stage_, pilot: Pilot[None]) -> None:
    """The first run."""


async def returning(stage: Stage_, pilot: Pilot[None]) -> None:
    """A call was left and waits on top."""
    await call(stage, pilot)
    await pilot.press("escape")


async def persona(stage: Stage_, pilot: Pilot[None]) -> None:
    await pilot.press("p")


async def briefing(stage: Stage_, pilot: Pilot[None]) -> None:
    await pilot.press("enter")
    await settled(pilot)


async def call(stage: Stage_, pilot: Pilot[None]) -> None:
    """Four lines in, a hint asked for, the next line half typed."""
    await briefing(stage, pilot)
    await pilot.press("enter")
    await settled(pilot)
    for line in LINES[:2]:
        await say(pilot, line)
    stage.ticks = 252
    await pilot.press("f2")
    await type_in(pilot, "That's a hard thing to explain to a crew. What did it")
    pilot.app.screen.query_one(CallClock).tick()


async def sheet(stage: Stage_, pilot: Pilot[None]) -> None:
    await call(stage, pilot)
    await pilot.press("f3")


async def guide(stage: Stage_, pilot: Pilot[None]) -> None:
    await call(stage, pilot)
    await pilot.press("f1")


async def over(stage: Stage_, pilot: Pilot[None]) -> None:
    await call(stage, pilot)
    await pilot.press("ctrl+e", "y")


async def scorecard(stage: Stage_, pilot: Pilot[None]) -> None:
    await briefing(stage, pilot)
    await pilot.press("enter")
    await settled(pilot)
    for line in LINES:
        await say(pilot, line)
    await pilot.press("ctrl+e", "y")
    await settled(pilot)
    await pilot.press("enter")
    await settled(pilot)


async def details(stage: Stage_, pilot: Pilot[None]) -> None:
    await scorecard(stage, pilot)
    await pilot.press("end")


async def film(stage: Stage_, pilot: Pilot[None]) -> None:
    await scorecard(stage, pilot)
    await pilot.press("f")


async def history(stage: Stage_, pilot: Pilot[None]) -> None:
    await scorecard(stage, pilot)
    await pilot.press("h")
    await settled(pilot)
    await pilot.press("h")


SCREENS = (
    home, returning, persona, briefing, call, sheet, guide, over, scorecard, details, film, history,
)  # fmt: skip


def _picture(
    stage: Stage_,
    snap_compare: Compare,
    steps: Steps,
    size: tuple[int, int],
    *,
    start: Start | None = None,
    light: bool = False,
) -> bool:
    async def before(pilot: Pilot[None]) -> None:
        await settled(pilot)
        if light:
            await pilot.press("ctrl+t")
        await steps(stage, pilot)  # type: ignore[misc]
        await settled(pilot)

    app: App[None] = stage.app(start)
    return snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("steps", SCREENS, ids=lambda steps: steps.__name__)
def test_in_the_dark(
    stage: Stage_, snap_compare: Compare, steps: Steps, size: tuple[int, int]
) -> None:
    assert _picture(stage, snap_compare, steps, size)


@pytest.mark.parametrize(
    "steps", [home, briefing, call, scorecard], ids=lambda steps: steps.__name__
)
def test_in_the_light(stage: Stage_, snap_compare: Compare, steps: Steps) -> None:
    assert _picture(stage, snap_compare, steps, (100, 30), light=True)


@pytest.mark.parametrize("steps", [home, call, scorecard], ids=lambda steps: steps.__name__)
def test_on_a_terminal_of_forty_by_ten(stage: Stage_, snap_compare: Compare, steps: Steps) -> None:
    """The conversation and the box are there; the rest makes way."""
    assert _picture(stage, snap_compare, steps, (40, 10))


@pytest.mark.parametrize("mode", [Mode.STANDARD, Mode.EXAM])
def test_with_less_to_see(stage: Stage_, snap_compare: Compare, mode: Mode) -> None:
    """Standard shows the mood, exam nothing but the conversation."""

    async def straight(stage: Stage_, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        await settled(pilot)
        await say(pilot, LINES[0])

    start = Start("payroll-errors", mode=mode)
    assert _picture(stage, snap_compare, straight, (80, 24), start=start)
