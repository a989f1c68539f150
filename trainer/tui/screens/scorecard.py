"""The scorecard: the verdict in a sentence, what shows it, what to try, what went well.

The first page is for the rep, the rest for whoever wants to check it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static
from textual.worker import get_current_worker

from trainer.calls.events import CallState
from trainer.errors import TrainerError
from trainer.grading.scorecard import CheckResult, CoachNote, Evidence, Scorecard, StageScore
from trainer.pathway import Stage, Verdict
from trainer.tui.readiness import Phase, Readiness
from trainer.tui.screens.briefing import progress_line
from trainer.tui.wording import bar, hurts, literal, sources, who

if TYPE_CHECKING:
    from trainer.tui.app import EarnedCloseApp

THINGS_TO_TRY = 3
QUOTES_PER_RUNG = 2


class ScorecardScreen(Screen[None]):
    """One call's judgement. Graded in the background where none is stored."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "again", "try again"),
        Binding("f", "film", "film"),
        Binding("h", "app.home", "home"),
        Binding("escape", "app.home", show=False),
        Binding("f1", "app.help", "help", show=False),
    ]
    app: EarnedCloseApp

    class Found(Message):
        """The log was read. ``card`` is None where none is stored."""

        def __init__(self, state: CallState, card: Scorecard | None) -> None:
            super().__init__()
            self.state = state
            self.card = card

    class Graded(Message):
        """The grader is done."""

        def __init__(self, card: Scorecard) -> None:
            super().__init__()
            self.card = card

    class Broke(Message):
        """The log could not be read or the call not graded."""

        def __init__(self, trouble: str) -> None:
            super().__init__()
            self.trouble = trouble

    def __init__(self, call_id: str) -> None:
        super().__init__()
        self._call_id = call_id
        self._state: CallState | None = None
        self._card: Scorecard | None = None
        self._grading = False

    def compose(self) -> ComposeResult:
        """Title, the page, keys. The page is filled when there is something to show."""
        yield Static(Content.styled("Scorecard", "bold $primary"), id="title")
        with VerticalScroll(id="pages"):
            yield Static(Content("Reading the call again ..."), id="waiting")
            yield Vertical(id="card")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Look the call up."""
        self.query_one("#pages").focus()
        switchboard, call_id = self.app.switchboard, self._call_id

        def look_up() -> Message:
            return self.Found(switchboard.state(call_id), switchboard.stored_scorecard(call_id))

        self._run(look_up)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The film and another go need the call to have been read."""
        if action in {"again", "film"} and self._state is None:
            return None
        return True

    def _run(self, work: Callable[[], Message]) -> None:
        def in_thread() -> None:
            worker = get_current_worker()
            try:
                message = work()
            except TrainerError as error:
                message = self.Broke(str(error))
            if not worker.is_cancelled:
                self.post_message(message)

        self.run_worker(in_thread, thread=True, group="scorecard", exit_on_error=True)

    def on_scorecard_screen_found(self, message: Found) -> None:
        """Show the stored card, or have the call graded."""
        self._state = message.state
        self.refresh_bindings()
        if message.state.opened is not None:
            scenario = message.state.opened.scenario
            self.query_one("#title", Static).update(
                Content.assemble(
                    literal(scenario.title, "bold $primary"),
                    ("   ", ""),
                    literal(who(scenario.prospect), "$text-muted"),
                )
            )
        if message.card is not None:
            self._show(message.card)
            return
        self.watch(self.app, "readiness", self._on_readiness)
        self.app.warm_up()

    def _on_readiness(self, now: Readiness) -> None:
        if self._card is not None or self._grading:
            return
        waiting = self.query_one("#waiting", Static)
        if now.phase is not Phase.READY:
            waiting.update(progress_line(now))
            return
        assert now.loaded is not None  # noqa: S101 - ready means loaded
        self._grading = True
        waiting.update(Content("Grading the call ..."))
        switchboard, call_id, loaded = self.app.switchboard, self._call_id, now.loaded
        self._run(lambda: self.Graded(switchboard.grade(call_id, loaded)))

    def on_scorecard_screen_graded(self, message: Graded) -> None:
        """Show the new card."""
        self._show(message.card)

    def on_scorecard_screen_broke(self, message: Broke) -> None:
        """Say what is wrong where the card would stand."""
        self.query_one("#waiting", Static).update(
            Content.assemble(
                ("There is no scorecard. ", "bold $text-error"), literal(message.trouble)
            )
        )

    def _show(self, card: Scorecard) -> None:
        assert self._state is not None  # noqa: S101 - shown only after Found
        self._card = card
        self.query_one("#waiting").display = False
        self.query_one("#card").mount(*blocks(card, self._state))
        self.refresh_bindings()

    def action_again(self) -> None:
        """The same call, the dice thrown anew."""
        if self._state is not None and self._state.opened is not None:
            self.app.brief_again(self._state.opened)

    def action_film(self) -> None:
        """Watch it turn by turn."""
        if self._state is not None:
            self.app.show_film(self._state, self._card)

    def help(self) -> tuple[str, Content]:
        """How to read it."""
        return "Your scorecard", Content(
            "Everything here rests on lines of the call, quoted beside it.\n\n"
            "+  a line that earned the rung    −  a line that cost it\n"
            "r  the same call once more    f  watch the call turn by turn    h  home\n\n"
            "What could not be judged is left unscored; it never counts as a zero."
        )


