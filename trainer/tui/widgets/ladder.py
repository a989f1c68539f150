"""The five stages as a ladder, bottom up, for calls in guided mode."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from trainer.calls.events import CallState
from trainer.pathway import Stage
from trainer.tui.wording import bar, change, tenths


class Ladder(Static):
    """Bars for each stage and for patience, how much of the way the prospect comes, and marks
    for what the last turn changed."""

    def show(self, state: CallState) -> None:
        """Draw where the prospect stands now."""
        now = state.standing
        before = state.standings[-2] if len(state.standings) > 1 else now
        rows = [
            Content.assemble(
                (f"{stage.value:<9}", "bold"),
                bar(now.levels[stage]),
                " ",
                change(before.levels[stage], now.levels[stage]),
            )
            for stage in reversed(Stage)
        ]
        rows += [
            Content(),
            Content.assemble(
                (f"{'patience':<9}", "bold"),
                bar(now.patience),
                " ",
                change(before.patience, now.patience),
            ),
            Content.assemble((f"{'mood':<9}", "bold"), now.mood.value),
            Content(),
            Content(f"they come {round(now.lean * 100)} % of the way"),
        ]
        if state.fallbacks:
            rows += [
                Content(),
                Content.styled(
                    f"° {state.fallbacks} of {len(state.sources)} lines written",
                    "$text-muted",
                ),
            ]
        self.update(Content("\n").join(rows))


class FoldedLadder(Static):
    """The ladder in one line of at most 78 cells, levels in tenths, for narrow terminals."""

    def show(self, state: CallState) -> None:
        """Draw where the prospect stands now."""
        now = state.standing
        before = state.standings[-2] if len(state.standings) > 1 else now
        parts: list[Content] = []
        for stage in Stage:
            mark = change(before.levels[stage], now.levels[stage])
            parts.append(
                Content.assemble(
                    (f"{stage.value} ", "$text-muted"),
                    (tenths(now.levels[stage]), "bold $primary"),
                    mark,
                )
            )
        parts.append(
            Content.assemble(
                ("patience ", "$text-muted"), (tenths(now.patience), "bold $primary"),
                change(before.patience, now.patience),
            )
        )  # fmt: skip
        parts.append(Content.styled(f"they come {round(now.lean * 100)} %", "$text-muted"))
        self.update(Content(" ").join(parts))
