"""The measurement as Markdown tables, for a README."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.agreement.study import Agreement, CallAgreement, SetAgreement
from trainer.agreement.words import FIGURES, caution, method, number, source, span, whole
from trainer.pathway import Verdict


def as_markdown(agreement: Agreement) -> str:
    """Tables of the calls, then of each set's moves."""
    lines = [f"{source(agreement)} {method(agreement)}"]
    if agreement.calls:
        lines += _calls(agreement.calls)
    for one in agreement.sets:
        lines += _set(one)
    return "\n".join(lines) + "\n"


def _calls(calls: CallAgreement) -> Iterator[str]:
    given = calls.given
    yield from ("", f"**{calls.calls} labelled calls**", "")
    yield "| figure | as heard | labelled moves handed in |" if given else "| figure | as heard |"
    yield "| --- | --- | --- |" if given else "| --- | --- |"
    rows = [("coverage", calls.heard.coverage, given.coverage if given else None)]
    rows += [
        (label, calls.heard.figures[name], given.figures.get(name) if given else None)
        for name, label in FIGURES.items()
        if name in calls.heard.figures
    ]
    for label, heard, other in rows:
        last = f" {whole(other) if other else ''} |" if given else ""
        yield f"| {label} | {whole(heard)} |{last}"
    used = [of for of in Verdict if sum(calls.heard.verdicts[of].values())]
    if used:
        yield from ("", "Verdicts, labelled down and graded across:", "")
        yield "| | " + " | ".join(_words(to) for to in Verdict) + " |"
        yield "| --- |" + " ---: |" * len(Verdict)
        for of in used:
            row = calls.heard.verdicts[of]
            cells = [f"**{row[to]}**" if to is of else str(row[to] or "") for to in Verdict]
            yield f"| {_words(of)} | " + " | ".join(cells) + " |"


def _set(one: SetAgreement) -> Iterator[str]:
    yield from ("", f"**Moves, set {_escaped(one.name)}**", "")
    yield (
        f"{one.rows} turns of {one.groups} conversations: micro-F1 {whole(one.micro_f1)}, "
        f"macro-F1 {whole(one.macro_f1)}, mean average precision "
        f"{number(one.mean_average_precision)}, mean kappa {number(one.mean_kappa)}. {caution(one)}"
    ).rstrip()
    yield from ("", "| move | rows | precision | recall | F1 | 95 % | kappa | AP |")
    yield "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |"
    for move, found in one.moves.items():
        yield (
            f"| `{move}` | {found.rows} | {number(found.precision)} | {number(found.recall)} "
            f"| {number(found.f1.value)} | {span(found.f1)} | {number(found.kappa)} "
            f"| {number(found.average_precision)} |"
        )
    if one.sessions:
        yield from ("", "| score of a conversation | AUC, high against low quality |")
        yield "| --- | --- |"
        for name, area in one.sessions.scores.items():
            yield f"| {name} | {whole(area)} |"


def _words(verdict: Verdict) -> str:
    return verdict.value.replace("_", " ")


def _escaped(text: str) -> str:
    """Text from outside with nothing in it that Markdown or HTML would act on."""
    return "".join(f"&#{ord(char)};" if char in "<>&|`*_[]\\" else char for char in text)
