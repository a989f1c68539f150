"""What the prospect does now: Standing x Reading -> Direction, in pure code.

The voice only words what is decided here. Chance enters through the ``random.Random`` handed in,
seeded by the call, so the same call goes the same way twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from trainer import wording
from trainer.library import Fact, Objection, Persona, Scenario
from trainer.listening import Reading
from trainer.pathway import Act, Move, MoveGroup, Outcome, Stage
from trainer.prospect import mind
from trainer.prospect.standing import Direction, Mood, Standing

_QUESTIONS = frozenset({Move.OPEN_QUESTION, Move.CLOSED_QUESTION, Move.IMPACT_QUESTION})
_HEARD = frozenset({Move.REFLECTION, Move.EMPATHY})
_PRESENTING = frozenset(
    {Move.PROOF, Move.CANDOR, Move.EXPECTATION, Move.FUTURE_PICTURE, Move.VALUE_LINK,
     Move.COST_OF_DELAY, Move.ANSWER, Move.FEATURE_DUMP, Move.OVERPROMISE}
)  # fmt: skip
_CLAIMS = frozenset({Move.FEATURE_DUMP, Move.OVERPROMISE, Move.FUTURE_PICTURE, Move.VALUE_LINK})
_ANSWERS_IT = 0.4
"""From this nearness in meaning on, a fact answers what was asked. Read off 60 questions of the
skilled written reps (MiniLM cosine): from .4 on the nearest fact is an answer, below .3 chance."""
_ALREADY_TOLD = 0.6
"""The share of a question's words in what the rep has said from which it needs no asking."""

_AGAINST = frozenset(move for move in Move if move.group is MoveGroup.AGAINST)


@dataclass(frozen=True, slots=True)
class Moment:
    """All that a decision rests on: what was heard, and where it moved the prospect from and to."""

    before: Standing
    after: Standing
    reading: Reading
    persona: Persona
    scenario: Scenario
    chance: Random

    @property
    def labels(self) -> frozenset[Move]:
        """The moves the rep's turn was held to make."""
        return self.reading.labels

    @property
    def mood(self) -> Mood:
        """How the prospect feels now."""
        return self.after.mood


def open_with(standing: Standing) -> Direction:
    """How the prospect picks up: with a greeting, whoever they are. Nobody has spoken yet, so there
    is nothing to brush off, hold back from or ask about; that begins with the rep's first words."""
    return Direction(Act.GREET, standing.mood, why="they pick up the phone")


def direct(moment: Moment) -> Direction:
    """What the prospect does, given where they stood, where they stand and what they heard."""
    before, after, labels = moment.before, moment.after, moment.labels
    ending = _ending(before, after)
    if ending is not None:
        return ending
    if after.agreed:
        return _past_the_yes(moment)
    if after.stopped > before.stopped:
        return _stopped(moment)
    if labels & _AGAINST:
        return _pushed(moment)
    if mind.is_misheard(moment.reading):
        return Direction(
            Act.PUSH_BACK, moment.mood, why="the rep said back something they never said"
        )
    if before.objection is not None and after.objection is None:
        return Direction(Act.CONSIDER, moment.mood, why="what stood in the way was met")
    if labels & _QUESTIONS or Move.CLARIFY_OBJECTION in labels:
        # A question tacked on to an offer does not carry the buyer past their own worry.
        return _object(moment) or _answer(moment)
    return _respond(moment)


def _ending(before: Standing, after: Standing) -> Direction | None:
    match after.outcome:
        case Outcome.HUNG_UP:
            return Direction(Act.HANG_UP, Mood.ANNOYED, why="their patience ran out")
        case Outcome.DECLINED:
            return Direction(Act.DECLINE, Mood.ANNOYED, why="nothing is left to trust")
        case Outcome.DRIFTED if before.agreed:
            return Direction(Act.DEFER, after.mood, why="pushed after the yes, they took it back")
        case Outcome.DRIFTED if after.stopped > before.stopped:
            return Direction(Act.DEFER, after.mood, why="asked to decide again, they put it off")
        case Outcome.DRIFTED:
            return Direction(Act.DEFER, after.mood, why="it was earned, and nobody closed it")
        case Outcome.AGREED:
            return Direction(Act.CONFIRM, after.mood, why="all is said; they go")
        case _:
            return None


