"""Home: what to practise next. Unfinished calls first, then the scenarios, onboarding ahead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Button, Footer, OptionList, Static
from textual.widgets.option_list import Option

from trainer.calls.store import CallSummary
from trainer.errors import TrainerError
from trainer.library import Scenario
from trainer.pathway import Mode
from trainer.tui.screens.modals import Choice, Chooser
from trainer.tui.wording import LEAD_NAMES, counted, literal, when, who

if TYPE_CHECKING:
    from trainer.tui.app import EarnedCloseApp

WELCOME = (
    "Welcome. The people you are about to call don't exist, but they decide for themselves: they "
    "open up, push back or hang up depending on how you treat them. Nothing you type leaves this "
    "machine. Your first call is picked: press enter."
)
SHOWN_UNFINISHED = 3


class HomeScreen(Screen[None]):
    """The list on the left, what is highlighted on the right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "start", "start", priority=True),
        Binding("p", "persona", "persona"),
        Binding("m", "mode", "mode"),
        Binding("h", "history", "history"),
        Binding("q", "app.quit", "quit"),
    ]
    app: EarnedCloseApp

    def __init__(self) -> None:
        super().__init__()
        self._unfinished: dict[str, CallSummary] = {}
        self._persona: str | None = None
        """The persona picked by hand; None means the scenario's usual one."""
        self._persona_for: str | None = None
        """The scenario that this pick belongs to."""
        self._mode = Mode.GUIDED
        self._first = True

    def compose(self) -> ComposeResult:
        """Title, welcome or problems, list, details, keys."""
        yield Static(
            Content.assemble(
                ("Earned Close", "bold $primary"),
                ("   practise the sale that you never have to ask for", "$text-muted"),
            ),
            id="title",
        )
        yield Static(Content(WELCOME), id="welcome")
        yield Static(id="problems")
        with Horizontal(id="desk"):
            yield OptionList(id="list")
            with VerticalScroll(id="details", can_focus=False):
                yield Static(id="about")
                yield Button(Content(), id="persona", compact=True)
                yield Button(Content(), id="mode", compact=True)
                yield Button(Content("Start the call  (enter)"), id="start", compact=True)
                yield Static(id="wrote")
        yield Footer(compact=True, show_command_palette=False)

    def on_screen_resume(self) -> None:
        """The log has changed while we were away."""
        self._refill()

    def on_option_list_option_highlighted(self, _: OptionList.OptionHighlighted) -> None:
        """Tell about the new one; its usual persona is the one preselected."""
        chosen = self._chosen()[1]
        if chosen is not None and chosen.id != self._persona_for:
            self._persona, self._persona_for = None, chosen.id
        self._describe()

    def on_option_list_option_selected(self, _: OptionList.OptionSelected) -> None:
        """Enter or a click starts."""
        self.action_start()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The same three things by mouse."""
        event.stop()
        {"persona": self.action_persona, "mode": self.action_mode, "start": self.action_start}[
            event.button.id or "start"
        ]()

    def action_start(self) -> None:
        """To the briefing; on a button, what the button says."""
        if isinstance(self.focused, Button) and self.focused.id != "start":
            self.focused.press()
            return
        past, scenario = self._chosen()
        if past is not None:
            self.app.brief_resume(past.id)
        elif scenario is not None:
            self.app.brief(scenario.id, self._persona, self._mode)

    def action_persona(self) -> None:
        """Cast somebody else."""
        _, scenario = self._chosen()
        if scenario is None:
            self.app.note("That call is under way: its prospect stays who they are.")
            return
        choices = [
            Choice(
                persona.id,
                persona.name + (" (usual)" if persona.id == scenario.persona else ""),
                persona.summary,
            )
            for persona in self.app.shelf.personas.values()
        ]

        def picked(persona_id: str | None) -> None:
            if persona_id is not None:
                self._persona = persona_id if persona_id != scenario.persona else None
                self._describe()

        self.app.push_screen(
            Chooser("Who is on the line?", choices, self._persona or scenario.persona), picked
        )

    def action_mode(self) -> None:
        """Choose how much to see."""
        if self._chosen()[1] is None:
            self.app.note("That call is under way: its mode stays as it is.")
            return

        def picked(mode: str | None) -> None:
            if mode is not None:
                self._mode = Mode(mode)
                self._describe()

        self.app.push_screen(
            Chooser(
                "How much do you want to see during the call?",
                [Choice(mode.value, mode.value, mode.meaning) for mode in Mode],
                self._mode.value,
            ),
            picked,
        )

    def action_history(self) -> None:
        """To the calls made so far."""
        self.app.show_history()

    def _chosen(self) -> tuple[CallSummary | None, Scenario | None]:
        options = self.query_one("#list", OptionList)
        if options.highlighted is None:
            return None, None
        kind, _, key = (options.get_option_at_index(options.highlighted).id or "").partition(":")
        if kind == "resume":
            return self._unfinished.get(key), None
        return None, self.app.shelf.scenarios.get(key)

    def _refill(self) -> None:
        past: Sequence[CallSummary] = ()
        try:
            past = self.app.switchboard.past()
        except TrainerError as error:
            self.app.note(str(error), trouble=True)
        self.set_class(bool(past), "returning")
        self._problems()
        unfinished = [one for one in past if one.outcome is None][:SHOWN_UNFINISHED]
        self._unfinished = {one.id: one for one in unfinished}
        options = self.query_one("#list", OptionList)
        at = options.highlighted
        kept = options.get_option_at_index(at).id if at is not None else None
        options.clear_options()
        options.add_options(self._options(unfinished))
        ids = [option.id for option in options.options]
        if self._first or kept not in ids:
            first = [one for one in ids if one and one.startswith("resume:")] or [
                one for one in ids if one and one.startswith("scenario:")
            ]
            kept = first[0] if first else None
        self._first = False
        if kept is not None:
            options.highlighted = ids.index(kept)
        options.focus()
        self._describe()

    def _problems(self) -> None:
        findings = self.app.shelf.findings
        line = self.query_one("#problems", Static)
        line.display = bool(findings)
        if findings:
            first = findings[0]
            more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
            line.update(
                Content.assemble(
                    ("! ", "bold $text-warning"),
                    literal(f"{first.path}:{first.line}: {first.message}{more}."),
                    (" `trainer check` lists them.", "$text-muted"),
                )
            )

    def _options(self, unfinished: Sequence[CallSummary]) -> list[Option]:
        def heading(text: str) -> Option:
            return Option(Content.styled(text, "bold $text-muted"), disabled=True)

        options: list[Option] = []
        if unfinished:
            options.append(heading("GO ON WITH"))
            options += [
                Option(
                    Content.assemble(
                        ("  ↻ ", "$text-warning"), literal(past.title, "bold"),
                        ("\n    ", ""), literal(f"{past.prospect}, {counted(past.turns, 'turn')}, "
                                          f"{when(past.started)}", "$text-muted"),
                    ),
                    id=f"resume:{past.id}",
                )
                for past in unfinished
            ]  # fmt: skip
        scenarios = sorted(
            self.app.shelf.scenarios.values(),
            key=lambda one: (one.onboarding or 10_000, one.industry, one.title),
        )
        first_steps = [one for one in scenarios if one.onboarding is not None]
        if first_steps:
            options.append(heading("FIRST STEPS, IN THIS ORDER"))
            options += [self._option(one) for one in first_steps]
        rest = [one for one in scenarios if one.onboarding is None]
        if rest:
            options.append(heading("ALL OTHER CALLS" if first_steps else "CALLS"))
            options += [self._option(one) for one in rest]
        return options

    def _option(self, scenario: Scenario) -> Option:
        persona = self.app.shelf.personas.get(scenario.persona)
        number = f"{scenario.onboarding:>3} " if scenario.onboarding is not None else "    "
        about = (
            f"{scenario.industry}, {LEAD_NAMES[scenario.lead.source]}, "
            f"{persona.name if persona else scenario.persona}"
        )
        return Option(
            Content.assemble(
                (number, "bold"),
                literal(scenario.title, "bold"),
                "\n    ",
                literal(about, "$text-muted"),
            ),
            id=f"scenario:{scenario.id}",
        )

    def _describe(self) -> None:
        past, scenario = self._chosen()
        about = self.query_one("#about", Static)
        self.query_one("#wrote").display = scenario is not None
        for name in ("persona", "mode"):
            self.query_one(f"#{name}", Button).display = scenario is not None
        start = self.query_one("#start", Button)
        start.display = past is not None or scenario is not None
        start.label = Content("Go on  (enter)" if past else "Start  (enter)")
        if past is not None:
            about.update(
                Content.assemble(
                    literal(past.title, "bold $primary"),
                    "\n\n",
                    literal(past.prospect, "bold"),
                    "\nis still on the line: ",
                    f"{counted(past.turns, 'turn')}, {past.mode.value} mode.\n",
                )
            )
        elif scenario is not None:
            self._describe_scenario(about, scenario)
        else:
            about.update(
                Content("There are no scenarios to practise. `trainer check` says what is wrong.")
            )

    def _describe_scenario(self, about: Static, scenario: Scenario) -> None:
        parts: list[Content | str] = [
            literal(scenario.title, "bold $primary"),
            "\n\n",
            literal(who(scenario.prospect), "bold"),
            "\n",
            Content.styled(LEAD_NAMES[scenario.lead.source], "$text-muted"),
        ]
        about.update(Content.assemble(*parts))
        self.query_one("#wrote", Static).update(
            literal(scenario.lead.wrote or scenario.lead.saw or "", "italic $text-muted")
        )
        usual = self._persona is None
        persona = self.app.shelf.personas.get(self._persona or scenario.persona)
        name = persona.name if persona else scenario.persona
        self.query_one("#persona", Button).label = Content.assemble(
            ("Persona ", "$text-muted"), literal(name + (" (usual)" if usual else "")), " ▾"
        )
        self.query_one("#mode", Button).label = Content.assemble(
            ("Mode    ", "$text-muted"), self._mode.value, " ▾"
        )
