"""The time on the line."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widgets import Static

from trainer.tui.wording import clock


class CallClock(Static):
    """Seconds since the call was put through, by a clock the app is given (tests freeze it)."""

    def __init__(self, now: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(Content(clock(0)), id=id)
        self._now = now
        self._began: float | None = None

    def on_mount(self) -> None:
        """Tick."""
        self.set_interval(0.5, self.tick)

    def start(self) -> None:
        """The line is open."""
        self._began = self._now()

    def stop(self) -> None:
        """The call is over: the time stays as it is."""
        self.tick()
        self._began = None

    def tick(self) -> None:
        """Show the time now."""
        if self._began is not None:
            self.update(Content(clock(self._now() - self._began)))
