"""Where the rep's next line is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea


class SayBox(TextArea):
    """A box that grows with the line, wraps it, and sends it on Enter."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "say", "say", priority=True)]

    class Said(Message):
        """Enter was pressed; the box still holds the text, in case it can't be said yet."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            soft_wrap=True,
            show_line_numbers=False,
            tab_behavior="focus",
            highlight_cursor_line=False,
        )

    def action_say(self) -> None:
        """Hand the text over."""
        self.post_message(self.Said(self.text))

    def give_back(self, text: str) -> None:
        """Put a line that could not be said before whatever has been typed since."""
        rest = self.text
        self.text = f"{text} {rest}" if rest else text
        self.move_cursor(self.document.end)
