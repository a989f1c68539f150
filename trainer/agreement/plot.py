"""The measurement as one picture: each move's F1 with its interval, the verdicts, the headline
figures and how far the probabilities can be believed.

Plain SVG 1.1 with system fonts: it looks the same in a README, a browser and a slide. All text is
escaped where it is set.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path

from trainer.agreement.figures import Calibration, Estimate
from trainer.agreement.study import Agreement, CallAgreement, Judged, MoveAgreement, SetAgreement
from trainer.agreement.words import FIGURES, method, number, source
from trainer.errors import UnreadableInput
from trainer.listening.heads import write_atomically
from trainer.pathway import Move, MoveGroup, Verdict

_WIDTH = 1240
_MARGIN = 40
_TOP = 112.0
_ROW = 21
_LABELS = 190
_AXIS = 330
"""Length of the F1 axis, 0 to 1."""
_RIGHT = 720
"""Where the right-hand column begins."""
_CELL = 46

_PAPER, _INK, _QUIET, _GRID = "#fdfdfb", "#1f2a33", "#667078", "#e3e5e2"
_FOR, _AGAINST = "#17698a", "#b0502c"
_FAINT = {_FOR: "#a9cbd8", _AGAINST: "#e3bfae"}


def as_svg(agreement: Agreement) -> str:
    """The picture, as the text of an SVG 1.1 file."""
    left, bottom = [], _TOP
    for one in agreement.sets:
        drawn, bottom = _moves(one, bottom)
        left.append(drawn)
    right, end = [], _TOP
    if agreement.calls:
        drawn, end = _matrix(agreement.calls.heard, end)
        right.append(drawn)
        drawn, end = _headline(agreement.calls, end)
        right.append(drawn)
    if agreement.sets:
        drawn, end = _reliability(agreement.sets[0], end)
        right.append(drawn)
    height = max(bottom, end) + 24
    body = "\n".join([*left, *right])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" '
        "font-family=\"'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', sans-serif\">\n"
        "<title>Agreement of the listener and the grader with labelled material</title>\n"
        f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>\n'
        f"{_text(_MARGIN, 46, 'How well it agrees with people', size=25, weight=600)}\n"
        f"{_text(_MARGIN, 70, source(agreement), size=13, fill=_QUIET)}\n"
        f"{_text(_MARGIN, 88, method(agreement), size=13, fill=_QUIET)}\n"
        f"{body}\n</svg>\n"
    )


def write_svg(agreement: Agreement, path: Path) -> None:
    """Draw the picture into a file, whole or not at all. Raises ``UnreadableInput`` where that
    can't be done."""
    try:
        write_atomically(path, as_svg(agreement).encode())
    except OSError as error:
        raise UnreadableInput(f"can't be written: {error.strerror}", path=path) from error


def _moves(one: SetAgreement, top: float) -> tuple[str, float]:
    """A row a move: a dot at its F1, a whisker over its interval, the rows it rests on."""
    x0 = _MARGIN + _LABELS
    # A set labels some moves, and its rows hold some of these.
    shown = {move: found for move, found in one.moves.items() if found.rows}
    groups = [group for group in MoveGroup if any(move.group is group for move in shown)]
    first = top + 70
    height = _ROW * len(shown) + 7 * len(groups)
    parts = [
        _text(_MARGIN, top + 14, f"Moves heard: {one.name}", size=16, weight=600),
        _text(
            _MARGIN, top + 33,
            f"{one.rows} turns of {one.groups} conversations. "
            f"Micro-F1 {number(one.micro_f1.value)}, macro-F1 {number(one.macro_f1.value)} "
            "(dotted).",
            size=13, fill=_QUIET,
        ),
        *_scale(x0, first - 8, height + 2),
        _text(x0 + _AXIS + 46, first - 14, "F1", size=11, fill=_QUIET, anchor="end"),
        _text(x0 + _AXIS + 96, first - 14, "rows", size=11, fill=_QUIET, anchor="end"),
    ]  # fmt: skip
    if one.macro_f1.value is not None:
        x = x0 + _AXIS * one.macro_f1.value
        parts.append(_line(x, first - 8, x, first + height - 6, _INK, dashes="2 3"))
    y = first
    for group in groups:
        for move, found in shown.items():
            if move.group is group:
                parts.append(_move(move, found, x0, y + _ROW / 2))
                y += _ROW
        y += 7
    return "\n".join(parts), y + 30


