"""The listener that ships, with the real encoder: plain sales lines are heard for what they do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from trainer.errors import TrainerError
from trainer.listening import Reading
from trainer.listening.listener import EncoderListener
from trainer.pathway import Move, Speaker
from trainer.transcripts import Turn

pytestmark = pytest.mark.model

PAIN = "Three of our last six payroll runs went out wrong. Two drivers quit over a late check."
BUYING = "That would help. How soon could the first run be?"

LINES: list[tuple[str, str, set[Move], set[Move]]] = [
    # the prospect's last words, the rep's turn, moves that must be heard, moves that must not
    (BUYING, "Would you like to go ahead?", {Move.ASK_FOR_SALE}, {Move.ASSUMPTIVE_CLOSE}),
    (BUYING, "Are you ready to sign up today?", {Move.ASK_FOR_SALE}, {Move.CLOSED_QUESTION}),
    (BUYING, "What would it take to get your business?", {Move.ASK_FOR_SALE}, set()),
    (BUYING, "So, can we get you started this week?", {Move.ASK_FOR_SALE}, set()),
    (
        BUYING,
        "I'll put you down for Monday, and the paperwork comes to this address tonight.",
        {Move.ASSUMPTIVE_CLOSE},
        {Move.ASK_FOR_SALE},
    ),
    (
        BUYING,
        "Great, I'll book the first run for the fifth. Mornings or afternoons for the set-up call?",
        {Move.ASSUMPTIVE_CLOSE},
        {Move.ASK_FOR_SALE},
    ),
    (PAIN, "How does that sit with you so far?", {Move.CHECK_IN}, {Move.ASK_FOR_SALE}),
    (PAIN, "What happened on the worst one?", {Move.OPEN_QUESTION}, {Move.ASK_FOR_SALE}),
    (PAIN, "How do you find out that a run went wrong?", {Move.OPEN_QUESTION}, set()),
    (PAIN, "How many people are on the payroll?", {Move.CLOSED_QUESTION}, {Move.ASK_FOR_SALE}),
    (PAIN, "Did they tell you before they left?", {Move.CLOSED_QUESTION}, {Move.ASK_FOR_SALE}),
    (PAIN, "What does it cost you each time a driver quits?", {Move.IMPACT_QUESTION}, set()),
    (PAIN, "So three out of six went wrong, and two drivers left.", {Move.REFLECTION}, set()),
    (PAIN, "That's a rotten position to be in. I'd be worn out too.", {Move.EMPATHY}, set()),
    ("Hello?", "Hi Dana, is now a bad time?", {Move.PERMISSION}, {Move.ASK_FOR_SALE}),
    (
        PAIN,
        "You said the drivers quit over late checks, so the run is checked on Wednesday, before "
        "anybody sees it.",
        {Move.VALUE_LINK},
        {Move.PRESSURE},
    ),
    (
        PAIN,
        "The price goes up on Friday and there are only two slots left, so decide now.",
        {Move.PRESSURE},
        {Move.COST_OF_DELAY},
    ),
    (
        PAIN,
        "Honestly, we may not be the right fit: under fifteen people we're too expensive.",
        {Move.CANDOR},
        {Move.ASK_FOR_SALE},
    ),
    (
        "Based on what?",
        "Birchway Haulage ran both systems side by side for a quarter; their controller will "
        "show you the error log.",
        {Move.PROOF},
        {Move.ASK_FOR_SALE},
    ),
    (PAIN, "We guarantee you'll never have a single problem again.", {Move.OVERPROMISE}, set()),
    (
        "It's too expensive.",
        "I'll knock twenty percent off and throw in the first month free.",
        {Move.DISCOUNTING},
        set(),
    ),
    (
        "Hello?",
        "We have a leading cloud platform with dashboards, integrations, a mobile app and 24/7 "
        "support.",
        {Move.FEATURE_DUMP},
        {Move.VALUE_LINK},
    ),
    ("I said no.", "Please, I've called you six times, just give me five minutes.",
     {Move.CHASING}, set()),
    ("All done, thanks.", "Who else do you know who could use this?", {Move.REFERRAL_ASK}, set()),
    (PAIN, "Okay.", set(), {Move.ASK_FOR_SALE, Move.REFLECTION, Move.EMPATHY, Move.PRESSURE}),
]  # fmt: skip


@pytest.fixture(scope="module")
def listener() -> EncoderListener:
    try:
        return EncoderListener.load()
    except TrainerError as error:
        pytest.skip(str(error))


def after(prospect: str) -> list[Turn]:
    return [Turn(Speaker.REP, "Hi, Sam from Evenpay."), Turn(Speaker.PROSPECT, prospect)]


@pytest.mark.parametrize(("prospect", "text", "there", "absent"), LINES)
def test_a_plain_line_is_heard(
    listener: EncoderListener, prospect: str, text: str, there: set[Move], absent: set[Move]
) -> None:
    """A trainer would not argue about any of these."""
    labels = listener.listen(text, after(prospect)).labels
    assert there <= labels
    assert not absent & labels


def test_a_turn_reads_the_same_alone_in_a_call_and_in_a_batch(listener: EncoderListener) -> None:
    """Graded twice, or with other calls, a transcript gets the same score to the last digit."""
    turns = [(text, after(prospect)) for prospect, text, _, _ in LINES]
    fresh = EncoderListener.load()
    together = fresh.listen_all(turns)
    backwards = EncoderListener.load().listen_all(turns[::-1])[::-1]
    alone = [listener.listen(text, context) for text, context in turns]
    assert together == alone == backwards


def test_the_number_of_threads_changes_nothing() -> None:
    """A colleague's machine with fewer cores to spare grades the same."""
    program = (
        "import sys, torch; torch.set_num_threads(int(sys.argv[1]))\n"
        "from trainer.listening.listener import EncoderListener\n"
        "print(dict(EncoderListener.load().listen('Three bad runs. What happened?', []).moves))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, threads],
            check=True, capture_output=True, text=True, env=dict(os.environ),
        ).stdout
        for threads in ("1", "2")
    ]  # fmt: skip
    assert said[0] == said[1]


