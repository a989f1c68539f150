"""How far the models are: what the briefing shows while it is read, and what a call needs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from trainer.tui.session import Loaded


class Phase(StrEnum):
    """Where warming up stands."""

    COLD = "cold"
    WARMING = "warming"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Readiness:
    """The app holds one; screens watch it change."""

    phase: Phase = Phase.COLD
    doing: str = ""
    fraction: float | None = None
    trouble: str = ""
    """What went wrong, where, and what to do, as the error says it."""
    fetchable: bool = False
    """Whether fetching the models would mend it, and the app knows how."""
    loaded: Loaded | None = None
    """What loading brought: listener, engine, grader."""