def _move(move: Move, found: MoveAgreement, x0: float, y: float) -> str:
    colour = _AGAINST if move.group is MoveGroup.AGAINST else _FOR
    return "\n".join([
        _text(x0 - 14, y + 4, move.in_words, size=13, anchor="end"),
        _whisker(found.f1, x0, _AXIS, y, colour),
        _text(x0 + _AXIS + 46, y + 4, number(found.f1.value), size=13, anchor="end"),
        _text(x0 + _AXIS + 96, y + 4, str(found.rows), size=13, fill=_QUIET, anchor="end"),
    ])  # fmt: skip


def _whisker(one: Estimate, x0: float, length: float, y: float, colour: str) -> str:
    parts = []
    if one.low is not None and one.high is not None:
        left, right = x0 + length * one.low, x0 + length * one.high
        parts.append(_line(left, y, right, y, _FAINT[colour], width=5))
    if one.value is not None:
        parts.append(
            f'<circle cx="{x0 + length * one.value:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>'
        )
    return "\n".join(parts)


def _scale(x0: float, top: float, height: float, length: float = _AXIS) -> Iterator[str]:
    """Upright lines at 0, .2, ... 1, with their numbers on top."""
    for step in range(0, 11, 2):
        x = x0 + length * step / 10
        yield _line(x, top, x, top + height, _GRID)
        label = {0: "0", 10: "1"}.get(step, f".{step}")
        yield _text(x, top - 6, label, size=11, fill=_QUIET, anchor="middle")


def _matrix(judged: Judged, top: float) -> tuple[str, float]:
    """Verdicts, labelled down and graded across; a cell is the darker the more of its row."""
    used = [of for of in Verdict if sum(judged.verdicts[of].values())]
    if not used:
        return "", top
    x0, y0 = _RIGHT + 126, top + 96
    agreed = judged.figures.get("verdict")
    kappa = number(judged.verdict_kappa)
    parts = [
        _text(_RIGHT, top + 14, "Verdicts of whole calls", size=16, weight=600),
        _text(
            _RIGHT, top + 33,
            "Labelled down, graded across. As labelled "
            f"{number(agreed.value if agreed else None)}, kappa {kappa}.",
            size=13, fill=_QUIET,
        ),
    ]  # fmt: skip
    for column, to in enumerate(Verdict):
        words = to.value.split("_")
        for n, word in enumerate(words):
            y = y0 - 8 - 13 * (len(words) - 1 - n)
            x = x0 + _CELL * (column + 0.5)
            parts.append(_text(x, y, word, size=10.5, fill=_QUIET, anchor="middle"))
    for line, of in enumerate(used):
        row = judged.verdicts[of]
        y = y0 + (_CELL - 10) * line
        label = of.value.replace("_", " ")
        parts.append(_text(x0 - 10, y + 22, label, size=13, anchor="end"))
        for column, to in enumerate(Verdict):
            parts.append(_cell(x0 + _CELL * column, y, row[to], sum(row.values()), right=of is to))
    return "\n".join(parts), y0 + (_CELL - 10) * len(used) + 36


def _cell(x: float, y: float, count: int, of: int, *, right: bool) -> str:
    share = count / of
    colour = _FOR if right else _AGAINST
    tint = (
        f'fill="{colour}" fill-opacity="{0.12 + 0.88 * share:.2f}"'
        if count
        else f'fill="{_GRID}" fill-opacity="0.45"'
    )
    text = (
        _text(x + _CELL / 2, y + 22, str(count), size=13, anchor="middle", weight=600,
              fill="#ffffff" if share > 0.45 else _INK)
        if count else ""
    )  # fmt: skip
    frame = f' stroke="{_FOR}" stroke-width="1"' if right else ""
    return (
        f'<rect x="{x + 1:.1f}" y="{y + 1:.1f}" width="{_CELL - 3}" height="{_CELL - 13}" '
        f'rx="3" {tint}{frame}/>{text}'
    )


