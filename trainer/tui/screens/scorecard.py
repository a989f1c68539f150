"""The scorecard: the verdict in a sentence, what shows it, what to try, what went well.

The first page is for the rep, the rest for whoever wants to check it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Static
from textual.worker import get_current_worker

from trainer.calls.events import CallState
from trainer.errors import TrainerError
from trainer.grading.scorecard import CheckResult, CoachNote, Evidence, Scorecard, StageScore
from trainer.pathway import Stage, Verdict
from trainer.tui.readiness import Phase, Readiness
from trainer.tui.screens.briefing import progress_line, section
from trainer.tui.screens.modals import Page
from trainer.tui.widgets.row import Row, paragraph
from trainer.tui.wording import bar, counted, hurts, literal, sources, who

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

    def help(self) -> Page:
        """How to read it."""
        return Page(
            "Your scorecard",
            paragraph("Everything here rests on lines of the call, quoted beside it."),
            paragraph(),
            Row("+", Content("a line that earned the rung")),
            Row("−", Content("a line that cost it")),
            Row("r", Content("the same call once more")),
            Row("f", Content("watch the call turn by turn")),
            Row("h", Content("home")),
            paragraph(),
            paragraph("What could not be judged is left unscored; it never counts as a zero."),
        )


def blocks(card: Scorecard, state: CallState) -> list[Widget]:
    """The whole card, the most telling first."""
    parts: list[Widget] = [Static(_verdict(card), classes=f"verdict {_tone(card)}")]
    parts += section("The ladder", _ladder(card))
    if card.coach:
        some = card.coach[:THINGS_TO_TRY]
        number = {1: "One thing", 2: "Two things"}.get(len(some), "Three things")
        parts += section(f"{number} to try", [_coach(note) for note in some])
    if card.small_victories:
        mark = Content.styled("✓", "$text-success")
        parts += section(
            "Small victories", [Row(mark, literal(one), cells=3) for one in card.small_victories]
        )
    if card.unscored:
        parts += section("Not scored", [paragraph(literal(reason)) for reason in card.unscored])
    if card.set_aside:
        parts += section(
            "Heard, but not counted",
            [paragraph(literal(f"Turn {one.turn} {one.reason}.")) for one in card.set_aside],
        )
    parts.append(Static(Content.styled("The details", "$text-muted"), classes="fold"))
    if card.checks:
        parts += section("Checks", [_check(one) for one in card.checks])
    if len(card.coach) > THINGS_TO_TRY:
        parts += section("More to try", [_coach(note) for note in card.coach[THINGS_TO_TRY:]])
    parts += section("The call in figures", _figures(card, state))
    if card.moves:
        parts += section("Your moves, turn by turn", _moves(card))
    return parts


def _tone(card: Scorecard) -> str:
    if card.verdict is Verdict.EARNED_CLOSE:
        return "good"
    if card.verdict in {Verdict.LEFT_ON_TABLE, Verdict.NOT_EARNED, Verdict.UNSCORED}:
        return "middling"
    return "bad"


def _verdict(card: Scorecard) -> Content:
    score = "unscored" if card.score is None else f"{card.score} of 100"
    passed = {True: ", passed", False: ", not passed yet", None: ""}[card.passed]
    by = f" by turn {card.earned_at}" if card.earned and card.earned_at is not None else ""
    return Content.assemble(
        literal(card.sentence, "bold"),
        "\n\n",
        (score, "bold"),
        f"{passed}   ",
        ("earned ", "$text-muted"),
        f"{'yes' if card.earned else 'no'}{by}   ",
        ("close ", "$text-muted"),
        card.form.value,
    )


def _ladder(card: Scorecard) -> list[Widget]:
    parts: list[Widget] = []
    for stage in reversed(Stage):
        part = card.stages.get(stage)
        parts.append(Row(Content.styled(stage.value, "bold"), _rung(part)))
        quotes = [_quote(lines) for lines in _by_line(part.evidence if part else ())]
        parts += quotes
        if part is not None and part.score is not None and not quotes:
            nothing = Content.styled("no line of yours built this rung", "$text-muted")
            parts.append(Row("   ·", nothing, cells=5))
    return parts


def _rung(part: StageScore | None) -> Content:
    if part is None or part.score is None:
        return Content.styled("unscored", "$text-muted")
    return Content.assemble(
        bar(part.score / 100), f"  {part.level or '':<5}", (f"{part.score:>3}", "$text-muted")
    )


def _by_line(evidence: Iterable[Evidence]) -> list[list[Evidence]]:
    """Evidence that quotes the same line taken together, the most telling lines only."""
    lines: dict[tuple[int, str], list[Evidence]] = {}
    for one in evidence:
        lines.setdefault((one.turn, one.quote), []).append(one)
    return list(lines.values())[:QUOTES_PER_RUNG]


def _quote(evidence: Sequence[Evidence]) -> Row:
    moves = [one.move for one in evidence if one.move is not None]
    bad = any(hurts(move) for move in moves)
    names = ", ".join(move.in_words for move in moves)
    return Row(
        Content.assemble(
            ("   − " if bad else "   + ", "bold $text-error" if bad else "bold $text-success"),
            (f"turn {evidence[0].turn}", "$text-muted"),
        ),
        Content.assemble(
            literal(f"“{evidence[0].quote}”"), (f" {names}" if names else "", "italic $text-muted")
        ),
        cells=14,
    )


def _coach(note: CoachNote) -> Vertical:
    return Vertical(
        Row(f"turn {note.turn}", literal(note.missed), cells=10),
        Row("you said", literal(f"“{note.said}”", "$text-muted"), cells=10),
        Row(Content.styled("try", "bold $text-success"), literal(note.try_), cells=10),
        classes="note",
    )


def _check(check: CheckResult) -> Row:
    mark, style, word = {
        True: ("✓", "$text-success", "yes"),
        False: ("✗", "$text-error", "no"),
        None: ("–", "$text-muted", "can't say"),
    }[check.passed]
    turns = ", ".join(str(one.turn) for one in check.evidence)
    return Row(
        Content.styled(f"{mark} {word}", style),
        Content.assemble(literal(check.asks), (f" turn {turns}" if turns else "", "$text-muted")),
        cells=13,
    )


def _figures(card: Scorecard, state: CallState) -> list[Widget]:
    stats = card.stats
    share = "an unknown share" if stats.talk_ratio is None else f"{stats.talk_ratio:.0%}"
    return [
        paragraph(
            f"You said {share} of all words, in {counted(stats.rep_turns, 'turn')}; the longest "
            f"had {counted(stats.longest_turn_words, 'word')}."
        ),
        paragraph(
            f"You asked {counted(stats.questions, 'question')}, {stats.open_questions} of them "
            f"open, and said back what you had heard {counted(stats.reflections, 'time')}."
        ),
        paragraph(literal(sources(state))),
        paragraph(literal(f"Judged by the rubric {card.rubric}.")),
    ]


def _moves(card: Scorecard) -> list[Widget]:
    return [
        Row(
            f"turn {turn}",
            Content(", ").join(
                Content.styled(move.in_words, "$text-error" if hurts(move) else "")
                for move in moves
            )
            if moves
            else Content.styled("nothing in particular", "$text-muted"),
        )
        for turn, moves in card.moves
    ]
