"""A label and what it labels, side by side, so that long text stays clear of the label."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static


class Row(Horizontal):
    """The label keeps ``cells`` columns; the text wraps beside it."""

    def __init__(self, label: Content | str, text: Content, *, cells: int = 10) -> None:
        super().__init__()
        self._label = Content.styled(label, "$text-muted") if isinstance(label, str) else label
        self._text = text
        self._cells = cells

    def compose(self) -> ComposeResult:
        """Two columns."""
        label = Static(self._label, classes="label")
        label.styles.width = self._cells
        yield label
        yield Static(self._text, classes="text")


def paragraph(content: Content | str = "") -> Static:
    """Text over the whole width; our own words or content, never markup."""
    return Static(Content(content) if isinstance(content, str) else content)