def blocks(card: Scorecard, state: CallState) -> list[Static]:
    """The whole card, the most telling first."""
    parts: list[Static] = [Static(_verdict(card), classes=f"verdict {_tone(card)}")]
    parts += _section("The ladder", _ladder(card))
    if card.coach:
        some = card.coach[:THINGS_TO_TRY]
        title = {1: "One thing to try", 2: "Two things to try"}.get(
            len(some), "Three things to try"
        )
        parts += _section(title, Content("\n\n").join(_coach(note) for note in some))
    if card.small_victories:
        parts += _section(
            "Small victories",
            Content("\n").join(
                Content.assemble(("✓ ", "$text-success"), literal(one))
                for one in card.small_victories
            ),
        )
    if card.unscored:
        parts += _section(
            "Not scored", Content("\n").join(literal(reason) for reason in card.unscored)
        )
    parts.append(Static(Content.styled("The details", "$text-muted"), classes="fold"))
    if card.checks:
        parts += _section("Checks", Content("\n").join(_check(one) for one in card.checks))
    if len(card.coach) > THINGS_TO_TRY:
        parts += _section(
            "More to try",
            Content("\n\n").join(_coach(note) for note in card.coach[THINGS_TO_TRY:]),
        )
    parts += _section("The call in figures", _figures(card, state))
    if card.moves:
        parts += _section("Your moves, turn by turn", _moves(card))
    return parts


def _section(title: str, content: Content) -> list[Static]:
    return [
        Static(Content.styled(title, "bold $primary"), classes="heading"),
        Static(content, classes="section"),
    ]


def _tone(card: Scorecard) -> str:
    if card.verdict is Verdict.EARNED_CLOSE:
        return "good"
    if card.verdict in {Verdict.LEFT_ON_TABLE, Verdict.NOT_EARNED, Verdict.UNSCORED}:
        return "middling"
    return "bad"


def _verdict(card: Scorecard) -> Content:
    score = "unscored" if card.score is None else f"{card.score} of 100"
    passed = {True: "  passed", False: "  not passed yet", None: ""}[card.passed]
    by = f", by turn {card.earned_at}" if card.earned and card.earned_at is not None else ""
    return Content.assemble(
        literal(card.sentence, "bold"),
        "\n\n",
        (score, "bold"),
        passed,
        ("   earned ", "$text-muted"),
        f"{'yes' if card.earned else 'no'}{by}",
        ("   close ", "$text-muted"),
        card.form.value,
    )


def _ladder(card: Scorecard) -> Content:
    rows: list[Content] = []
    for stage in reversed(Stage):
        rows.append(_rung(stage, card.stages.get(stage)))
        part = card.stages.get(stage)
        for evidence in part.evidence[:QUOTES_PER_RUNG] if part else ():
            rows.append(_quote(evidence))
    return Content("\n").join(rows)


def _rung(stage: Stage, part: StageScore | None) -> Content:
    if part is None or part.score is None:
        return Content.assemble((f"{stage.value:<9}", "bold"), ("unscored", "$text-muted"))
    return Content.assemble(
        (f"{stage.value:<9}", "bold"),
        bar(part.score / 100),
        f"  {part.level or '':<5}",
        (f"{part.score:>3}", "$text-muted"),
    )


def _quote(evidence: Evidence) -> Content:
    bad = hurts(evidence.move)
    return Content.assemble(
        "   ",
        ("− " if bad else "+ ", "bold $text-error" if bad else "bold $text-success"),
        (f"turn {evidence.turn}  ", "$text-muted"),
        literal(f"“{evidence.quote}”"),
        (f"  {evidence.move.title}" if evidence.move else "", "italic $text-muted"),
    )


def _coach(note: CoachNote) -> Content:
    return Content.assemble(
        (f"turn {note.turn}  ", "$text-muted"),
        literal(note.missed),
        ("\n   you said  ", "$text-muted"),
        literal(f"“{note.said}”"),
        ("\n   try       ", "bold $text-success"),
        literal(f"“{note.try_}”"),
    )


def _check(check: CheckResult) -> Content:
    mark, style, word = {
        True: ("✓", "$text-success", "yes"),
        False: ("✗", "$text-error", "no"),
        None: ("–", "$text-muted", "can't say"),
    }[check.passed]
    turns = ", ".join(str(one.turn) for one in check.evidence)
    return Content.assemble(
        (f"{mark} {word:<10}", style),
        literal(check.asks),
        (f"  turn {turns}" if turns else "", "$text-muted"),
    )


def _figures(card: Scorecard, state: CallState) -> Content:
    stats = card.stats
    share = "unknown" if stats.talk_ratio is None else f"{round(stats.talk_ratio * 100)} %"
    return Content("\n").join(
        [
            Content(f"You said {share} of all words, in {stats.rep_turns} turns; the longest had "
                    f"{stats.longest_turn_words} words."),
            Content(f"You asked {stats.questions} questions, {stats.open_questions} of them open, "
                    f"and said back what you heard {stats.reflections} times."),
            literal(sources(state)),
            literal(f"Judged by the rubric {card.rubric}."),
        ]
    )  # fmt: skip


def _moves(card: Scorecard) -> Content:
    rows = []
    for turn, moves in card.moves:
        names = Content(", ").join(
            Content.styled(move.title, "$text-error" if hurts(move) else "") for move in moves
        )
        rows.append(
            Content.assemble(
                (f"turn {turn:<3} ", "$text-muted"),
                names if moves else Content("nothing in particular"),
            )
        )
    return Content("\n").join(rows)
