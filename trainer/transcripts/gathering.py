"""Which files are meant: folders walked, patterns filled in, everything in a settled order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from glob import glob, has_magic
from pathlib import Path

ENDINGS = (".json", ".jsonl", ".txt", ".md", ".vtt", ".srt")
"""The endings our readers know; a folder brings the files that have one."""


def gather(paths: Iterable[str]) -> Iterator[str]:
    """The files that ``paths`` mean, in the order given: files as they are, folders walked,
    patterns (``calls/**/*.vtt``) filled in where no shell did so.

    A folder brings its files with one of ``ENDINGS`` and those of the folders in it, sorted,
    hidden ones left out; a pattern what it matches, sorted, each once, and where it names no
    ending itself (``calls/*``) only what a folder would. ``-`` is standard input. What brings
    nothing is handed on as it was given, so that its reader can say what is wrong with it.
    """
    for path in paths:
        found: Iterable[str] = ()
        if path != "-" and os.path.isdir(path):
            found = _walked(path)
        elif has_magic(path) and not os.path.exists(path):
            found = _matched(path)
        yield from found or (path,)


def _walked(folder: str) -> list[str]:
    found: list[str] = []
    for inside, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [os.path.join(inside, name) for name in names if _is_known(name)]
    return sorted(found, key=_parts)


def _matched(pattern: str) -> list[str]:
    found: set[str] = set()
    named = "." in os.path.basename(pattern)
    for path in glob(pattern, recursive=True):
        if os.path.isdir(path):
            found.update(_walked(path))
        elif named or _is_known(os.path.basename(path)):
            found.add(path)
    return sorted(found, key=_parts)


def _is_known(name: str) -> bool:
    return name.lower().endswith(ENDINGS) and not name.startswith(".")


def _parts(path: str) -> tuple[str, ...]:
    """Sorted by these, a folder's own files stay together."""
    return Path(path).parts
