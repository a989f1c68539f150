"""The measurement as plain lines of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from trainer.agreement.study import Agreement, CallAgreement, Judged, SetAgreement
from trainer.agreement.words import FIGURES, caution, method, number, source, span, whole
from trainer.pathway import Verdict

_WIDTH = 79
_MOST_DIFFERENCES = 12


def as_text(agreement: Agreement) -> str:
    """Calls first, since a rep meets the verdict first; then the moves of each set."""
    lines = [*_wrapped(source(agreement), 0), *_wrapped(method(agreement), 0)]
    if agreement.calls:
        lines += _calls(agreement.calls)
    for one in agreement.sets:
        lines += _set(one)
    return "\n".join(lines) + "\n"


def _calls(calls: CallAgreement) -> Iterator[str]:
    yield from _title(f"{calls.calls} calls graded beside a person's labels")
    given = calls.given
    yield f"{'':<28}{'as heard':<24}" + ("labelled moves handed in" if given else "")
    yield from _row("coverage (judged at all)", calls, "coverage")
    for name, label in FIGURES.items():
        if name in calls.heard.figures:
            yield from _row(label, calls, name)
    kappas = (calls.heard.verdict_kappa, given.verdict_kappa if given else None)
    yield f"  {'kappa of the verdict':<26}{number(kappas[0]):<24}{number(kappas[1])}".rstrip()
    if any(sum(row.values()) for row in calls.heard.verdicts.values()):
        yield ""
        yield from _matrix(calls.heard)
    if calls.heard.unscored:
        yield ""
        yield "Not judged"
        for call, reasons in calls.heard.unscored.items():
            yield from _wrapped(f"{call}: {'; '.join(reasons)}")
    differences = calls.heard.differences
    if differences:
        yield ""
        yield "Where the verdict differs (labelled, then the grader's sentence)"
        for one in differences[:_MOST_DIFFERENCES]:
            yield from _wrapped(f"{one.call}: {one.labelled.value}. {one.sentence}")
        if len(differences) > _MOST_DIFFERENCES:
            yield f"  and {len(differences) - _MOST_DIFFERENCES} more; --json names them all"


def _row(label: str, calls: CallAgreement, name: str) -> Iterator[str]:
    columns = [_figure(calls.heard, name), _figure(calls.given, name)]
    yield f"  {label:<26}{columns[0]:<24}{columns[1]}".rstrip()


def _figure(judged: Judged | None, name: str) -> str:
    if judged is None:
        return ""
    one = judged.coverage if name == "coverage" else judged.figures.get(name)
    return "" if one is None else f"{whole(one)}"


def _matrix(judged: Judged) -> Iterator[str]:
    """Verdicts by label (down) and by the grader (across), the empty row of unscored left out."""
    yield "Verdicts: labelled down, graded across"
    heads = [textwrap.wrap(verdict.value.replace("_", " "), 9) for verdict in Verdict]
    widths = [max(map(len, head)) + 2 for head in heads]
    for line in range(2):
        words = [head[line] if line < len(head) else "" for head in heads]
        yield (" " * 16 + _right(words, widths)).rstrip()
    for verdict in Verdict:
        row = judged.verdicts[verdict]
        if sum(row.values()):
            counts = [str(row[to]) if row[to] else "." for to in Verdict]
            yield f"{verdict.value.replace('_', ' '):<16}{_right(counts, widths)}"


def _right(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _set(one: SetAgreement) -> Iterator[str]:
    yield from _title(f"Moves, set {one.name}: {one.rows} turns of {one.groups} conversations")
    if caution(one):
        yield from (*_wrapped(caution(one), 0), "")
    yield f"  {'micro-F1':<26}{whole(one.micro_f1)}"
    yield f"  {'macro-F1':<26}{whole(one.macro_f1)}, over {one.macro_f1.n} moves"
    yield f"  {'mean average precision':<26}{number(one.mean_average_precision)}"
    yield f"  {'mean kappa':<26}{number(one.mean_kappa)}"
    error = one.calibration.error
    gap = "-" if error is None else f"{error:.3f}"
    yield f"  {'calibration error':<26}{gap} (mean gap of probability and frequency)"
    yield ""
    yield (
        f"  {'move':<18}{'rows':>5}{'heard':>7}{'prec.':>7}{'recall':>8}{'F1':>6}"
        f"  {'95 %':<12}{'kappa':>6}{'AP':>6}"
    )
    for move, found in one.moves.items():
        yield (
            f"  {move.in_words:<18}{found.rows:>5}{found.heard:>7}{number(found.precision):>7}"
            f"{number(found.recall):>8}{number(found.f1.value):>6}  {span(found.f1):<12}"
            f"{number(found.kappa):>6}{number(found.average_precision):>6}"
        )
    if one.borders:
        yield ""
        yield "Borders: rows that hold a move, how many were heard as it, and the neighbours"
        yield "heard in error"
        for border in one.borders:
            wrong = ", ".join(f"{move.in_words} {n}" for move, n in border.neighbours.items())
            yield from _wrapped(
                f"{border.move.in_words:<18}{border.heard:>4} of {border.rows:<5}{wrong or '-'}",
                2 + 18 + 4 + 9,
            )
    if one.calibration.n:
        yield ""
        yield "Reliability: probability claimed, share that came true"
        for part in one.calibration.bins:
            if part.claimed is not None and part.true is not None:
                yield (
                    f"  {part.low:.1f} to {part.high:.1f}  claimed {part.claimed:.3f}  "
                    f"true {part.true:.3f}  of {part.n}"
                )
    if one.sessions:
        yield ""
        yield (
            f"Whole conversations: {one.sessions.high} of high and {one.sessions.low} of low "
            "quality, told apart by"
        )
        yield "heard moves alone (AUC; nothing fitted here)"
        for name, area in one.sessions.scores.items():
            yield f"  {name:<44}{whole(area)}"


def _title(text: str) -> list[str]:
    return ["", text, "-" * len(text)]


def _wrapped(text: str, indent: int = 4) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=" " * min(indent, 2), subsequent_indent=" " * indent
    )
