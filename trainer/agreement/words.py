"""How figures are written, the same in text, Markdown and the plot."""

from __future__ import annotations

from trainer.agreement.figures import Estimate
from trainer.agreement.study import Agreement, SetAgreement
from trainer.listening.rows import SHARED_SETS

FIGURES = {
    "verdict": "verdict",
    "form": "form of the close",
    "earned": "earned or not",
    "asked_turns": "asked turns exact",
    "assumed_turns": "assumed turns exact",
    "pressure_turns": "pressure turns exact",
    "levels_exact": "stage levels exact",
    "levels_within_one": "stage levels within one",
    "level_of_rapport": "- rapport",
    "level_of_empathy": "- empathy",
    "level_of_trust": "- trust",
    "level_of_hope": "- hope",
    "level_of_urgency": "- urgency",
}
"""The figures of ``Judged``, as a person calls them, in reading order."""


def number(value: float | None) -> str:
    """Two decimals, without the nought: ``.83``; ``1.00``; a dash for none."""
    if value is None:
        return "-"
    text = f"{value:.2f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text


def span(one: Estimate) -> str:
    """The interval of an estimate: ``.78 to .87``."""
    return "" if one.low is None else f"{number(one.low)} to {number(one.high)}"


def whole(one: Estimate) -> str:
    """An estimate with its interval: ``.83 (.78 to .87)``."""
    return f"{number(one.value)} ({span(one)})" if one.low is not None else number(one.value)


def caution(one: SetAgreement) -> str:
    """What to know of a set before its figures are believed; empty where there is nothing."""
    if one.name not in SHARED_SETS:
        return ""
    return (
        "The listener that ships has learned from part of this set (its card says which): on rows "
        "that it knows, it looks better than it is."
    )


def source(agreement: Agreement) -> str:
    """Which ears and which rubric were measured."""
    heads = f", heads {agreement.heads[:12]}" if agreement.heads else ""
    return f"Listener {agreement.listener}{heads}; rubric {agreement.rubric}."


def method(agreement: Agreement) -> str:
    """How the intervals were made."""
    return (
        f"95 % intervals from {agreement.resamples} resamples of whole conversations "
        f"(percentile bootstrap, seed {agreement.seed})."
    )
