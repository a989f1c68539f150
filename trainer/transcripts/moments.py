"""When something was said: the many ways in which exports write it, as seconds."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from trainer.transcripts.assembly import seconds_of

_DAY = 86_400.0
_DATES_FROM = 1e8
"""Seconds from which a time is a date (1973), not a place in a call."""
_MILLISECONDS_FROM = 1e11
_DURATION = re.compile(
    r"PT(?:(\d{1,4})H)?(?:(\d{1,4})M)?(?:(\d{1,6}(?:\.\d{1,9})?)S)?", re.IGNORECASE
)


def moment(name: str, given: Any) -> float | None:
    """Seconds from the beginning of the call, or since 1970 for a date; None where it is neither.

    ``name``: the key it stands under, folded to letters and digits; it may say milliseconds.
    """
    if isinstance(given, Mapping):  # {"relative": 1.5, "absolute": "2026-..."}
        told = (given.get(key) for key in ("relative", "absolute", "seconds"))
        given = next((one for one in told if one is not None), None)
    value: float | None = None
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        value = float(given) if abs(given) < 1e15 else None
    elif isinstance(given, str):
        value = _written(given[:60].strip())
    if value is None or not math.isfinite(value) or value < 0:
        return None
    return value / 1000 if name.endswith(("ms", "millis", "milliseconds")) else value


def _written(text: str) -> float | None:
    """Seconds from ``12.5``, ``12.5s``, ``00:01:02.500``, ``PT12.5S`` or a date with its time."""
    bare = text.removesuffix("s").strip()
    if re.fullmatch(r"\d{1,15}(?:\.\d{1,12})?", bare):
        return float(bare)
    if (seconds := seconds_of(bare)) is not None:
        return seconds
    if len(text) > 2 and (parts := _DURATION.fullmatch(text)):
        hours, minutes, rest = (float(part or 0) for part in parts.groups())
        return hours * 3600 + minutes * 60 + rest
    if not re.match(r"\d{4}-\d\d-\d\d[T ]", text):
        return None
    try:
        date = datetime.fromisoformat(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def from_the_beginning(moments: Sequence[float | None]) -> list[float | None]:
    """The moments of one call as seconds from its beginning.

    Dates count from the earliest of them. Where one lies more than a day after the beginning all
    are milliseconds: no call is that long.
    """
    known = [one for one in moments if one is not None]
    if not known:
        return list(moments)
    first, last = min(known), max(known)
    size = 1000.0 if first >= _MILLISECONDS_FROM or _DAY < last < _DATES_FROM else 1.0
    begun = first if first / size >= _DATES_FROM else 0.0
    return [None if one is None else round((one - begun) / size, 6) for one in moments]
