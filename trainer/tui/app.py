"""The app: it exists so that a rep can practise without thinking about the machine.

It knows the way from one screen to the next and keeps what outlives a screen: the models, loaded
once in the background, and the switchboard over the call log. Workers post messages; the handlers
here and in the screens own all state.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom
from typing import ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.worker import get_current_worker

from trainer.calls.events import CallState, Opened
from trainer.calls.store import Store
from trainer.errors import ModelUnavailable, TrainerError
from trainer.grading.scorecard import Scorecard
from trainer.library.shelf import Casting, Shelf
from trainer.pathway import Mode
from trainer.plaintext import clean
from trainer.tui.readiness import Phase, Readiness
from trainer.tui.screens.briefing import BriefingScreen
from trainer.tui.screens.call import CallScreen
from trainer.tui.screens.film import FilmScreen
from trainer.tui.screens.history import HistoryScreen
from trainer.tui.screens.home import HomeScreen
from trainer.tui.screens.modals import Page
from trainer.tui.screens.scorecard import ScorecardScreen
from trainer.tui.session import LiveSwitchboard, Loaded, Plan, Progress, Switchboard
from trainer.tui.themes import DARK, LIGHT
from trainer.tui.widgets.row import Row, paragraph


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin instead of the home screen: a scenario's briefing, or a call to go on with."""

    scenario_id: str | None = None
    persona_id: str | None = None
    mode: Mode | None = None
    resume: str | None = None


def _seed() -> int:
    return SystemRandom().randrange(2**31)


