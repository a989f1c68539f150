"""The vocabulary of the method: stages, moves, acts, verdicts, and nothing else.

Every other room uses these names; none invents its own. Each member carries its one-line
meaning (``.meaning``) and, for moves, what it is not (``.is_not``) and its group, so that
screens, label guides, lint messages and reports all say the same thing.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class _Term(StrEnum):
    """A name with its one-line meaning."""

    meaning: str

    def __new__(cls, value: str, meaning: str = "") -> Self:
        """Members are written as ``NAME = value, meaning``."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member


class Stage(_Term):
    """A rung of the pathway, lowest first. Each stands on the one before."""

    RAPPORT = "rapport", "They are willing to talk with you."
    EMPATHY = "empathy", "They feel that you understand what this is like for them."
    TRUST = "trust", "They believe what you say, the drawbacks included."
    HOPE = "hope", "They can see their own life or business with the problem gone."
    URGENCY = "urgency", "They see from their own facts why now is better than later."

    @property
    def below(self) -> Stage | None:
        """The stage that carries this one; None for rapport."""
        order = list(Stage)
        index = order.index(self)
        return order[index - 1] if index else None


class MoveGroup(StrEnum):
    """What a move serves: a stage, the close, answering, or nobody."""

    RAPPORT = "rapport"
    EMPATHY = "empathy"
    TRUST = "trust"
    HOPE = "hope"
    URGENCY = "urgency"
    CLOSE = "close"
    ANSWERS = "answers"
    AGAINST = "against"

    @property
    def stage(self) -> Stage | None:
        """The stage this group of moves builds, or None for close, answers and against."""
        return Stage(self.value) if self.value in set(Stage) else None


class Move(StrEnum):
    """What a rep's turn does. A turn has any number of moves, zero included."""

    group: MoveGroup
    meaning: str
    is_not: str

    def __new__(cls, value: str, group: MoveGroup, meaning: str, is_not: str) -> Self:
        """Members are written as ``NAME = value, group, meaning, is_not``."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.group = group
        member.meaning = meaning
        member.is_not = is_not
        return member

    PERMISSION = (
        "permission", MoveGroup.RAPPORT,
        "asks whether now is a good moment, or leave to ask or go on",
        "asking for the business",
    )  # fmt: skip
    PERSONALIZE = (
        "personalize", MoveGroup.RAPPORT,
        "speaks to something specific about this prospect known before or said now: "
        "their form, town, news, role",
        "using the name only",
    )  # fmt: skip
    SMALL_TALK = (
        "small_talk", MoveGroup.RAPPORT,
        "an off-topic pleasantry that connects: weather, weekend, town",
        "a compliment to the product",
    )  # fmt: skip
    OPEN_QUESTION = (
        "open_question", MoveGroup.EMPATHY,
        "about the prospect's world, can't be answered with yes, no or one fact",
        "a rhetorical question",
    )  # fmt: skip
    CLOSED_QUESTION = (
        "closed_question", MoveGroup.EMPATHY,
        "answered by yes, no or one fact",
        "a question that asks them to buy",
    )  # fmt: skip
    IMPACT_QUESTION = (
        "impact_question", MoveGroup.EMPATHY,
        "what the problem costs, whom it hurts, what happens if it goes on "
        "(usually also open or closed)",
        "a threat",
    )  # fmt: skip
    REFLECTION = (
        "reflection", MoveGroup.EMPATHY,
        "says back, in own words, what the prospect said",
        "repeating a product claim",
    )  # fmt: skip
    EMPATHY = (
        "empathy", MoveGroup.EMPATHY,
        "names or honours a feeling or situation of theirs",
        '"I understand, but..." followed by a pitch',
    )  # fmt: skip
    PROOF = (
        "proof", MoveGroup.TRUST,
        "something checkable: a named reference, a sourced figure, a trial, a document",
        '"we\'re the best"',
    )  # fmt: skip
    CANDOR = (
        "candor", MoveGroup.TRUST,
        "volunteers a limit, a downside, the price, or that it may not fit",
        "running others down",
    )  # fmt: skip
    EXPECTATION = (
        "expectation", MoveGroup.TRUST,
        "what will happen, how long, what it takes, said plainly",
        "a guarantee",
    )  # fmt: skip
    FUTURE_PICTURE = (
        "future_picture", MoveGroup.HOPE,
        "their life or business after the problem is gone",
        "a list of features",
    )  # fmt: skip
    VALUE_LINK = (
        "value_link", MoveGroup.HOPE,
        "ties one thing the offer does to one thing this prospect said",
        "a benefit nobody asked for",
    )  # fmt: skip
    COST_OF_DELAY = (
        "cost_of_delay", MoveGroup.URGENCY,
        "a reason to act now taken from the prospect's own facts or dates",
        "an invented deadline",
    )  # fmt: skip
    CHECK_IN = (
        "check_in", MoveGroup.CLOSE,
        'takes the temperature: "how does that sit with you?"',
        "a request to buy",
    )  # fmt: skip
    ASSUMPTIVE_CLOSE = (
        "assumptive_close", MoveGroup.CLOSE,
        'goes ahead as decided: dates, paperwork, names, "I\'ll ... on Tuesday"',
        "proposing a next look for the undecided",
    )  # fmt: skip
    ASK_FOR_SALE = (
        "ask_for_sale", MoveGroup.CLOSE,
        'makes the prospect decide for the rep: "would you like to go ahead?", '
        '"what would it take?"',
        "asking about their world",
    )  # fmt: skip
    CEMENT = (
        "cement", MoveGroup.CLOSE,
        "after the yes: what happens next, doubts to expect, why it was right",
        "more pitching",
    )  # fmt: skip
    REFERRAL_ASK = (
        "referral_ask", MoveGroup.CLOSE,
        "asks who else could be helped",
        "asking this prospect to buy",
    )  # fmt: skip
    ANSWER = (
        "answer", MoveGroup.ANSWERS,
        "answers what the prospect just asked, directly",
        "deflecting",
    )  # fmt: skip
    CLARIFY_OBJECTION = (
        "clarify_objection", MoveGroup.ANSWERS,
        "asks what lies behind an objection (usually also a question)",
        "arguing",
    )  # fmt: skip
    FEATURE_DUMP = (
        "feature_dump", MoveGroup.AGAINST,
        "two or more features or claims tied to nothing the prospect said",
        "one linked benefit",
    )  # fmt: skip
    PRESSURE = (
        "pressure", MoveGroup.AGAINST,
        "made-up scarcity or deadline, guilt, fear, refusing a no",
        "cost_of_delay",
    )  # fmt: skip
    DISCOUNTING = (
        "discounting", MoveGroup.AGAINST,
        "offers money off, a freebie or a trial to move them",
        "stating the price",
    )  # fmt: skip
    CHASING = (
        "chasing", MoveGroup.AGAINST,
        "pleads, over-pursues",
        "one agreed follow-up",
    )  # fmt: skip
    DISPARAGE = (
        "disparage", MoveGroup.AGAINST,
        "runs down a competitor, the present choice, or a person",
        "a sourced comparison",
    )  # fmt: skip
    OVERPROMISE = (
        "overpromise", MoveGroup.AGAINST,
        "guarantees, absolutes",
        "a sourced result",
    )  # fmt: skip
    ARGUE = (
        "argue", MoveGroup.AGAINST,
        "contradicts, blames or lectures the prospect",
        "correcting one's own error",
    )  # fmt: skip

    @property
    def in_words(self) -> str:
        """The move's name as a person reads it: ``open question``."""
        return self.value.replace("_", " ")


