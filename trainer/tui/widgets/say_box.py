"""Where the rep's next line is typed."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import TextArea


def _has_key(binding: BindingType, key: str) -> bool:
    keys = binding.key if isinstance(binding, Binding) else binding[0]
    return key in keys.split(",")


class SayBox(TextArea, inherit_bindings=False):
    """A box that grows with the line and wraps it. The screen takes the Enter key."""

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

    def give_back(self, text: str) -> None:
        """Put a line that could not be said before whatever has been typed since."""
        rest = self.text
        self.text = f"{text} {rest}" if rest else text
        self.move_cursor(self.document.end)
