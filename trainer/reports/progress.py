"""How far a batch has come, told on standard error beside whatever else is told there."""

from __future__ import annotations

import sys
import time
from typing import Any, Self

_EVERY_SECONDS = 15.0


class Progress:
    """A bar where somebody watches, else a plain line now and then; nothing for a single file.

    Where results and progress go to one terminal there is no bar: the results show it.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._failed = 0
        self._begun = self._told = time.monotonic()
        self._watched = sys.stderr.isatty()
        self._silent = total < 2 or (self._watched and sys.stdout.isatty())
        self._bar: Any = None

    def __enter__(self) -> Self:
        if self._watched and not self._silent:
            self._bar = _bar(self._total)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()

    def advance(self, *, failed: bool = False) -> None:
        """One more is done."""
        self._done += 1
        self._failed += failed
        now = time.monotonic()
        if self._bar:
            self._bar.update(0, completed=self._done, failed=self._failed)
        elif not self._silent and now - self._told >= _EVERY_SECONDS:
            self._told = now
            left = (now - self._begun) / self._done * (self._total - self._done)
            unread = f", {self._failed:,} of them not read" if self._failed else ""
            self.say(f"{self._done:,} of {self._total:,} done{unread}; about {_span(left)} left")

    def say(self, line: str) -> None:
        """A line for whoever watches, above the bar where there is one."""
        if self._bar:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def _bar(total: int) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    bar = Bar(
        TextColumn("grading"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[failed]} not read"),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        redirect_stdout=False,  # results are results, whatever the bar does
        redirect_stderr=False,
    )
    bar.add_task("", total=total, failed=0)
    return bar


def _span(seconds: float) -> str:
    """``40 seconds``, ``12 minutes``, ``3 hours``."""
    sizes = ((3600, "hour"), (60, "minute"), (1, "second"))
    size, unit = next((one for one in sizes if seconds >= one[0]), sizes[-1])
    count = max(1, round(seconds / size))
    return f"{count} {unit}{'s' if count > 1 else ''}"
