"""Where the rep's next line is typed."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea


def _has_key(binding: BindingType, key: str) -> bool:
    keys = binding.key if isinstance(binding, Binding) else binding[0]
    return key in keys.split(",")


class SayBox(TextArea, inherit_bindings=False):
    """A box that grows with the line and wraps it.

    It takes the Enter key itself, in the order in which keys came: a binding of the screen would
    overtake what a fast hand or a paste has typed on a slow machine, and cut the line in two.
    """

    class Entered(Message):
        """The line is to be said; it stays in the box until the screen takes it."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    # All of TextArea's keys but ctrl+e, which ends the call; the end key does its work.
    BINDINGS: ClassVar[list[BindingType]] = [
        *(one for one in TextArea.BINDINGS if not _has_key(one, "ctrl+e")),
        Binding("end", "cursor_line_end", "end of line", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            id=id,
            soft_wrap=True,
            show_line_numbers=False,
            tab_behavior="focus",
            highlight_cursor_line=False,
        )

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Entered(self.text))
        else:
            await super()._on_key(event)

    def take(self, text: str) -> None:
        """Remove a line that is being said; what was typed after it stays."""
        self.text = self.text.removeprefix(text).lstrip()
        self.move_cursor(self.document.end)

    def give_back(self, text: str) -> None:
        """Put a line that could not be said before whatever has been typed since."""
        rest = self.text
        self.text = f"{text} {rest}" if rest else text
        self.move_cursor(self.document.end)