def _past_the_yes(moment: Moment) -> Direction:
    mood = moment.mood
    if not moment.before.agreed:
        return Direction(Act.AGREE, mood, why="it was earned, and the rep assumed it")
    if moment.labels & _AGAINST or Move.ASK_FOR_SALE in moment.labels:
        return Direction(Act.CONSIDER, mood, why="pushed after the yes, they wonder")
    return Direction(Act.CONFIRM, mood, why="the yes is given; they settle the details")


def _stopped(moment: Moment) -> Direction:
    mood = moment.mood
    if Move.ASK_FOR_SALE in moment.labels and mind.earned(moment.before, moment.persona):
        return Direction(Act.DEFER, mood, why="it was earned, but asking put it in doubt")
    if Move.ASK_FOR_SALE in moment.labels:
        return Direction(Act.PUSH_BACK, mood, why="asked to buy before it was earned")
    if Move.PRESSURE in moment.labels:
        return Direction(Act.PUSH_BACK, mood, why="pressed to go ahead")
    return Direction(Act.PUSH_BACK, mood, why="the rep assumed a yes that was not earned")


def _pushed(moment: Moment) -> Direction:
    labels, mood = moment.labels, moment.mood
    named = ", ".join(sorted(move.in_words for move in labels & _AGAINST))
    if labels & {Move.PRESSURE, Move.ARGUE, Move.DISPARAGE}:
        return Direction(Act.PUSH_BACK, mood, why=named)
    if labels & {Move.CHASING, Move.DISCOUNTING}:
        act = Act.BRUSH_OFF if moment.after.patience > 0.3 else Act.PUSH_BACK
        return Direction(act, mood, why=f"{named}: the rep carries the whole way")
    act = moment.chance.choice([Act.ASK_PROOF, Act.HOLD_BACK, Act.BRUSH_OFF])
    return Direction(act, mood, why=f"{named}: tied to nothing they said")


def _answer(moment: Moment) -> Direction:
    """To a question: a fact as deep as the footing allows, or as little as possible."""
    after, labels, mood = moment.after, moment.labels, moment.mood
    behind = Move.CLARIFY_OBJECTION in labels and after.objection is not None
    wary = mind.progress(Stage.RAPPORT, after, moment.persona) < 0.3
    if wary and moment.before.turns < 2 and Move.CLOSED_QUESTION not in labels:
        return Direction(Act.HOLD_BACK, mood, why="asked before there is any rapport")
    fact = _next_fact(moment, deep_first=behind or Move.IMPACT_QUESTION in labels)
    if fact is None:
        if mind.earned(after, moment.persona):
            return Direction(Act.BUYING_SIGNAL, mood, why="it is earned; they think of having it")
        if behind or len(after.disclosed) == len(moment.scenario.tellable):
            return Direction(Act.ANSWER, mood, why="a fair question, and all of it is told")
        return Direction(Act.HOLD_BACK, mood, why="there is more, but not on this footing yet")
    return _tell(fact, mood, "what lies behind the objection" if behind else "a fair question")


def _respond(moment: Moment) -> Direction:
    """To anything but a question."""
    after, labels, mood = moment.after, moment.labels, moment.mood
    objection = _object(moment)
    if objection is not None:
        return objection
    if mind.earned(after, moment.persona):
        return Direction(Act.BUYING_SIGNAL, mood, why="it is earned; they wait for you to go ahead")
    if labels & _HEARD:
        fact = _next_fact(moment, deep_first=True)
        if fact is not None and (
            fact.depth == "deep"
            or (moment.reading.question and _answers(fact, moment.reading))
            or moment.chance.random() < 0.5
        ):
            return _tell(fact, mood, "they felt heard")
        return Direction(Act.WARM_UP, mood, why="they felt heard")
    if labels & _PRESENTING:
        return _weigh_offer(moment)
    if labels & {Move.SMALL_TALK, Move.PERMISSION, Move.PERSONALIZE, Move.CHECK_IN}:
        return _meet(moment)
    if moment.persona.opens_with is Act.BRUSH_OFF or after.barren >= 2:
        return Direction(Act.BRUSH_OFF, mood, why="nothing in it for them")
    if moment.before.turns and moment.chance.random() < 0.5:
        return _ask(moment, "left to themselves, they ask")
    return Direction(Act.HOLD_BACK, mood, why="nothing to go on")


def _weigh_offer(moment: Moment) -> Direction:
    """To something presented: the evidence, a question of their own, or thinking aloud."""
    labels, waiting = moment.labels, moment.before.waiting_for
    claimed = bool(labels & _CLAIMS) and Move.PROOF not in labels
    if claimed and waiting != "proof" and moment.persona.weighs.get(Move.PROOF, 2) >= 3:
        return Direction(Act.ASK_PROOF, moment.mood, why="a claim with nothing under it")
    if waiting is None:
        return _ask(moment, "this is what they want to know")
    return Direction(Act.CONSIDER, moment.mood, why="they weigh what was said")