def test_a_reading_tells_more_than_moves(listener: EncoderListener) -> None:
    """What the mind needs: grounding, misheard figures, the facts that were taken up."""
    facts = {"quit": "two drivers quit over a late check"}
    reading = listener.listen("Five runs, and two drivers quit?", after(PAIN), facts=facts)
    assert reading.unheard == ("Five",)
    assert reading.facts == {"quit"}
    assert reading.question
    assert reading.words == 6
    assert reading.grounding > 0.5


def test_what_is_asked_is_held_to_the_facts_by_its_meaning(listener: EncoderListener) -> None:
    """The prospect should answer the question, not tell whatever comes next on a list."""
    facts = {
        "carries": "I carry the backup home myself, and I forgot it twice in October",
        "closed": "on December 18 we close for three weeks and nobody carries the drive",
        "widow": "I told a widow her husband's will was signed out, when we'd lost it",
    }
    heard = "Thank you for saying that about the widow. When does the office close over Christmas?"
    near = listener.listen(heard, [], facts=facts).near
    assert max(near, key=near.__getitem__) == "closed"
    assert listener.listen("A widow, and a will.", [], facts=facts).near["widow"] > 0.4
    assert listener.listen("When do you close?", []).near == {}


@pytest.mark.parametrize("text", ["", " ", "\x1b[31m", "?" * 50, "ok " * 3000, "🙂", "[bold]hi[/]"])
def test_nothing_typed_breaks_the_listener(listener: EncoderListener, text: str) -> None:
    reading: Reading = listener.listen(text, [Turn(Speaker.PROSPECT, "")])
    assert set(reading.moves) == set(Move)
    assert "\x1b" not in reading.text
