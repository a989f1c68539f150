"""History: the calls made so far, the newest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import DataTable, Footer, Static

from trainer.calls.store import CallSummary
from trainer.errors import TrainerError
from trainer.plaintext import clean, clip
from trainer.tui.wording import VERDICT_NAMES, when

if TYPE_CHECKING:
    from trainer.tui.app import EarnedCloseApp

TITLE_CELLS = 26
PROSPECT_CELLS = 16


class HistoryScreen(Screen[None]):
    """A table; Enter opens the scorecard, or goes on with a call that is not over."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "open", priority=True),
        Binding("escape,h", "app.home", "home"),
    ]
    app: EarnedCloseApp

    def __init__(self) -> None:
        super().__init__()
        self._past: Sequence[CallSummary] = ()

    def compose(self) -> ComposeResult:
        """Title, table, keys."""
        yield Static(Content.styled("Your calls so far", "bold $primary"), id="title")
        yield Static(Content("No calls yet. The first one is on the home screen."), id="none")
        yield DataTable(id="table", cursor_type="row", zebra_stripes=True)
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Read the log's summaries."""
        try:
            self._past = self.app.switchboard.past()
        except TrainerError as error:
            self.app.note(str(error), trouble=True)
        table = self.query_one(DataTable)
        table.add_columns("When", "Call", "Prospect", "Score", "Verdict")
        for past in self._past:
            table.add_row(*_row(past), key=past.id)
        table.display = bool(self._past)
        self.query_one("#none").display = not self._past
        if self._past:
            table.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing to open, nothing offered."""
        return action != "open" or bool(self._past)

    def action_open(self) -> None:
        """The highlighted call."""
        self.query_one(DataTable).action_select_cursor()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter or a click."""
        past = next(one for one in self._past if one.id == event.row_key.value)
        if past.outcome is None:
            self.app.brief_resume(past.id)
        else:
            self.app.show_scorecard(past.id)


def _row(past: CallSummary) -> tuple[Text, ...]:
    # rich.text.Text, because the table reads plain strings as markup.
    if past.outcome is None:
        verdict = "not over: go on"
    elif past.verdict is None:
        verdict = "not graded yet"
    else:
        verdict = VERDICT_NAMES[past.verdict]
    return (
        Text(when(past.started)),
        Text(clip(clean(past.title), TITLE_CELLS)),
        Text(clip(clean(past.prospect), PROSPECT_CELLS)),
        Text("" if past.score is None else str(past.score), justify="right"),
        Text(verdict),
    )
