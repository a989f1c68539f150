"""Did they turn it down? The words that a close is judged by, and a refusal must be heard in."""

from __future__ import annotations

import pytest

from trainer.library.shelf import Shelf
from trainer.pathway import Act
from trainer.prospect.lines import PLAIN
from trainer.replies import leaves, refuses, takes_up

LINES = [
    (act, line)
    for who in Shelf.load().personas.values()
    for act, lines in [*who.lines.items(), *PLAIN.items()]
    for line in lines
]


@pytest.mark.parametrize(
    "reply",
    [
        "No.",
        "No, thank you.",
        "Hold on, I haven't agreed to anything.",
        "Whoa, not so fast.",
        "Okay, but let me think about it.",
        "I'd need to talk to my husband first.",
        "You're getting ahead of me.",
        "I'll pass.",
        "We're not ready for that.",
        "It\u2019s a no from us.",
        "That's enough. Goodbye.",
        "I've got to go.",
    ],
)
def test_a_no_is_heard_in_its_many_forms(reply: str) -> None:
    assert refuses(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "Yes, Monday works.",
        "No problem, Monday it is.",
        "No, that works, I checked.",
        "Hang on, let me get a pen. Yes, go ahead.",
        "I can't do Tuesday, but Wednesday morning is open.",
        "Okay, I'll need to be there by nine, then.",
        "Perfect, bye.",
        "Sure. Who do I write to?",
        "That takes care of the worst of it.",
        "It's no trouble at all.",
        "Let me put that in the calendar.",
        "",
    ],
)
def test_a_yes_with_an_arrangement_in_it_is_no_refusal(reply: str) -> None:
    assert not refuses(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "Monday's fine. Use the back door, the front one sticks.",
        "It's 14 Mill Lane, the blue gate.",
        "Make it half past six, and not Monday, Tuesday.",
        "perfect",
        "Thursday? Yes, that works.",
    ],
)
def test_a_detail_given_takes_the_close_up(reply: str) -> None:
    assert takes_up(reply)


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "No.",
        "Um, all nine? I guess. What's the deposit?",
        "Hang on. Monthly what?",
        "pardon?",
        "Woah, the first of what",
        "Oh. I haven't, we're still looking.",
        "Three winters? Nobody needs three winters.",
        "I suppose so, if I must.",
    ],
)
def test_who_hesitates_or_asks_back_has_not_taken_it_up(reply: str) -> None:
    assert not takes_up(reply)


@pytest.mark.parametrize(
    ("act", "least"),
    [(Act.DECLINE, 1.0), (Act.HANG_UP, 0.8), (Act.DEFER, 0.9), (Act.PUSH_BACK, 1.0)],
)
def test_the_refusals_of_every_persona_are_heard_as_such(act: Act, least: float) -> None:
    said = [line for of, line in LINES if of is act]
    heard = [line for line in said if refuses(line)]
    assert len(heard) / len(said) >= least, sorted(set(said) - set(heard))


def test_every_persona_hangs_up_audibly() -> None:
    assert [line for act, line in LINES if act is Act.HANG_UP and not leaves(line)
            and not refuses(line)] == []  # fmt: skip


@pytest.mark.parametrize("act", [Act.AGREE, Act.CONFIRM, Act.BUYING_SIGNAL])
def test_no_yes_is_taken_for_a_no(act: Act) -> None:
    assert [line for of, line in LINES if of is act and refuses(line)] == []


def test_the_yes_of_every_persona_takes_the_close_up() -> None:
    said = [line for of, line in LINES if of is Act.AGREE]
    heard = [line for line in said if takes_up(line)]
    assert len(heard) / len(said) >= 0.95, sorted(set(said) - set(heard))
