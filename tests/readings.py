"""Readings made by hand, so that what the mind and the grader decide is tested without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trainer.listening import Reading
from trainer.pathway import Move
from trainer.transcripts import Turn


def reading(
    *moves: Move,
    text: str = "",
    words: int = 15,
    grounding: float = 1.0,
    unheard: tuple[str, ...] = (),
    facts: frozenset[str] = frozenset(),
    near: Mapping[str, float] | None = None,
) -> Reading:
    """A reading that holds just these moves to be present."""
    asks = {Move.OPEN_QUESTION, Move.CLOSED_QUESTION, Move.IMPACT_QUESTION, Move.ASK_FOR_SALE}
    return Reading(
        text=text or " ".join(moves) or "okay",
        moves={move: 0.95 if move in moves else 0.02 for move in Move},
        labels=frozenset(moves),
        words=words,
        question=bool(asks & set(moves)),
        grounding=grounding,
        unheard=unheard,
        facts=facts,
        near=near or {},
    )


class MarkedListener:
    """Hears the moves a test wrote in front of the words: ``reflection+empathy: That hurts.``

    A ``~`` behind the moves says that the turn takes up nothing the prospect said.
    """

    def listen(
        self, text: str, context: Sequence[Turn], *, facts: Mapping[str, str] | None = None
    ) -> Reading:
        marked, _, _ = text.partition(":")
        names = marked.replace(" ", "").removesuffix("~").split("+")
        known = [move for move in Move if move.value in names]
        grounding = 0.0 if marked.rstrip().endswith("~") else 1.0
        return reading(*known, text=text, words=len(text.split()), grounding=grounding)

    def listen_all(self, turns: Sequence[tuple[str, Sequence[Turn]]]) -> list[Reading]:
        return [self.listen(text, context) for text, context in turns]


SKILLED = (
    "personalize+permission: You wrote that some runs went wrong. Is now all right?",
    "open_question: What happened on the worst one?",
    "reflection+empathy: Two quit. That stays with a crew.",
    "open_question+impact_question: What does that cost you?",
    "reflection: So the clerk types it twice.",
    "open_question+empathy: That is a lot. Who else feels it?",
    "impact_question+reflection: And if it goes on?",
    "empathy+open_question: I'd be tired too. What have you tried?",
    "candor+expectation: It takes three weeks and the first is messy.",
    "proof+answer: Ruth in Green Bay will tell you.",
    "value_link+answer: You said Friday, so it runs on Wednesday.",
    "clarify_objection+reflection+empathy: What's behind that?",
    "proof+expectation+candor: Here is how December went.",
    "future_picture+value_link: By spring Fridays are quiet.",
    "reflection+expectation+clarify_objection: And that worry?",
    "proof+empathy+candor+value_link: See for yourself.",
    "cost_of_delay: Your contract starts January 4.",
    "future_picture+cost_of_delay+answer: Before the fourth.",
    "assumptive_close: I'll set the parallel run for Monday.",
)
"""A skilled rep, marked for the ``MarkedListener``: discovery, trust, hope, urgency, and a close
that is assumed."""

PUSHY = (
    "feature_dump: We do payroll, taxes, time clocks and benefits.",
    "pressure: This price is gone at five today.",
    "pressure+argue: You can't afford not to.",
    "ask_for_sale+pressure: So are we doing this or not?",
    "pressure+chasing: Please, just say yes, I need this one.",
    "pressure+argue: You are making a mistake.",
    "pressure: Last chance, really the last.",
)
"""A pushy rep, marked likewise."""