class EarnedCloseApp(App[None]):
    """Practise the sale that you never have to ask for.

    ``load`` loads the models and may take seconds (it runs in a thread, and reports progress);
    ``fetch``, if given, downloads them, and is offered when ``load`` finds them missing. The other
    arguments are for tests: another switchboard, a frozen clock, known seeds, a still cursor.
    """

    TITLE = "Earned Close"
    CSS_PATH = "earned_close.tcss"
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - as Textual declares it
        (0, "-tiny"),
        (60, "-narrow"),
        (100, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [(0, "-low"), (16, "-tall"), (30, "-high")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "theme", "light/dark", show=False),
        Binding("f1", "help", "help", show=False),
        Binding("ctrl+q", "quit", "quit", show=False, priority=True),
    ]

    readiness: reactive[Readiness] = reactive(Readiness(), init=False)

    class Warmed(Message):
        """How far loading is."""

        def __init__(self, readiness: Readiness) -> None:
            super().__init__()
            self.readiness = readiness

    def __init__(
        self,
        shelf: Shelf,
        store: Store,
        load: Callable[[Progress], Loaded],
        start: Start | None = None,
        *,
        fetch: Callable[[Progress], object] | None = None,
        switchboard: Switchboard | None = None,
        clock: Callable[[], float] = time.monotonic,
        seeds: Callable[[], int] = _seed,
        cursor_blinks: bool = True,
    ) -> None:
        super().__init__()
        self.shelf = shelf
        self.switchboard = switchboard or LiveSwitchboard(store)
        self.clock = clock
        self.cursor_blinks = cursor_blinks
        self._models = load
        self._fetch = fetch
        self._seeds = seeds
        self._start = start
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name

    def on_mount(self) -> None:
        """Home first, so that there is somewhere to come back to."""
        self.push_screen(HomeScreen())
        start = self._start
        if start is not None and start.resume is not None:
            self.brief_resume(start.resume)
        elif start is not None and start.scenario_id is not None:
            self.brief(start.scenario_id, start.persona_id, start.mode or Mode.GUIDED)

    def get_key_display(self, binding: Binding) -> str:
        """Keys as they are written in words: ``ctrl+e``."""
        return binding.key_display or {"escape": "esc"}.get(binding.key, binding.key)

    def note(self, text: str, *, trouble: bool = False) -> None:
        """A passing remark, shown literally."""
        self.notify(clean(text), severity="error" if trouble else "information", markup=False)

    # The way from screen to screen.

    def action_home(self) -> None:
        """Back to the home screen, whatever is on top of it."""
        while len(self.screen_stack) > 1 and not isinstance(self.screen, HomeScreen):
            self.pop_screen()

    def brief(self, scenario_id: str, persona_id: str | None, mode: Mode) -> None:
        """To the briefing of a new call."""
        try:
            casting = self.shelf.cast(scenario_id, persona_id)
        except TrainerError as error:
            self.note(str(error), trouble=True)
            return
        self._go(BriefingScreen(Plan(casting, mode, self._seeds())))

    def brief_resume(self, call_id: str) -> None:
        """To the briefing of a call that was broken off."""
        try:
            state = self.switchboard.state(call_id)
        except TrainerError as error:
            self.note(str(error), trouble=True)
            return
        if state.opened is None or state.ended is not None:
            self.show_scorecard(call_id)
            return
        was = state.opened
        casting = Casting(was.scenario, was.persona, was.rubric)
        plan = Plan(casting, was.mode, was.seed, resume=call_id)
        self._go(BriefingScreen(plan, tuple(state.turns)))

    def brief_again(self, was: Opened) -> None:
        """The same call with a new seed, as the shelf has it now or else as it was."""
        try:
            casting = self.shelf.cast(was.scenario.id, was.persona.id)
        except TrainerError:
            casting = Casting(was.scenario, was.persona, was.rubric)
        self._go(BriefingScreen(Plan(casting, was.mode, self._seeds())))

    def call(self, plan: Plan) -> None:
        """Pick up the phone."""
        self._go(CallScreen(plan))

    def show_scorecard(self, call_id: str) -> None:
        """The judgement of one call."""
        self._go(ScorecardScreen(call_id))

    def show_film(self, state: CallState, card: Scorecard | None) -> None:
        """The call turn by turn, over its scorecard."""
        self.push_screen(FilmScreen(state, card))

    def show_history(self) -> None:
        """The calls made so far."""
        self._go(HistoryScreen())

    def _go(self, screen: BriefingScreen | CallScreen | ScorecardScreen | HistoryScreen) -> None:
        """Home stays at the bottom; everything else is one step above it."""
        if isinstance(self.screen, HomeScreen):
            self.push_screen(screen)
        else:
            self.switch_screen(screen)

    # Models.

    def warm_up(self) -> None:
        """Load the models in the background, once."""
        if self.readiness.phase in {Phase.COLD, Phase.FAILED}:
            self._warm(self._models)

    def fetch_models(self) -> None:
        """Download the models, then load them."""
        fetch, load = self._fetch, self._models
        if fetch is None or self.readiness.phase is not Phase.FAILED:
            return

        def fetch_and_load(progress: Progress) -> Loaded:
            fetch(progress)
            return load(progress)

        self._warm(fetch_and_load)

    def _warm(self, work: Callable[[Progress], Loaded]) -> None:
        self.readiness = Readiness(Phase.WARMING)

        def in_thread() -> None:
            worker = get_current_worker()

            def progress(doing: str, fraction: float | None) -> None:
                tell(Readiness(Phase.WARMING, doing, fraction))

            def tell(readiness: Readiness) -> None:
                if not worker.is_cancelled:
                    self.post_message(self.Warmed(readiness))

            try:
                loaded = work(progress)
            except TrainerError as error:
                fetchable = isinstance(error, ModelUnavailable) and self._fetch is not None
                tell(Readiness(Phase.FAILED, trouble=str(error), fetchable=fetchable))
            else:
                tell(Readiness(Phase.READY, loaded=loaded))

        self.run_worker(in_thread, thread=True, group="models", exit_on_error=True)

    def on_earned_close_app_warmed(self, message: Warmed) -> None:
        """Screens watch this."""
        self.readiness = message.readiness

    # Everywhere.

    def action_theme(self) -> None:
        """Light or dark."""
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def action_help(self) -> None:
        """What can be done here."""
        if isinstance(self.screen, Page):
            return
        tell = getattr(self.screen, "help", None)
        self.push_screen(tell() if callable(tell) else _help())


def _help() -> Page:
    return Page(
        "How it goes",
        paragraph(
            "Pick a call, read the briefing, pick up the phone. Afterwards you see whether you "
            "earned the close, with the lines that show it."
        ),
        paragraph(),
        Row("enter", Content("go ahead")),
        Row("esc", Content("back")),
        Row("tab", Content("from one part of the screen to the next")),
        Row("ctrl+t", Content("light or dark")),
        Row("ctrl+q", Content("quit; a call under way is kept")),
    )