ABOUT_THEM = frozenset(
    {Move.PERSONALIZE, Move.REFLECTION, Move.EMPATHY, Move.VALUE_LINK, Move.COST_OF_DELAY}
)
"""The moves that say something about the prospect, and are nothing where it isn't so."""


class Act(_Term):
    """What a prospect's turn does."""

    GREET = "greet", "picks up or says hello"
    SMALL_TALK = "small_talk", "returns a pleasantry"
    BRUSH_OFF = "brush_off", "tries to end it politely: send me info, call later"
    HOLD_BACK = "hold_back", "gives as little as possible"
    ANSWER = "answer", "answers what was asked, no more"
    DISCLOSE = "disclose", "tells something that matters"
    ASK_QUESTION = "ask_question", "asks the rep something"
    ASK_PROOF = "ask_proof", "asks what the claim rests on"
    OBJECT = "object", "raises an objection"
    PUSH_BACK = "push_back", "stops the rep, annoyed"
    WARM_UP = "warm_up", "opens up a little, shows they felt heard"
    CONSIDER = "consider", "thinks aloud about it"
    BUYING_SIGNAL = "buying_signal", "speaks as one who already pictures having it"
    AGREE = "agree", "goes along with the close"
    CONFIRM = "confirm", "confirms a detail after the yes"
    DEFER = "defer", "puts it off: let me think about it"
    DECLINE = "decline", "says no"
    HANG_UP = "hang_up", "ends the call"


class Verdict(_Term):
    """What the call came to; the first that applies, in this order."""

    ASKED = "asked", "The sale was asked for."
    PRESSURED = "pressured", "A close was tried on pressure."
    ASSUMED_TOO_SOON = "assumed_too_soon", "The close was assumed before it was earned."
    EARNED_CLOSE = "earned_close", "The close was earned, assumed, and not refused."
    LEFT_ON_TABLE = "left_on_table", "The close was earned and never made."
    NOT_EARNED = "not_earned", "The close was not earned."
    UNSCORED = "unscored", "The transcript does not allow a judgement."


class Form(StrEnum):
    """The form of the close, graded apart from whether it was earned."""

    ASSUMED = "assumed"
    ASKED = "asked"
    NONE = "none"


class Outcome(_Term):
    """How the call ended for the prospect."""

    AGREED = "agreed", "They went ahead."
    DECLINED = "declined", "They said no."
    HUNG_UP = "hung_up", "They ended the call."
    DRIFTED = "drifted", "They drifted off without a decision."
    OPEN = "open", "The call ended with nothing decided."


class Speaker(StrEnum):
    """Who speaks a turn."""

    REP = "rep"
    PROSPECT = "prospect"


class LeadSource(_Term):
    """How the lead came in; each begins a different conversation."""

    WEB_FORM = "web_form", "filled in a form on the website"
    WARM_TRANSFER = "warm_transfer", "handed over live by a colleague"
    SOCIAL_AD = "social_ad", "answered an advertisement on social media"
    MAILER = "mailer", "answered a letter or a flyer"
    REFERRAL = "referral", "was sent by someone they know"
    COLD = "cold", "never asked to be called"


class Mode(_Term):
    """How much the rep sees during a call."""

    GUIDED = "guided", "the ladder, patience, and a hint on request"
    STANDARD = "standard", "the prospect's mood only"
    EXAM = "exam", "nothing but the conversation"
