"""Briefing: who is on the line, what you sell, how you will be judged. The models warm up
meanwhile, so that reading costs no time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Footer, Static

from trainer.library import Rubric
from trainer.pathway import Mode, Speaker, Stage
from trainer.transcripts import Turn
from trainer.tui.readiness import Phase, Readiness
from trainer.tui.screens.modals import sheet
from trainer.tui.session import Plan
from trainer.tui.widgets.row import Row, paragraph
from trainer.tui.wording import LEAD_NAMES, bar, literal, who

if TYPE_CHECKING:
    from trainer.tui.app import EarnedCloseApp

MODE_WORDS = {
    Mode.GUIDED: "guided: you see where they stand after each turn, and f2 gives you a hint",
    Mode.STANDARD: "standard: you see their mood, nothing else",
    Mode.EXAM: "exam: nothing but the conversation, as on the phone",
}
SHOWN_TURNS = 4


class BriefingScreen(Screen[None]):
    """All there is to know before the call, or where a broken-off one stood."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "pick_up", "pick up the phone", priority=True),
        Binding("f5", "fetch", "fetch the models"),
        Binding("f6", "retry", "try again"),
        Binding("escape", "app.home", "back"),
    ]
    app: EarnedCloseApp

    def __init__(self, plan: Plan, so_far: tuple[Turn, ...] = ()) -> None:
        super().__init__()
        self._plan = plan
        self._so_far = so_far

    def compose(self) -> ComposeResult:
        """Two columns where there is room, one where there isn't."""
        casting = self._plan.casting
        yield Static(
            Content.assemble(
                literal(casting.scenario.title, "bold $primary"),
                ("   pick up where you left off" if self._plan.resume else "   briefing",
                 "$text-muted"),
            ),
            id="title",
        )  # fmt: skip
        with VerticalScroll(id="pages"), Horizontal(id="columns"):
            with Vertical(classes="column"):
                if self._so_far:
                    yield from section("So far", self._tail())
                yield from section("On the line", self._line())
                yield from section("Your sheet", sheet(casting.scenario.you))
            with Vertical(classes="column"):
                yield from section("How you will be judged", judged_by(casting.rubric))
        with Vertical(id="ready"):
            yield Static(id="progress")
            yield Button(Content("Pick up the phone  (enter)"), id="pick-up", compact=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Start warming up, and follow it."""
        self.query_one("#pages").focus()
        self.watch(self.app, "readiness", self._on_readiness)
        self.app.warm_up()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what would do something now."""
        phase = self.app.readiness.phase
        if action == "fetch":
            return phase is Phase.FAILED and self.app.readiness.fetchable
        if action == "retry":
            return phase is Phase.FAILED
        if action == "pick_up":
            return True if phase is Phase.READY else None
        return True

    def on_button_pressed(self, _: Button.Pressed) -> None:
        """By mouse."""
        self.action_pick_up()

    def action_pick_up(self) -> None:
        """Make the call, if the models are ready."""
        if self.app.readiness.phase is Phase.READY:
            self.app.call(self._plan)

    def action_fetch(self) -> None:
        """Fetch the models, then load them."""
        self.app.fetch_models()

    def action_retry(self) -> None:
        """Load again, after whatever was wrong has been mended."""
        self.app.warm_up()

    def _on_readiness(self, now: Readiness) -> None:
        self.query_one("#pick-up", Button).disabled = now.phase is not Phase.READY
        self.query_one("#progress", Static).update(progress_line(now))
        self.refresh_bindings()

    def _line(self) -> list[Widget]:
        scenario, persona = self._plan.casting.scenario, self._plan.casting.persona
        town = f"({scenario.prospect.city})" if scenario.prospect.city else ""
        lead = scenario.lead
        parts: list[Widget] = [
            paragraph(Content.assemble(literal(who(scenario.prospect), "bold"), " ", literal(town)))
        ]
        if self._plan.mode is not Mode.EXAM:
            parts.append(paragraph(literal(f"{persona.name}: {persona.summary}")))
        parts.append(paragraph())
        parts.append(Row("how", Content(f"{LEAD_NAMES[lead.source]}: {lead.source.meaning}")))
        if lead.saw:
            parts.append(Row("they saw", literal(lead.saw)))
        if lead.wrote:
            parts.append(Row("in words", literal(lead.wrote)))
        parts.append(Row("a yes is", literal(scenario.yes_means)))
        parts += [Row("mode", Content(MODE_WORDS[self._plan.mode]))]
        return parts

    def _tail(self) -> list[Widget]:
        name = self._plan.casting.scenario.prospect.first_name
        return [
            Row(literal("You" if turn.speaker is Speaker.REP else name, "bold"), literal(turn.text))
            for turn in self._so_far[-SHOWN_TURNS:]
        ]


def section(title: str, parts: Iterable[Widget]) -> Iterator[Widget]:
    """A heading and what stands under it."""
    yield Static(Content.styled(title, "bold $primary"), classes="heading")
    yield Vertical(*parts, classes="section")


def progress_line(now: Readiness) -> Content:
    """Where loading stands, in a line; when it failed, what to do in as many as it takes."""
    match now.phase:
        case Phase.READY:
            return Content.styled("The prospect is ready when you are.", "$text-success")
        case Phase.FAILED:
            mend = "f5 fetches the models now; " if now.fetchable else ""
            return Content.assemble(
                ("The prospect can't come to the phone. ", "bold $text-error"),
                literal(now.trouble),
                (f"\n{mend}f6 tries again.", "$text-muted"),
            )
        case _:
            share = f" {round(now.fraction * 100)} %" if now.fraction is not None else ""
            doing = literal(now.doing) if now.doing else Content("warming up the prospect")
            meter = (bar(now.fraction), "  ") if now.fraction is not None else ()
            return Content.assemble(*meter, doing, f" ...{share}")


def judged_by(rubric: Rubric) -> list[Widget]:
    """The rubric in plain words: stage by stage from the ground up, then the whole call."""
    parts: list[Widget] = [paragraph(literal(rubric.summary)), paragraph()]
    for stage in Stage:
        parts.append(
            Row(Content.styled(stage.value, "bold"), Content.styled(stage.meaning, "$text-muted"))
        )
        parts += [
            Row("        •", literal(check.asks)) for check in rubric.checks if check.stage is stage
        ]
    whole = [check for check in rubric.checks if check.stage is None]
    if whole:
        parts.append(paragraph(Content.styled("the whole call", "bold")))
        parts += [Row("        •", literal(check.asks)) for check in whole]
    parts += [
        paragraph(),
        paragraph(
            f"Passed at {rubric.pass_mark} of 100. Whether you earned the close, and how you made "
            "it, are judged apart: once it is earned, go ahead as decided. Don't ask for it."
        ),
    ]
    return parts
