"""The call itself.

A worker runs the turn loop and posts what happens; this screen folds the events into its own
``CallState`` and draws that. The worker never touches a widget, the screen never waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Footer, Static, TextArea
from textual.worker import get_current_worker

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
from trainer.engines.base import Cancellation
from trainer.errors import TrainerError
from trainer.pathway import Mode, Outcome, Speaker, Stage
from trainer.plaintext import clean
from trainer.tui.screens.modals import Page, Question, sheet
from trainer.tui.session import Plan, Session
from trainer.tui.widgets.clock import CallClock
from trainer.tui.widgets.conversation import Conversation
from trainer.tui.widgets.ladder import FoldedLadder, Ladder
from trainer.tui.widgets.row import Row, paragraph
from trainer.tui.widgets.say_box import SayBox
from trainer.tui.wording import LEAD_NAMES, OUTCOME_WORDS, literal, who

if TYPE_CHECKING:
    from trainer.tui.app import EarnedCloseApp


class CallScreen(Screen[None]):
    """One call, from picking up to the prospect's or the rep's goodbye."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "say", "say"),
        Binding("f2", "hint", "hint"),
        Binding("f3", "sheet", "your sheet"),
        Binding("ctrl+e", "end", "end the call", priority=True),
        Binding("f1", "app.help", "help"),
        Binding("escape", "leave", "leave"),
        Binding("pageup", "scroll(-1)", show=False, priority=True),
        Binding("pagedown", "scroll(1)", show=False, priority=True),
    ]
    app: EarnedCloseApp

    class Connected(Message):
        """The line is open."""

        def __init__(self, session: Session, state: CallState) -> None:
            super().__init__()
            self.session = session
            self.state = state

    class Happened(Message):
        """The next event of the call; it is in the log already."""

        def __init__(self, event: Event) -> None:
            super().__init__()
            self.event = event

    class TurnOver(Message):
        """The worker is done; it is the rep's turn."""

    class Broke(Message):
        """The worker failed with something the user can mend."""

        def __init__(self, trouble: str) -> None:
            super().__init__()
            self.trouble = trouble

    def __init__(self, plan: Plan) -> None:
        super().__init__(classes=plan.mode.value)
        self._plan = plan
        self._first_name = plan.casting.scenario.prospect.first_name
        self._session: Session | None = None
        self._state = CallState()
        self._busy = False
        self._broke = False
        self._end_wanted = False
        self._outgoing: str | None = None
        """Said, but not in the log yet."""
        self._cancellation = Cancellation()

    def compose(self) -> ComposeResult:
        """Title, folded ladder, conversation with the ladder beside it, box, keys."""
        scenario, mode = self._plan.casting.scenario, self._plan.mode
        with Horizontal(id="head"):
            yield Static(literal(who(scenario.prospect), "bold $primary"), id="who")
            yield Static(literal(LEAD_NAMES[scenario.lead.source], "$text-muted"), id="lead")
            yield Static(Content.styled(mode.value, "$text-muted"), id="mode")
            if mode is Mode.STANDARD:
                yield Static(id="mood")
            yield CallClock(self.app.clock, id="clock")
        if mode is Mode.GUIDED:
            yield FoldedLadder(id="folded")
        with Horizontal(id="stage"):
            yield Conversation(id="conversation")
            if mode is Mode.GUIDED:
                yield Ladder(id="ladder")
        yield Static(id="hint")
        with Horizontal(id="say"):
            yield Static(Content.styled("> ", "bold $primary"), id="prompt")
            yield SayBox(id="box")
        with Vertical(id="over"):
            yield Static(id="outcome")
            yield Button(Content("Press enter for your scorecard"), id="scorecard", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Dial."""
        self.query_one("#hint").display = False
        self.query_one("#over").display = False
        box = self._box
        box.cursor_blink = self.app.cursor_blinks
        box.focus()
        self._connect()

    def on_unmount(self) -> None:
        """Whatever still runs may stop; what has been said is in the log."""
        self._cancellation.cancel()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what this mode and moment allow."""
        if action == "hint":
            return self._plan.mode is Mode.GUIDED and self._state.ended is None
        if action in {"end", "say"}:
            return self._state.ended is None
        return True

    # What the worker does, in its own thread.

    def _connect(self) -> None:
        switchboard, plan, loaded = self.app.switchboard, self._plan, self.app.readiness.loaded
        assert loaded is not None  # noqa: S101 - the briefing calls only when it is
        cancellation = self._cancellation

        def talk() -> Iterator[Event]:
            session = switchboard.connect(plan, loaded)
            self.post_message(self.Connected(session, session.snapshot()))
            yield from session.begin(cancellation)

        self._run(talk, waiting=f"Calling {self._first_name}")

    def _run(self, talk: Callable[[], Iterator[Event]], *, waiting: str) -> None:
        self._busy = True
        self._broke = False
        self._conversation.wait_for(waiting)

        def work() -> None:
            worker = get_current_worker()
            try:
                for event in talk():
                    # Leaving the screen must not leave a turn half in the log: go on to the end,
                    # there is only nobody to tell.
                    if not worker.is_cancelled:
                        self.post_message(self.Happened(event))
            except TrainerError as error:
                if not worker.is_cancelled:
                    self.post_message(self.Broke(str(error)))
            else:
                if not worker.is_cancelled:
                    self.post_message(self.TurnOver())

        self.run_worker(work, thread=True, group="call", exit_on_error=True)

    # What the worker told.

    def on_call_screen_connected(self, message: Connected) -> None:
        """Show what has been said before, if this call was broken off."""
        self._session = message.session
        self._state = message.state
        self.query_one(CallClock).start()
        spoken = iter(self._state.sources)
        for turn in self._state.turns:
            if turn.speaker is Speaker.REP:
                self._conversation.add_rep(turn.text)
            else:
                self._show_spoke(next(spoken), spoken=False)
        self._show_standing()
        if self._state.ended is not None:
            self._show_ended(self._state.ended)

    def on_call_screen_happened(self, message: Happened) -> None:
        """Fold the event in and draw what it changed."""
        event = message.event
        if isinstance(event, Opened) and self._state.opened is not None:
            return
        self._state.apply(event)
        match event:
            case Heard():
                self._outgoing = None
                self._conversation.add_rep(event.text)
                self._conversation.wait_for(f"{self._first_name} is thinking")
            case Spoke():
                self._conversation.wait_for(None)
                self._show_spoke(event, spoken=True)
                self._show_standing()
                if event.failure and not any(one.failure for one in self._state.sources[:-1]):
                    self.notify(
                        clean(event.failure),
                        title="Written lines stand in for the model's",
                        severity="warning",
                        markup=False,
                    )
            case Moved() | Directed() | Opened() | Graded():
                self._show_standing()
            case Ended():
                self._show_ended(event)

    def on_call_screen_turn_over(self, _: TurnOver) -> None:
        """The rep's turn."""
        self._busy = False
        self._conversation.wait_for(None)
        self.query_one("#hint").display = False
        if self._end_wanted:
            self._end_now()

    def on_call_screen_broke(self, message: Broke) -> None:
        """The call goes on: nothing is lost, Enter tries again."""
        self._busy = False
        self._broke = self._outgoing is None
        self._conversation.wait_for(None)
        if self._outgoing is not None:
            self._box.give_back(self._outgoing)
            self._outgoing = None
        self._conversation.add_notice(
            f"{message.trouble} Nothing is lost: press enter to try again, "
            "or esc to leave and go on later.",
            trouble=True,
        )
        if self._end_wanted and self._session is not None:
            self._end_now()

    # What the rep does.

    def on_say_box_entered(self, message: SayBox.Entered) -> None:
        """Enter in the box."""
        self._enter(message.text)

    def action_say(self) -> None:
        """Enter elsewhere on the screen."""
        self._enter(self._box.text)

    def _enter(self, typed: str) -> None:
        """Say the line, or keep it until it can be said."""
        self._conversation.finish()
        text = clean(typed)
        if self._busy:
            if text:
                self._aside("One moment", f"{self._first_name} is thinking. Your line is kept.")
        elif self._session is None:
            self._connect()
        elif self._broke:
            session = self._session
            self._cancellation = cancellation = Cancellation()
            self._run(
                lambda: session.begin(cancellation), waiting=f"{self._first_name} is thinking"
            )
        elif text:
            self._box.take(typed)
            self._say(self._session, text)

    def _say(self, session: Session, text: str) -> None:
        self._outgoing = text
        self.query_one("#hint").display = False
        self._cancellation = cancellation = Cancellation()
        self._run(
            lambda: session.say(text, cancellation), waiting=f"{self._first_name} is thinking"
        )

    def on_text_area_changed(self, _: TextArea.Changed) -> None:
        """Whoever types has read enough of the line that is appearing."""
        self._conversation.finish()

    def on_key(self, event: events.Key) -> None:
        """Any key brings the rest of the line, and typing always lands in the box."""
        self._conversation.finish()
        if event.is_printable and event.character and self._box.is_on_screen:
            self._box.focus()
            self._box.insert(event.character)
            event.stop()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """To the scorecard."""
        event.stop()
        if self._session is not None:
            self.app.show_scorecard(self._session.id)

    def action_hint(self) -> None:
        """Something to try, until the next line."""
        if self._session is None or self._state.opened is None:
            return
        self._aside("Hint", self.app.switchboard.hint(self._state))

    def action_sheet(self) -> None:
        """The product sheet over the conversation."""
        self.app.push_screen(Page("Your sheet", *sheet(self._plan.casting.scenario.you)))

    def action_scroll(self, pages: int) -> None:
        """Read back without leaving the box."""
        if pages < 0:
            self._conversation.scroll_page_up(animate=False)
        else:
            self._conversation.scroll_page_down(animate=False)

    def action_end(self) -> None:
        """Hang up; asks once while nothing is decided."""
        if self._session is None or self._state.ended is not None:
            return
        if self._state.standing.agreed:
            self._end_now()
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._end_now()

        self.app.push_screen(
            Question("Nothing is decided yet. End the call?", "End it (y)", "Stay on (n)"),
            answered,
        )

    def _end_now(self) -> None:
        if self._session is None or self._state.ended is not None:
            return
        if self._busy:
            self._end_wanted = True
            self._cancellation.cancel()
            return
        self._end_wanted = False
        self._run(self._session.end, waiting="Hanging up")

    def action_leave(self) -> None:
        """Home. A call that is not over waits there."""
        if self._state.ended is None and self._session is not None:
            self.app.note("The call is kept. Go on with it from here whenever you like.")
        self.app.action_home()

    def help(self) -> Page:
        """What the keys do and what the marks mean."""
        parts: list[Widget] = [
            paragraph("Say what you would say on the phone. They decide for themselves."),
            paragraph(),
            Row("enter", Content("say the line")),
        ]
        if self._plan.mode is Mode.GUIDED:
            parts.append(Row("f2", Content("a hint")))
        parts += [
            Row("f3", Content("your product sheet")),
            Row("ctrl+e", Content("end the call")),
            Row("esc", Content("leave; the call waits for you on the home screen")),
            Row("page up", Content("read back; page down comes forward again")),
            Row("ctrl+t", Content("light or dark")),
        ]
        if self._plan.mode is Mode.GUIDED:
            parts += [
                paragraph(),
                paragraph("The ladder is climbed from the bottom."),
                *(Row(stage.value, Content(stage.meaning)) for stage in reversed(Stage)),
                paragraph(),
                Row("▲ ▼", Content("what your last line did")),
                Row("°", Content("its author's line, because the model's would not do")),
            ]
        return Page("On the phone", *parts)

    # Drawing.

    @property
    def _box(self) -> SayBox:
        return self.query_one(SayBox)

    @property
    def _conversation(self) -> Conversation:
        return self.query_one(Conversation)

    def _show_spoke(self, spoke: Spoke, *, spoken: bool) -> None:
        self._conversation.add_prospect(
            self._first_name,
            spoke.text,
            written=spoke.source == "authored" and self._plan.mode is Mode.GUIDED,
            spoken=spoken,
        )

    def _aside(self, title: str, words: str) -> None:
        """A remark above the box, gone when the prospect has answered."""
        strip = self.query_one("#hint", Static)
        strip.update(Content.assemble((f"{title}  ", "bold $secondary"), literal(words)))
        strip.display = True

    def _show_standing(self) -> None:
        if not self._state.standings:
            return
        if self._plan.mode is Mode.GUIDED:
            self.query_one(Ladder).show(self._state)
            self.query_one(FoldedLadder).show(self._state)
        elif self._plan.mode is Mode.STANDARD:
            self.query_one("#mood", Static).update(
                Content.assemble(("mood ", "$text-muted"), (self._state.mood.value, "bold"))
            )

    def _show_ended(self, ended: Ended) -> None:
        self._conversation.wait_for(None)
        self._end_wanted = False
        self.query_one(CallClock).stop()
        words = OUTCOME_WORDS[ended.outcome]
        if ended.by == "rep" and ended.outcome is not Outcome.AGREED:
            words = f"You ended the call. {words}"
        self.query_one("#outcome", Static).update(
            Content.assemble(("The call is over. ", "bold"), words)
        )
        self.query_one("#hint").display = False
        self.query_one("#say").display = False
        self.query_one("#over").display = True
        self.query_one("#scorecard").focus()
        self.refresh_bindings()
