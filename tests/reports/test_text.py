"""The scorecard as plain lines, as a screen reader or a pipe gets it."""

from __future__ import annotations

import pytest

from tests.grading.transcribed import closed, graded, transcript
from tests.readings import PUSHY, SKILLED
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.grading.judge import Judge, SecondOpinion
from trainer.grading.scorecard import Scorecard
from trainer.reports.contract import as_json
from trainer.reports.text import as_text

LONG = [f"{line} {'and so on ' * 40}{'x' * 300}" for line in PUSHY]
CARDS: dict[str, Scorecard] = {
    "won": graded(closed(SKILLED)),
    "asked": graded(closed([*SKILLED[:-1], "ask_for_sale: Would you like to go ahead?"])),
    "long": graded(transcript(LONG, "No. " * 100)),
    "unscored": graded(closed(SKILLED[:1])),
    "empty": graded(transcript([])),
}


@pytest.mark.parametrize("card", CARDS.values(), ids=CARDS)
@pytest.mark.parametrize("details", [True, False])
def test_it_fits_a_terminal_of_eighty_columns(card: Scorecard, details: bool) -> None:
    assert max(len(line) for line in as_text(card, details=details).splitlines()) <= 80


def test_the_verdict_comes_first_then_the_ladder_then_what_to_try_then_what_went_well() -> None:
    text = as_text(CARDS["asked"])
    assert text.startswith("You earned it, then asked for it: turn 37.\n")
    order = [text.index(part) for part in ("The ladder", "To try", "What went well")]
    assert order == sorted(order)
    assert "Checks" not in text
    assert text.endswith("\n")


def test_details_show_every_check_and_the_counts_as_hints_only() -> None:
    text = as_text(CARDS["won"], details=True)
    assert text.count("yes  ") == len(CARDS["won"].checks)
    assert "hints only" in text


def test_a_call_that_can_not_be_judged_says_so_and_shows_no_score() -> None:
    text = as_text(CARDS["unscored"], details=True)
    assert text.startswith("This call can't be judged: ")
    assert "Score" not in text
    assert "To try" not in text
    assert "-    Did you" in text
    assert "your share of the words -;" in as_text(CARDS["empty"], details=True)


def test_what_was_heard_and_not_counted_is_told_with_its_reason() -> None:
    """A rep who pastes the same good line again sees why it earned nothing the second time."""
    card = graded(closed([*SKILLED[:-1], SKILLED[2], SKILLED[-1]]))
    (aside,) = card.set_aside
    assert f"Turn {aside.turn} was said before in this call." in as_text(card)
    assert {"turn": aside.turn, "reason": aside.reason, "moves": [*aside.moves]} in as_json(card)[
        "set_aside"
    ]
    assert "not counted" not in as_text(CARDS["won"])


def test_markup_in_a_quote_stays_as_it_was_said() -> None:
    card = graded(closed(["personalize: [b]You[/b] wrote.", *SKILLED[1:]]))
    assert "[b]You[/b] wrote." in as_text(card)


def second(card: Scorecard, name: str = "team-model", yes: float = 0.9) -> SecondOpinion:
    likes = ScriptedEngine(
        [], name=name,
        chances=lambda prompt: [0.2, 0.8] if "leave to go" in prompt.messages[-1].content
        else [0.1, 0.1] if "half the way" in prompt.messages[-1].content else [yes, 1 - yes],
    )  # fmt: skip
    return Judge(likes).opinion(closed(SKILLED), card)


def test_a_second_opinion_stands_beside_the_first_with_where_they_differ() -> None:
    card = CARDS["won"]
    text = as_text(card, details=True, second=second(card))
    checks = len(card.checks)
    assert "Checks: the grader, then team-model (1.00 a sure yes)\n" in text
    assert "  yes  no  0.20 * Early on, did you ask leave to go on" in text
    assert text.count("  yes  yes 0.90   ") == checks - 2
    assert "  yes  -          Did you leave half the way" in text
    flat = " ".join(text.split())
    agreed = f"They agree on {checks - 2} of {checks - 1} ({(checks - 2) / (checks - 1):.0%})"
    assert f"{agreed}, and differ on the 1 marked *." in flat
    assert "No second opinion on 1: it was as likely to say something other than yes or no." in flat
    assert "The second opinion changes neither verdict nor score." in flat
    alike = as_text(card, details=True)
    assert text.split("\nChecks")[0] == alike.split("\nChecks")[0]


def test_beside_a_call_that_can_not_be_judged_it_has_nothing_to_compare() -> None:
    card = CARDS["unscored"]
    text = as_text(card, details=True, second=second(card))
    assert "agree on" not in text
    assert f"No second opinion on {len(card.checks)}: " in " ".join(text.split())


def test_a_judge_with_a_long_or_wicked_name_keeps_to_the_page() -> None:
    text = as_text(CARDS["won"], details=True, second=second(CARDS["won"], "\x1b[31m" + "m" * 500))
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "\x1b" not in text
