"""What went wrong with the files of a batch, summed up at its end."""

from __future__ import annotations

_LISTED = 100


class Troubles:
    """Counts what could not be read and keeps the first hundred reasons: a folder that holds
    nothing readable must not fill the memory with reasons."""

    def __init__(self, total: int) -> None:
        """``total``: files in the batch."""
        self._total = total
        self._reasons: list[str] = []
        self.count = 0

    def add(self, reason: str) -> None:
        """One more; ``reason`` names the file."""
        self.count += 1
        if len(self._reasons) < _LISTED:
            self._reasons.append(reason)

    @property
    def summary(self) -> str:
        """``3 of 1,000 could not be read:`` and a line for each."""
        lines = [f"{self.count:,} of {self._total:,} could not be read:"]
        lines += [f"  {reason}" for reason in self._reasons]
        if self.count > len(self._reasons):
            lines.append(f"  and {self.count - len(self._reasons):,} more, told above")
        return "\n".join(lines)
