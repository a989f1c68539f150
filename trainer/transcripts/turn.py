"""A conversation as everything downstream reads it: who said what, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from trainer.pathway import Speaker


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said before the other spoke. ``start`` is seconds from the beginning."""

    speaker: Speaker
    text: str
    start: float | None = None


@dataclass(frozen=True, slots=True)
class Transcript:
    """A whole conversation. Turns count from 1 over both speakers, as the contracts do."""

    turns: tuple[Turn, ...]
    rep_name: str | None = None
    prospect_name: str | None = None
    source: str = ""
    notes: tuple[str, ...] = field(default=())
    """What the reader had to assume, for instance which speaker it took for the rep."""

    def numbered(self, speaker: Speaker | None = None) -> list[tuple[int, Turn]]:
        """Turns with their numbers from 1, all of them or one speaker's only."""
        return [
            (number, turn)
            for number, turn in enumerate(self.turns, start=1)
            if speaker is None or turn.speaker is speaker
        ]