def _headline(calls: CallAgreement, top: float) -> tuple[str, float]:
    """The figures of the calls, by the grader's own ears and handed the labelled moves."""
    x0, length = _RIGHT + 190, 250
    rows = [("coverage", calls.heard.coverage, calls.given.coverage if calls.given else None)]
    rows += [
        (label.replace("- ", "level of "), calls.heard.figures[name],
         calls.given.figures.get(name) if calls.given else None)
        for name, label in FIGURES.items()
        if name in calls.heard.figures
    ]  # fmt: skip
    first = top + 70
    hint = " A ring: handed the labelled moves instead of hearing them." if calls.given else ""
    parts = [
        _text(_RIGHT, top + 14, f"Grading of {calls.calls} calls", size=16, weight=600),
        _text(_RIGHT, top + 33, f"Share as labelled.{hint}", size=13, fill=_QUIET),
        *_scale(x0, first - 8, _ROW * len(rows) + 4, length),
    ]
    for n, (label, heard, given) in enumerate(rows):
        y = first + _ROW * (n + 0.5)
        parts.append(_text(x0 - 14, y + 4, label, size=13, anchor="end"))
        parts.append(_whisker(heard, x0, length, y, _FOR))
        if given is not None and given.value is not None:
            parts.append(
                f'<circle cx="{x0 + length * given.value:.1f}" cy="{y:.1f}" r="5" fill="none" '
                f'stroke="{_INK}" stroke-width="1.4"/>'
            )
        parts.append(_text(x0 + length + 46, y + 4, number(heard.value), size=13, anchor="end"))
    return "\n".join(parts), first + _ROW * len(rows) + 36


def _reliability(one: SetAgreement, top: float) -> tuple[str, float]:
    """What was claimed against what came true: on the slope where probabilities can be believed."""
    found: Calibration = one.calibration
    if not found.n or found.error is None:
        return "", top
    side, x0, y0 = 190, _RIGHT + 190, top + 56
    parts = [
        _text(_RIGHT, top + 14, f"Probabilities: {one.name}", size=16, weight=600),
        _text(
            _RIGHT, top + 33,
            f"Claimed across, come true upward. Calibration error {found.error:.3f}.",
            size=13, fill=_QUIET,
        ),
        f'<rect x="{x0}" y="{y0}" width="{side}" height="{side}" fill="none" stroke="{_GRID}"/>',
        _line(x0, y0 + side, x0 + side, y0, _QUIET, dashes="2 3"),
    ]  # fmt: skip
    for step, label in ((0, "0"), (5, ".5"), (10, "1")):
        along = side * step / 10
        parts.append(
            _text(x0 + along, y0 + side + 16, label, size=11, fill=_QUIET, anchor="middle")
        )
        parts.append(
            _text(x0 - 8, y0 + side - along + 4, label, size=11, fill=_QUIET, anchor="end")
        )
    dots = [
        (x0 + side * part.claimed, y0 + side * (1 - part.true))
        for part in found.bins
        if part.claimed is not None and part.true is not None
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in dots)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{_FOR}" stroke-width="1.6"/>')
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_FOR}"/>' for x, y in dots]
    return "\n".join(parts), y0 + side + 40


def _text(
    x: float, y: float, words: str, *, size: float, fill: str = _INK, anchor: str = "start",
    weight: int = 400,
) -> str:  # fmt: skip
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{fill}" '
        f'text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>'
    )


def _line(
    x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float = 1, dashes: str = ""
) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
        f'stroke-width="{width}" stroke-linecap="round"{dashed}/>'
    )