def _meet(moment: Moment) -> Direction:
    """To a courtesy: in kind, as far as this person cares for it."""
    labels, mood = moment.labels, moment.mood
    wary = moment.persona.opens_with is Act.BRUSH_OFF and moment.before.turns == 0
    if Move.SMALL_TALK in labels and moment.persona.weighs.get(Move.SMALL_TALK, 2) > 0:
        return Direction(Act.SMALL_TALK, mood, why="a pleasantry returned")
    if Move.PERMISSION in labels and not wary:
        minutes = "two minutes" if moment.after.patience < 0.5 else "a few minutes"
        return Direction(
            Act.ANSWER, mood, f"I've got {minutes}", "fact", why="they were asked for leave"
        )
    if Move.PERSONALIZE in labels and not wary:
        fact = _next_fact(moment, deep_first=False)
        if fact is not None and moment.chance.random() < 0.5:
            return _tell(fact, mood, "the rep knew why they are talking")
    if Move.CHECK_IN in labels:
        return Direction(Act.CONSIDER, mood, why="asked how it sits")
    if wary and Move.PERMISSION in labels:
        return Direction(Act.BRUSH_OFF, mood, why="asked for leave, they would rather not")
    return Direction(Act.HOLD_BACK, mood, why="not a bad beginning, but they are wary")


def _ask(moment: Moment, why: str) -> Direction:
    told = " ".join(sorted(moment.after.said))
    open_ones = (
        question
        for question in moment.scenario.questions
        if question.id not in moment.after.asked
        and wording.recall(told, question.say) < _ALREADY_TOLD
    )
    question = next(open_ones, None)
    if question is None:
        return Direction(Act.CONSIDER, moment.mood, why="they weigh what was said")
    return Direction(
        Act.ASK_QUESTION, moment.mood, question.say, "question", question.id, why
    )  # fmt: skip


def _tell(fact: Fact, mood: Mood, why: str) -> Direction:
    # Nobody lowers their voice for what anyone may know.
    act = Act.DISCLOSE if fact.depth == "deep" else Act.ANSWER
    return Direction(act, mood, fact.say, "fact", fact.id, why)


def _next_fact(moment: Moment, *, deep_first: bool) -> Fact | None:
    """The fact they are ready to tell: what the rep touched on, then what answers the question,
    then one of the depth that is due. Deep ones only on good footing."""
    after, persona, reading = moment.after, moment.persona, moment.reading
    deep_told = (
        mind.progress(Stage.RAPPORT, after, persona) >= 0.75
        and mind.progress(Stage.EMPATHY, after, persona) >= 0.45
    )
    ready = [
        fact
        for fact in moment.scenario.tellable
        if fact.id not in after.disclosed and (fact.depth == "surface" or deep_told)
    ]
    wanted = "deep" if deep_first else "surface"

    def due(fact: Fact) -> tuple[bool, float, bool]:
        near = reading.near[fact.id] if _answers(fact, reading) else 0.0
        return fact.id in reading.facts, near, fact.depth == wanted

    return max(ready, key=due, default=None)


def _answers(fact: Fact, reading: Reading) -> bool:
    """Whether the fact is about what was asked (or said, where nothing was asked)."""
    return reading.near.get(fact.id, 0.0) >= _ANSWERS_IT


def _object(moment: Moment) -> Direction | None:
    """The next objection, where it is due."""
    objection = _due_objection(moment)
    if objection is None:
        return None
    return Direction(
        Act.OBJECT, moment.mood, objection.say, "objection", objection.id,
        "before they can go on, this has to come out",
    )  # fmt: skip


def _due_objection(moment: Moment) -> Objection | None:
    """An objection comes out when the talk turns to what would change, one at a time.

    People who need much trust bring up two; others one.
    """
    after, persona = moment.after, moment.persona
    most = 2 if persona.needs[Stage.TRUST] >= 0.7 else 1
    if after.objection is not None or len(after.raised) >= most:
        return None
    turned = moment.labels & (_PRESENTING | {Move.CHECK_IN})
    hope = mind.progress(Stage.HOPE, after, persona)
    near = hope >= (0.8 if after.raised else 0.35)
    if not turned or not near or mind.earned(after, persona):
        return None
    return next((o for o in moment.scenario.objections if o.id not in after.raised), None)
