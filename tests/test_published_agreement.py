"""The README's figures of agreement are those of the ears and the grader that ship."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from trainer.agreement.gold import read_gold
from trainer.agreement.study import Agreement, hear, measure
from trainer.calls.loading import load_listener
from trainer.library.shelf import Shelf

ROOT = Path(__file__).parent.parent
KEPT_ASIDE = [ROOT / "models/listening/test-lines.jsonl", ROOT / "models/grading/test"]
ROUNDING = 0.015
"""Another processor rounds the int8 products otherwise, and a turn or two may tip over."""


@pytest.fixture(scope="module")
def measured() -> Agreement:
    turns, calls = hear(
        read_gold(KEPT_ASIDE), load_listener(), Shelf.load(None).rubric("authentic-persuasion")
    )
    return measure(
        turns,
        calls,
        rubric="authentic-persuasion",
        listener="EncoderListener",
        heads=None,
        resamples=10,
        seed=0,
    )


def published(pattern: str) -> float:
    """The figure that the README gives, found by the words before it."""
    text = " ".join((ROOT / "README.md").read_text("utf-8").split())
    found = re.search(pattern, text)
    assert found, pattern
    return float(found[1])


@pytest.mark.model
@pytest.mark.slow
def test_the_readme_tells_how_well_moves_are_heard(measured: Agreement) -> None:
    (lines,) = measured.sets
    assert lines.micro_f1.value == pytest.approx(published(r"micro-F1 (\.?\d*\.\d+)"), abs=ROUNDING)
    assert lines.macro_f1.value == pytest.approx(published(r"macro-F1 (\.?\d*\.\d+)"), abs=ROUNDING)


@pytest.mark.model
@pytest.mark.slow
def test_the_readme_tells_how_often_the_verdict_agrees(measured: Agreement) -> None:
    assert measured.calls
    verdict = measured.calls.heard.figures["verdict"].value
    assert verdict == pytest.approx(published(r"\| verdict \| (\.?\d*\.\d+)"), abs=0.05)
