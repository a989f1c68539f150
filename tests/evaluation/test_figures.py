"""The voice's figures: counted as they are said to be, and published as they were counted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from trainer import locations
from trainer.engines.catalog import Catalog
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.errors import UnreadableInput
from trainer.evaluation import card
from trainer.evaluation.__main__ import _cues
from trainer.evaluation.calls import call_figures, write_samples
from trainer.evaluation.figures import figures, suspects, ways_recognised
from trainer.evaluation.recognition import Pair, Reader
from trainer.evaluation.speaking import Spoken, keep, kept, speak
from trainer.library.shelf import Shelf
from trainer.listening.encoder import ENCODER_ID
from trainer.transcripts.readers import read_transcript

LINE = Spoken(
    "1/joker", "joker", "s", "Monday then?", "push_back", "annoyed", None, None,
    "Steady on.", "Steady on now.", "Steady on.", "model", [], 0.2,
)  # fmt: skip
ROOT = locations.bundled()


class Rote(Reader):
    """A reader that answers by the words in the line."""

    def __init__(self, labels: list[str]) -> None:
        self.labels = labels

    def chances(self, pairs: list[Pair]) -> list[list[float]]:  # type: ignore[override]
        return [[0.9 if label in line else 0.05 for label in self.labels] for _, line in pairs]


ACTS, WAYS = Rote(["agree", "push_back"]), Rote(["joker", "lawyerly"])


def test_what_is_drawn_and_what_is_heard_are_counted_apart() -> None:
    spoken = [
        replace(LINE, line="push_back, says the joker"),
        replace(LINE, line="push_back again", raw="How can I help you today?", refusals=["x"]),
        replace(LINE, line="agree", source="authored", refusals=["x", "y"]),
        replace(LINE, act="disclose", say="the dough went off", kind="fact", raw="Dough.",
                line="The dough went off."),
    ]  # fmt: skip
    found = figures(spoken, ACTS, WAYS)
    assert found.lines == 4
    assert found.in_role_raw == 0.75
    assert (found.says_raw, found.says) == (0, 1)
    assert found.act == 0.5
    assert found.authored == 0.25
    assert found.reasons == {"x": 2, "y": 1}


def test_a_written_line_said_to_the_word_and_a_fact_told_unasked_are_counted() -> None:
    secret = "two drivers quit over a late check"
    spoken = [
        replace(LINE, line="Steady on now."),
        replace(LINE, line="Well, two drivers quit over a check."),
        replace(LINE, act="disclose", say=secret, kind="fact", line="Two drivers quit over a "
                "late check.", source="authored"),
    ]  # fmt: skip
    found = figures(spoken, facts={"s": [secret]})
    assert found.leaks == 1
    assert found.verbatim == 0.5
    assert figures(spoken).leaks == 0


def test_a_way_is_recognised_from_all_that_one_person_says_in_a_scene() -> None:
    spoken = [replace(LINE, line=line) for line in ("joker", "joker", "lawyerly")]
    line, scene = ways_recognised(spoken, WAYS)
    assert line == pytest.approx(2 / 3)
    assert scene == 1


def test_a_line_that_sounds_like_an_undirected_yes_is_put_before_a_person() -> None:
    directed, not_directed = replace(LINE, act="agree", line="agree"), replace(LINE, line="agree")
    assert suspects([LINE, directed, not_directed], ACTS) == [not_directed]


def test_voiced_as_in_a_call_and_kept_whole(tmp_path: Path) -> None:
    cues = _cues()[:6]
    engine = ScriptedEngine(["<b>", "Not today, I think.", "<i>", "Hm."] * 6)
    made = list(speak(cues, engine))
    assert made[0].raw == "<b>"
    assert made[0].refusals[0] == "carries markup"
    assert len({one.id for one in made}) == 6
    keep(made, tmp_path / "lines.jsonl")
    assert kept(tmp_path / "lines.jsonl") == made


def call(*lines: str, disclosed: tuple[str, ...] = ()) -> dict[str, Any]:
    turns = [
        {"speaker": "prospect", "text": line, "source": "model", "refusals": [],
         "standing": {"disclosed": list(disclosed)}}
        for line in lines
    ]  # fmt: skip
    return {"scenario": "payroll-errors", "turns": turns}


def test_a_call_is_searched_for_repeats_and_for_facts_told_too_soon() -> None:
    shelf = Shelf.load()
    quiet = call_figures([call("I have five minutes.", "Go on.")], shelf)
    assert (quiet.lines, quiet.repeated, quiet.leaks) == (2, 0, 0)
    twice = call_figures([call("I have five minutes.", "I have five minutes.")], shelf)
    assert twice.repeated == 0.5
    told = "Two drivers quit over a late check."
    assert call_figures([call(told)], shelf).leaks == 1
    assert call_figures([call(told, disclosed=("drivers_quit",))], shelf).leaks == 0


def test_the_table_goes_where_the_page_has_room_for_it(tmp_path: Path) -> None:
    figures_file, page = tmp_path / "figures.json", tmp_path / "CARD.md"
    measured = {"lines": {"tuned": {"lines": 7, "act": 0.8125, "leaks": 0}}}
    figures_file.write_text(json.dumps(measured))
    page.write_text("# Card\n")
    with pytest.raises(UnreadableInput, match="no place for figures"):
        card.publish(figures_file, [page])
    page.write_text(f"# Card\n{card.BEGIN}\nold\n{card.END}\nafter\n")
    card.publish(figures_file, [page])
    text = page.read_text()
    assert "| act recognised, of 18 | at least 75 % | 81.2 % |" in text
    assert "whole calls" not in text  # nothing was measured there
    assert "old" not in text
    assert text.endswith("after\n")


@pytest.mark.model
def test_a_reader_learns_to_tell_what_it_is_shown_and_is_taught_once(tmp_path: Path) -> None:
    """On the real encoder: a yes from a no, in words it was not shown."""
    agrees = ["Yes, Monday works.", "All right, go ahead.", "Okay, put us down.", "Fine, do it."]
    refuses = ["No, not for us.", "No thanks, leave it.", "We'll pass on that.", "I said no."]
    pairs = [("Shall we?", line) for line in agrees + refuses] * 8
    labels = (["agree"] * 4 + ["decline"] * 4) * 8
    encoder = Catalog.load().require(ENCODER_ID)
    reader = Reader.kept(tmp_path, encoder, pairs, labels)
    unseen = [("Shall we?", "Yes, all right, Tuesday."), ("Shall we?", "No, we'll pass, thanks.")]
    assert reader.read(unseen) == ["agree", "decline"]
    assert all(sum(row) == pytest.approx(1, abs=1e-4) for row in reader.chances(unseen))
    again = Reader.kept(tmp_path, encoder, pairs, labels)
    assert again.chances(unseen) == reader.chances(unseen)
    assert len(list(tmp_path.iterdir())) == 1


def test_samples_are_whole_calls_in_plain_text_that_the_grader_reads(tmp_path: Path) -> None:
    rep = {"speaker": "rep", "text": "Is now a good time?"}
    rows = [
        call("Hello.") | {"persona": who, "rep": kind, "outcome": "open"}
        for who in ("amiable", "driver")
        for kind in ("pushy", "skilled")
    ]
    for row in rows:
        row["turns"] = [*row["turns"], rep]
    paths = write_samples(rows, tmp_path / "samples")
    assert [path.stem for path in paths] == ["amiable", "driver"]
    texts = [path.read_text() for path in paths]
    assert "rep: pushy" in texts[0]
    assert "rep: skilled" in texts[1]
    transcript = read_transcript(paths[0])
    assert [turn.text for turn in transcript.turns] == ["Hello.", "Is now a good time?"]


@pytest.mark.parametrize("page", ["README.md", "models/voice/CARD.md"])
def test_what_is_published_is_what_was_measured(page: str) -> None:
    measured = json.loads((ROOT / "models" / "voice" / "figures.json").read_text("utf-8"))
    assert card.table(measured) in (ROOT / page).read_text("utf-8")
