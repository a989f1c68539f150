"""The same measurement as text, JSON, Markdown and a picture."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.agreement.material import SKILLED_CALL, call, gold, known, measured, row
from tests.readings import SKILLED
from trainer.agreement.contract import as_json
from trainer.agreement.figures import Estimate
from trainer.agreement.markdown import as_markdown
from trainer.agreement.plot import as_svg, write_svg
from trainer.agreement.study import Agreement
from trainer.agreement.text import as_text
from trainer.agreement.words import caution, number, whole
from trainer.errors import UnreadableInput
from trainer.pathway import Move, Verdict

HOSTILE = '<script>alert("a")</script>&|`*'


@pytest.fixture
def found(tmp_path: Path) -> Agreement:
    """Two calls, one judged otherwise than labelled, one too short; turns of two sets."""
    return measured(
        gold(
            tmp_path,
            SKILLED_CALL,
            call(SKILLED, id="other", verdict="not_earned", earned=False, form="none"),
            call(SKILLED[:2], id="short", verdict="left_on_table"),
            row("reflection: a", "reflection"),
            row("empathy: b", "reflection"),
            known("reflection: c", "g1", "high", reflection=1) | {"set": HOSTILE},
            known("proof: d", "g2", "low", reflection=0) | {"set": HOSTILE},
        )
    )


def test_text_fits_a_terminal_and_says_what_matters(found: Agreement) -> None:
    text = as_text(found)
    assert max(map(len, text.splitlines())) <= 80
    assert "coverage (judged at all)  .67 (.00 to 1.00)" in text
    assert "verdict                   .50 (" in text
    assert re.search(r"^not earned( +\.){3} +1( +\.){3}$", text, re.MULTILINE)
    assert "short: the rep spoke 2 times" in text
    assert "other: not_earned. You earned it and assumed it" in text
    assert "reflection share less unasked-advice share" in text
    assert "Reliability" in text
    assert re.search(r"^  reflection +\d+ of \d+ +empathy 1$", text, re.MULTILINE)


def test_json_holds_everything(found: Agreement) -> None:
    whole_of_it = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert (whole_of_it["rubric"], whole_of_it["listener"]) == ("authentic-persuasion", "marked")
    assert (whole_of_it["resamples"], whole_of_it["seed"]) == (200, 0)
    own, other = whole_of_it["sets"]
    assert own["moves"].keys() == {move.value for move in Move}
    assert own["moves"]["reflection"]["f1"].keys() == {"value", "low", "high", "n"}
    assert other["name"] == HOSTILE
    assert other["sessions"]["high"] == 1
    heard = whole_of_it["calls"]["heard"]
    assert heard["verdicts"]["not_earned"]["earned_close"] == 1
    assert heard["verdicts"].keys() == {verdict.value for verdict in Verdict}
    assert heard["figures"]["verdict"]["n"] == 2
    assert len(own["calibration"]["bins"]) == 10


def test_markdown_is_tables_of_equal_rows(found: Agreement) -> None:
    text = as_markdown(found)
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        assert len({line.count("|") for line in rows}) <= 1
    assert "| verdict | .50 (" in text
    assert "| `reflection` |" in text
    assert "<script>" not in text


def test_the_picture_is_whole_xml_with_every_figure_and_nothing_hostile(found: Agreement) -> None:
    svg = as_svg(found)
    root = ET.fromstring(svg)  # noqa: S314 - our own words
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names == {"svg", "title", "rect", "text", "line", "circle", "polyline"}
    words = [element.text for element in root.iter() if element.tag.endswith("text")]
    assert f"Moves heard: {HOSTILE}" in words
    assert {"reflection", "not earned", "coverage", "stage levels exact"} <= set(words)
    height, width = float(root.attrib["height"]), float(root.attrib["width"])
    for element in root.iter():
        assert 0 <= float(element.get("x", 0)) <= width
        assert 0 <= float(element.get("y", 0)) <= height


def test_a_picture_of_turns_alone_or_calls_alone(tmp_path: Path) -> None:
    turns = as_svg(measured(gold(tmp_path, row("proof: a", "proof"))))
    assert "Verdicts" not in turns
    bare = {**SKILLED_CALL, "turns": [{k: v for k, v in turn.items() if k != "moves"}
                                      for turn in SKILLED_CALL["turns"]]}  # fmt: skip
    only = measured(gold(tmp_path, bare))
    assert only.sets == ()
    assert "Moves heard" not in as_svg(only)
    assert "labelled moves handed in" not in as_text(only)
    assert "labelled moves handed in" not in as_markdown(only)


def test_it_is_drawn_whole_or_not_at_all(found: Agreement, tmp_path: Path) -> None:
    path = tmp_path / "plot.svg"
    write_svg(found, path)
    assert path.read_text() == as_svg(found)
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    with pytest.raises(UnreadableInput, match=r"gone/plot.svg: can't be written"):
        write_svg(found, tmp_path / "gone" / "plot.svg")


def test_numbers_are_written_one_way() -> None:
    assert [number(one) for one in (None, 0.0, 0.834, 0.999, 1.0, -0.25)] == [
        "-", ".00", ".83", "1.00", "1.00", "-.25",
    ]  # fmt: skip
    assert whole(Estimate(0.5, 0.4, 0.61, 9)) == ".50 (.40 to .61)"
    assert whole(Estimate(None, None, None, 0)) == "-"


def test_a_set_that_the_listener_may_have_learned_from_says_so(tmp_path: Path) -> None:
    rows = [known("reflection: a", "g", reflection=1) | {"set": name} for name in ("annomi", "x")]
    learned, fresh = measured(gold(tmp_path, *rows)).sets
    assert "looks better than it is" in caution(learned)
    assert caution(fresh) == ""
    found = measured(gold(tmp_path, rows[0]))
    assert "looks better than it is" in " ".join(as_text(found).split())
    assert "looks better than it is" in as_markdown(found)
