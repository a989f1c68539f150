"""The film: the call once more, with what each line was and where it left the prospect.

Shown after the call only; during it, the prospect's mind is their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer, Static

from trainer.calls.events import CallState
from trainer.grading.scorecard import Scorecard
from trainer.pathway import Move, Speaker, Stage
from trainer.prospect.standing import Standing
from trainer.tui.widgets.row import Row
from trainer.tui.wording import change, hurts, literal, tenths

if TYPE_CHECKING:
    from trainer.tui.app import EarnedCloseApp


class FilmScreen(Screen[None]):
    """One block a turn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f", "app.pop_screen", "back to the scorecard"),
        Binding("h", "app.home", "home"),
    ]
    app: EarnedCloseApp

    def __init__(self, state: CallState, card: Scorecard | None) -> None:
        super().__init__()
        self._state = state
        self._card = card

    def compose(self) -> ComposeResult:
        """Title, the turns, keys."""
        title = self._state.opened.scenario.title if self._state.opened else "The call"
        yield Static(
            Content.assemble(literal(title, "bold $primary"), ("   film", "$text-muted")),
            id="title",
        )
        with VerticalScroll(id="pages"):
            yield Vertical(*frames(self._state, self._card), id="frames")
        yield Footer(compact=True, show_command_palette=False)

    def on_mount(self) -> None:
        """Arrow keys scroll at once."""
        self.query_one("#pages").focus()


def frames(state: CallState, card: Scorecard | None) -> list[Widget]:
    """The turns, each with what it was: for the rep's, the moves and the standing they led to;
    for the prospect's, the act, the reason, and whether the words were the model's."""
    graded = dict(card.moves) if card is not None else {}
    name = state.opened.scenario.prospect.first_name if state.opened else "Prospect"
    blocks: list[Widget] = []
    reps = prospects = 0
    for number, turn in enumerate(state.turns, start=1):
        below: list[Content] = []
        if turn.speaker is Speaker.REP:
            reps += 1
            heard = state.readings[reps - 1].labels if reps <= len(state.readings) else frozenset()
            below.append(_moves(graded.get(number) or tuple(m for m in Move if m in heard)))
            if reps < len(state.standings):
                below.append(_standing(state.standings[reps - 1], state.standings[reps]))
            speaker = Content.styled("You", "bold $secondary")
        else:
            prospects += 1
            below.append(_act(state, prospects - 1))
            speaker = literal(name, "bold $primary")
        text = Content("\n").join([literal(turn.text), *below])
        blocks.append(
            Row(Content.assemble((f"{number:>3} ", "$text-muted"), speaker), text, cells=14)
        )
    return blocks


def _act(state: CallState, place: int) -> Content:
    """What the prospect did in their ``place``-th turn from 0, and why."""
    parts: list[Content] = []
    if place < len(state.directions):
        direction = state.directions[place]
        why = f": {direction.why}" if direction.why else ""
        parts.append(literal(direction.act.value.replace("_", " ") + why, "italic $text-muted"))
    if state.sources[place].source == "authored":
        parts.append(Content.styled("° its author's words", "$text-muted"))
    return Content("  ").join(parts)


def _moves(moves: tuple[Move, ...]) -> Content:
    if not moves:
        return Content.styled("nothing in particular", "italic $text-muted")
    return Content.styled(", ", "$text-muted").join(
        Content.styled(
            move.in_words, "italic $text-error" if hurts(move) else "italic $text-success"
        )
        for move in moves
    )


def _standing(before: Standing, now: Standing) -> Content:
    parts = [
        Content.assemble(
            (f"{stage.value} ", "$text-muted"),
            tenths(now.levels[stage]),
            change(before.levels[stage], now.levels[stage]),
        )
        for stage in Stage
    ]
    parts.append(
        Content.assemble(
            ("patience ", "$text-muted"),
            tenths(now.patience),
            change(before.patience, now.patience),
        )
    )
    return Content(" ").join(parts)
