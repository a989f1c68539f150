"""Words from outside made safe to store and to show: plain text, no control over a terminal.

Everything a rep types, a file holds or a model produces passes here once, at the edge where it
comes in. Escaping for Rich markup or HTML is done where it is shown, not here.
"""

from __future__ import annotations

import re
import unicodedata

# ECMA-48 control sequences (CSI), operating-system commands (OSC), device control strings and
# the two-character escapes, seven-bit and eight-bit forms. Every alternative that starts also
# matches, so that a megabyte of broken sequences takes no longer than any other megabyte.
_TERMINAL_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_SPACE = re.compile(r"\s+")

MAX_TURN_CHARACTERS = 4000
"""A spoken turn longer than this is cut: about six minutes of speech, far past any real turn."""


def clean(text: str) -> str:
    """One line of plain text: no terminal sequences, control or direction-changing characters.

    White space of any kind, line breaks included, becomes single spaces. Printable text, accents
    and emoji stay as they are.
    """
    if not text.isprintable():  # most text is, and needs no look at every character
        text = _TERMINAL_SEQUENCE.sub("", text)
        text = "".join(
            " " if char.isspace() else char
            for char in text
            if char.isspace() or char == "\u200d" or unicodedata.category(char) not in _DROPPED
        )
    return _SPACE.sub(" ", text).strip()


# Control, format (bidi overrides, zero-width), surrogate, private use, unassigned.
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def clip(text: str, limit: int = MAX_TURN_CHARACTERS) -> str:
    """``text`` cut at the last word boundary before ``limit`` characters, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut) + "…"
