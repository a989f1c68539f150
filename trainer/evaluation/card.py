"""The voice's published table, written from what was measured and never by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.errors import UnreadableInput
from trainer.listening.heads import write_atomically

VOICES = ("tuned", "untuned", "authored")
"""The voices set side by side: the default, the same model without its adapter, and no model."""
BEGIN, END = "<!-- figures: python -m trainer.evaluation publish -->", "<!-- /figures -->"

_ROWS = (
    ("in role, as drawn", "lines", "in_role_raw", "at least 99 %"),
    ("says what it was handed, as drawn", "lines", "says_raw", "at least 90 %"),
    ("says what it was handed, after the guard", "lines", "says", "at least 98 %"),
    ("act recognised, of 18", "lines", "act", "at least 75 %"),
    ("way of talking recognised among ten, from one scene's lines", "lines", "way_scene",
     "at least 65 %"),
    ("the same from one line alone", "lines", "way_line", ""),
    ("facts leaked, in so many held-out lines", "lines", "leaks", "0"),
    ("lines of the model's own that are the written one to the word", "lines", "verbatim", ""),
    ("held-out lines left to the persona's own", "lines", "authored", "under 5 %"),
    ("lines in whole calls left to the persona's own", "calls", "authored", "under 5 %"),
    ("same line twice in a call", "calls", "repeated", "under 1 %"),
    ("facts leaked, in so many lines of whole calls", "calls", "leaks", "0"),
    ("median words a line, held out", "lines", "words", "8 to 14"),
    ("median words a line, whole calls", "calls", "words", "8 to 14"),
    ("greedy answers that 8 bits leave as the weights give them", "rounding", "same", ""),
    ("tokens of those before one is another", "rounding", "tokens", ""),
)  # fmt: skip


def table(measured: Mapping[str, Any]) -> str:
    """The table in Markdown: what was measured, of the voices it was measured on. ``measured``:
    kind of measurement, then voice, then figure."""
    voices = [v for v in VOICES if any(v in measured.get(kind, {}) for kind in ("lines", "calls"))]
    lines = [
        "| what | wanted | " + " | ".join(voices) + " |",
        "| --- | --- | " + " | ".join("---:" for _ in voices) + " |",
    ]
    for title, kind, name, wanted in _ROWS:
        cells = [_cell(measured.get(kind, {}).get(voice), name) for voice in voices]
        if set(cells) != {"-"}:
            lines.append(f"| {title} | {wanted} | " + " | ".join(cells) + " |")
    counts = [
        f"{voice} {found['lines']} {what}"
        for kind, what in (
            ("lines", "held-out lines"),
            ("calls", "lines in whole calls"),
            ("rounding", "greedy answers"),
        )
        for voice, found in measured.get(kind, {}).items()
        if voice in voices
    ]
    return "\n".join(lines) + f"\n\nMeasured on: {', '.join(counts)}."


def publish(figures: Path, pages: list[Path]) -> None:
    """Put the table of ``figures`` into each page, between its marks. Raises ``UnreadableInput``
    for a page without them."""
    made = table(json.loads(figures.read_text("utf-8")))
    for page in pages:
        text = page.read_text("utf-8")
        if BEGIN not in text or END not in text:
            raise UnreadableInput(f"{page}: has no place for figures; it needs {BEGIN} and {END}")
        new = re.sub(
            re.escape(BEGIN) + ".*?" + re.escape(END),
            lambda _: f"{BEGIN}\n\n{made}\n\n{END}",
            text,
            flags=re.DOTALL,
        )
        write_atomically(page, new.encode())


def _cell(figures: Mapping[str, Any] | None, name: str) -> str:
    value = None if figures is None else figures.get(name)
    if value is None:
        return "-"
    if name in {"words", "leaks"}:
        return f"{value:g}"
    return f"{100 * value:.1f} %"
