"""The conversation: prospect left, rep right, the prospect's words appearing as if spoken."""

from __future__ import annotations

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from trainer.plaintext import clean
from trainer.tui.wording import literal

SPEAKER_CELLS = 12
"""The most that a name may take; a longer one wraps."""

WORD_SECONDS = 0.025
"""How long each word of the prospect's takes to appear."""

WRITTEN_MARK = "°"
"""After a line from the persona's own script, in guided mode."""


class Line(Horizontal):
    """One turn: a name and the words."""

    def __init__(self, name: str, text: str, *, rep: bool, mark: str = "") -> None:
        super().__init__(classes="rep" if rep else "prospect")
        self._name_shown = name
        self._rep = rep
        self._mark = mark
        self._all = clean(text)
        self._ends = _word_ends(self._all)
        self._shown = len(self._ends)

    def compose(self) -> ComposeResult:
        """The rep's words stand left of ``You``, the prospect's right of their name."""
        label = Static(literal(self._name_shown), classes="speaker")
        label.styles.width = min(SPEAKER_CELLS, cell_len(clean(self._name_shown)) + 2)
        words = Static(self._content(), classes="words")
        yield from (words, label) if self._rep else (label, words)

    @property
    def complete(self) -> bool:
        """Whether all words are shown."""
        return self._shown >= len(self._ends)

    def hide_words(self) -> None:
        """Before the first word is said."""
        self._shown = 0

    def one_more(self) -> bool:
        """Show the next word. Returns whether there are more."""
        self._shown = min(self._shown + 1, len(self._ends))
        self._redraw()
        return self._shown < len(self._ends)

    def all_at_once(self) -> None:
        """Show everything."""
        self._shown = len(self._ends)
        self._redraw()

    def _redraw(self) -> None:
        if self.is_mounted:
            self.query_one(".words", Static).update(self._content())

    def _content(self) -> Content:
        if self._shown >= len(self._ends):
            return Content.assemble(literal(self._all), (self._mark, "$text-muted"))
        return literal(self._all[: self._ends[self._shown - 1]] if self._shown else "")


def _word_ends(text: str) -> list[int]:
    """Where each word of single-spaced ``text`` ends."""
    return [i for i, char in enumerate(text) if char == " "] + ([len(text)] if text else [])


class Conversation(VerticalScroll, can_focus=False):
    """All turns so far. It stays at the newest line unless the reader scrolls up."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._speaking: Line | None = None
        self._pulse: Timer | None = None
        self._waiting: Static | None = None
        self._awaited = ""
        self._dots = 0

    def on_mount(self) -> None:
        """Keep to the newest line."""
        self.anchor()
        self.set_interval(0.4, self._breathe)

    def add_rep(self, text: str) -> None:
        """The rep said something."""
        self._add(Line("You", text, rep=True))

    def add_prospect(self, name: str, text: str, *, written: bool, spoken: bool) -> None:
        """The prospect said something. ``spoken``: let the words appear one after the other."""
        self.finish()
        line = Line(name, text, rep=False, mark=WRITTEN_MARK if written else "")
        if spoken and self.app.animation_level != "none":
            line.hide_words()
            self._speaking = line
            self._pulse = self.set_interval(WORD_SECONDS, self._next_word)
        self._add(line)

    def add_notice(self, text: str, *, trouble: bool = False) -> None:
        """Something that nobody said: the call ended, the line broke."""
        self._add(Static(literal(text), classes="notice trouble" if trouble else "notice"))

    def finish(self) -> None:
        """Show the words still to come at once."""
        if self._pulse is not None:
            self._pulse.stop()
            self._pulse = None
        if self._speaking is not None:
            self._speaking.all_at_once()
            self._speaking = None

    def wait_for(self, what: str | None) -> None:
        """Show what is being waited for ("Dana is thinking"); None when it has come."""
        if self._waiting is not None:
            self._waiting.remove()
            self._waiting = None
        if what is not None:
            self._waiting = Static(literal(f"{what} ..."), classes="waiting")
            self._awaited = what
            self._dots = 3
            self._add(self._waiting)

    def _add(self, widget: Line | Static) -> None:
        if self._waiting is not None and widget is not self._waiting:
            self.mount(widget, before=self._waiting)
        else:
            self.mount(widget)
        self.anchor()

    def _next_word(self) -> None:
        if self._speaking is None or not self._speaking.one_more():
            self.finish()

    def _breathe(self) -> None:
        if self._waiting is None or self.app.animation_level == "none":
            return
        self._dots = self._dots % 3 + 1
        self._waiting.update(literal(f"{self._awaited} {'.' * self._dots}"))
