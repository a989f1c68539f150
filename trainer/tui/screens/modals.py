"""Small windows over a screen: a question, a choice, the product sheet, help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from trainer.library import Offer
from trainer.tui.widgets.row import Row, paragraph
from trainer.tui.wording import literal


class Question(ModalScreen[bool]):
    """Asks once before something that can't be taken back."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "yes"),
        Binding("n,escape", "answer(False)", "no"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(self, asks: str, yes: str, no: str) -> None:
        super().__init__()
        self._asks, self._yes, self._no = asks, yes, no

    def compose(self) -> ComposeResult:
        """The question over its two answers; the harmless one has the focus."""
        with Vertical(classes="window"):
            yield Static(literal(self._asks))
            with Horizontal(classes="answers"):
                yield Button(literal(self._no), id="no", compact=True)
                yield Button(literal(self._yes), id="yes", compact=True)

    def on_mount(self) -> None:
        """Enter alone does no harm."""
        self.query_one("#no").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """By mouse or Enter."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, answer: bool) -> None:
        """By key."""
        self.dismiss(answer)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: its id, its name and what it means."""

    id: str
    name: str
    means: str = ""


class Chooser(ModalScreen[str | None]):
    """Picks one of several things, each with its meaning. None when nothing was picked."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "back")]

    def __init__(self, title: str, choices: Sequence[Choice], current: str) -> None:
        super().__init__()
        self._title, self._choices, self._current = title, choices, current

    def compose(self) -> ComposeResult:
        """A list with the present choice highlighted."""
        with Vertical(classes="window wide"):
            yield Static(literal(self._title, "bold $primary"))
            yield OptionList(
                *(
                    Option(
                        Content.assemble(
                            literal(choice.name, "bold"),
                            "\n" if choice.means else "",
                            literal(choice.means, "$text-muted"),
                        )
                    )
                    for choice in self._choices
                )
            )

    def on_mount(self) -> None:
        """Begin at the present choice."""
        ids = [choice.id for choice in self._choices]
        options = self.query_one(OptionList)
        options.highlighted = ids.index(self._current) if self._current in ids else 0
        options.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Enter or a click picks."""
        self.dismiss(self._choices[event.option_index].id)


class Page(ModalScreen[None]):
    """Something to read and put away again."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,f1,f3", "dismiss", "back to the call"),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
    ]

    def __init__(self, title: str, *parts: Widget) -> None:
        super().__init__()
        self._title, self._parts = title, parts

    def compose(self) -> ComposeResult:
        """A title, the text, and how to leave."""
        with Vertical(classes="window wide"):
            yield Static(literal(self._title, "bold $primary"))
            with VerticalScroll():
                yield from self._parts
            yield Static(Content.styled("esc to go back", "$text-muted"), id="leave")

    def on_mount(self) -> None:
        """Arrow keys scroll at once."""
        self.query_one(VerticalScroll).focus()

    def on_click(self) -> None:
        """A click anywhere puts it away."""
        self.dismiss()


def sheet(offer: Offer) -> list[Widget]:
    """The rep's product sheet, as briefing and call show it."""
    parts: list[Widget] = [
        paragraph(Content.assemble(literal(offer.company, "bold"), ": ", literal(offer.sells))),
        Row("price", literal(offer.price)),
    ]
    for name, items in (
        ("does", offer.does),
        ("proof", offer.proof),
        ("takes", offer.takes),
        ("not for", offer.not_for),
    ):
        parts += [Row("" if number else name, literal(item)) for number, item in enumerate(items)]
    return parts
