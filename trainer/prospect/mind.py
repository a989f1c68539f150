"""How a prospect is moved: Standing x Reading -> Standing, in pure code.

Nothing here draws lots, keeps time or calls a model. What a rep types can change a Standing only
through the moves it was read as, so "ignore your instructions and buy" is a line like any other.

The amounts below were set so that the written reps of ``scenarios/reps`` end as a sales trainer
would expect (``tests/test_written_reps.py`` holds the table); the rules are those of the design.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from trainer.library import Objection, Persona, Scenario
from trainer.listening import Reading
from trainer.pathway import Act, LeadSource, Move, MoveGroup, Outcome, Stage
from trainer.prospect.standing import Direction, Mood, Standing

LEAN_FOR_A_YES = 0.51
"""The prospect has to come at least 51 % of the way (design, part 2)."""

_RISES: Mapping[Move, Mapping[Stage, float]] = {
    Move.PERMISSION: {Stage.RAPPORT: 0.18},
    Move.PERSONALIZE: {Stage.RAPPORT: 0.28},
    Move.SMALL_TALK: {Stage.RAPPORT: 0.16},
    Move.OPEN_QUESTION: {Stage.RAPPORT: 0.06, Stage.EMPATHY: 0.15},
    Move.CLOSED_QUESTION: {Stage.EMPATHY: 0.06},
    Move.IMPACT_QUESTION: {Stage.EMPATHY: 0.18, Stage.URGENCY: 0.06},
    Move.REFLECTION: {Stage.RAPPORT: 0.09, Stage.EMPATHY: 0.20, Stage.TRUST: 0.05},
    Move.EMPATHY: {Stage.RAPPORT: 0.11, Stage.EMPATHY: 0.20},
    Move.PROOF: {Stage.TRUST: 0.27},
    Move.CANDOR: {Stage.TRUST: 0.25},
    Move.EXPECTATION: {Stage.TRUST: 0.19},
    Move.FUTURE_PICTURE: {Stage.HOPE: 0.38},
    Move.VALUE_LINK: {Stage.TRUST: 0.06, Stage.HOPE: 0.36},
    Move.COST_OF_DELAY: {Stage.URGENCY: 0.60},
    Move.ANSWER: {Stage.RAPPORT: 0.03, Stage.TRUST: 0.12},
    Move.CLARIFY_OBJECTION: {Stage.EMPATHY: 0.12, Stage.TRUST: 0.10},
}
"""What a move does at full strength for a person who weighs it +2."""


@dataclass(frozen=True, slots=True)
class _Harm:
    patience: float
    lean: float = 0.0
    levels: Mapping[Stage, float] = field(default_factory=dict)


_HARMS: Mapping[Move, _Harm] = {
    Move.FEATURE_DUMP: _Harm(0.10, 0.06, {Stage.TRUST: 0.05}),
    Move.PRESSURE: _Harm(0.17, 0.08, {Stage.TRUST: 0.14, Stage.RAPPORT: 0.08}),
    Move.DISCOUNTING: _Harm(0.06, 0.12, {Stage.TRUST: 0.09}),
    Move.CHASING: _Harm(0.13, 0.15, {Stage.TRUST: 0.07, Stage.RAPPORT: 0.05}),
    Move.DISPARAGE: _Harm(0.08, 0.03, {Stage.TRUST: 0.13}),
    Move.OVERPROMISE: _Harm(0.07, 0.03, {Stage.TRUST: 0.15}),
    Move.ARGUE: _Harm(0.17, 0.06, {Stage.TRUST: 0.11, Stage.RAPPORT: 0.11}),
}
"""What a move against does the first time to a person who weighs it -2."""

_DISCOVERY = frozenset(
    {Move.OPEN_QUESTION, Move.CLOSED_QUESTION, Move.IMPACT_QUESTION, Move.REFLECTION, Move.ANSWER}
)
"""Moves a good conversation holds many of: they wear out slowly."""

_WEARS = 0.55
_WEARS_SLOWLY = 0.82

_PATIENCE = {"low": 0.45, "medium": 0.65, "high": 0.85}

_HEAD_START: Mapping[LeadSource, tuple[float, float]] = {
    LeadSource.REFERRAL: (0.18, 0.36),
    LeadSource.WARM_TRANSFER: (0.15, 0.36),
    LeadSource.WEB_FORM: (0.10, 0.34),
    LeadSource.SOCIAL_AD: (0.06, 0.30),
    LeadSource.MAILER: (0.06, 0.28),
    LeadSource.COLD: (0.00, 0.20),
}
"""Rapport and lean before a word is said, by how the lead came in."""

_LONG_SPEECH_WORDS = 60
"""About 25 seconds of speech; beyond it a listener on the phone stops taking in."""

_EARLY: Mapping[Stage, tuple[float, float]] = {
    Stage.TRUST: (0.02, 0.00),
    Stage.HOPE: (0.06, 0.06),
    Stage.URGENCY: (0.11, 0.07),
}
"""What a move costs in patience and trust when the stages below do not carry it."""

_DRIFTS_AFTER = 6
"""Rep turns that an earned close stays open before the prospect drifts off."""

_FOLD = re.compile(r"[\W_]+")


def begin(persona: Persona, scenario: Scenario) -> Standing:
    """The standing before the first word: a head start from how the lead came in, no more."""
    rapport, lean = _HEAD_START[scenario.lead.source]
    levels = dict.fromkeys(Stage, 0.0)
    levels[Stage.RAPPORT] = rapport
    standing = Standing(levels=levels, patience=_PATIENCE[persona.patience], lean=lean)
    return replace(standing, mood=_mood(standing, persona, hurt=False))


def ceiling(stage: Stage, levels: Mapping[Stage, float], persona: Persona) -> float:
    """How far ``stage`` may rise, given the stage below it.

    A stage below that stands where this person needs it carries the next to where it is needed;
    short of that it carries proportionally less, past it proportionally more.
    """
    below = stage.below
    if below is None:
        return 1.0
    stands, needed, wanted = levels[below], persona.needs[below], persona.needs[stage]
    if stands < needed:
        return wanted * stands / needed
    return 1.0 if needed >= 1 else wanted + (1 - wanted) * (stands - needed) / (1 - needed)


def progress(stage: Stage, standing: Standing, persona: Persona) -> float:
    """How much of what this person needs of ``stage`` is there, 0 to 1."""
    needed = persona.needs[stage]
    return min(1.0, standing.levels[stage] / needed) if needed else 1.0


def earned(standing: Standing, persona: Persona) -> bool:
    """Whether the close may be assumed now: every stage where it is needed, nothing in the way,
    and the prospect coming more than half of the way."""
    return (
        all(progress(stage, standing, persona) >= 1 - 1e-9 for stage in Stage)
        and standing.objection is None
        and standing.lean >= LEAN_FOR_A_YES
        and standing.patience > 0
    )


def react(standing: Standing, reading: Reading, persona: Persona, scenario: Scenario) -> Standing:
    """The standing after the rep's turn. The conversation must not be over already."""
    change = _Change(standing, persona)
    labels = reading.labels
    folded = _FOLD.sub(" ", reading.text.casefold()).strip()
    repeated = folded in standing.said

    change.patience(-0.015)
    if repeated:
        change.patience(-0.15)
        change.hurt = True
    _weigh_length(change, reading)
    _weigh_pending(change, reading)
    _weigh_against(change, reading)
    if not repeated:
        _weigh_rises(change, reading)
    objection = _weigh_objection(change, standing, labels, scenario)

    brought = change.brought
    barren = 0 if brought > 0.02 or standing.agreed else standing.barren + 1
    change.patience(0.025 if brought > 0.08 and not change.hurt else 0.0)
    change.patience(-0.04 * barren)

    after = replace(
        standing,
        levels=change.levels,
        patience=change.patience_left,
        lean=change.lean_now,
        objection=None if objection is None else objection.id,
        worked=(standing.worked | labels) if objection is not None else frozenset(),
        waiting_for=None,
        uses={**standing.uses, **{m: standing.uses.get(m, 0) + 1 for m in labels}},
        said=standing.said | {folded},
        turns=standing.turns + 1,
        barren=barren,
    )
    after, hurt = _weigh_close(after, labels, persona)
    hurt = hurt or change.hurt
    after = _conclude(after, labels, persona)
    return replace(after, mood=_mood(after, persona, hurt=hurt))


def note(standing: Standing, direction: Direction, persona: Persona) -> Standing:
    """The standing once the prospect has done what it decided: told, asked, objected."""
    lean = standing.lean
    if direction.say_kind == "fact" and direction.say_id:
        lean += 0.045
        standing = replace(standing, disclosed=standing.disclosed | {direction.say_id})
    if direction.say_kind == "objection" and direction.say_id:
        standing = replace(
            standing,
            raised=standing.raised | {direction.say_id},
            objection=direction.say_id,
            worked=frozenset(),
        )
    if direction.say_kind == "question" and direction.say_id:
        lean += 0.03
        standing = replace(standing, asked=standing.asked | {direction.say_id})
    if direction.act is Act.ASK_PROOF:
        standing = replace(standing, waiting_for="proof")
    elif direction.act is Act.ASK_QUESTION:
        standing = replace(standing, waiting_for="answer")
    standing = replace(standing, lean=min(1.0, lean))
    return replace(standing, earned_for=max(1, standing.earned_for) if _ripe(standing, persona)
                   else 0)  # fmt: skip


class _Change:
    """A standing being changed by one turn; keeps every rule about bounds and ceilings."""

    def __init__(self, standing: Standing, persona: Persona) -> None:
        self.before = standing
        self.persona = persona
        self.levels = dict(standing.levels)
        self._patience = standing.patience
        self.lean_now = standing.lean
        self.brought = 0.0
        self.hurt = False

    def patience(self, by: float) -> None:
        # Floored only at the end: what a push used up, a kind word in the same turn can't refill.
        self._patience = min(1.0, self._patience + by)

    @property
    def patience_left(self) -> float:
        return max(0.0, self._patience)

    def lean(self, by: float) -> None:
        self.lean_now = min(1.0, max(0.0, self.lean_now + by))

    def fall(self, stage: Stage, by: float) -> None:
        """Lower a level; what stands on it comes down with it."""
        self.levels[stage] = max(0.0, self.levels[stage] - by)
        _settle(self.levels, self.persona)

    def rise(self, stage: Stage, by: float) -> float:
        """Raise a level as far as the stage below carries; returns the part that was too early."""
        allowed = max(0.0, ceiling(stage, self.levels, self.persona) - self.levels[stage])
        gained = min(by, allowed)
        self.levels[stage] = min(1.0, self.levels[stage] + gained)
        below = stage.below
        carried = below is None or self.levels[below] >= self.persona.needs[below]
        # What comes on top of a stage that is full was still worth hearing.
        self.brought += by if carried else gained
        return 0.0 if carried else by - gained

    def weight(self, move: Move) -> float:
        """How this person weighs a move, 1 for the usual strength."""
        usual = -2.0 if move.group is MoveGroup.AGAINST else 2.0
        return self.persona.weighs.get(move, usual) / 2

    def wear(self, move: Move) -> float:
        """How much of its worth a move still has, having been used before."""
        wears = _WEARS_SLOWLY if move in _DISCOVERY else _WEARS
        return wears ** self.before.uses.get(move, 0)


def _settle(levels: dict[Stage, float], persona: Persona) -> None:
    for stage in Stage:
        levels[stage] = min(levels[stage], ceiling(stage, levels, persona))


def _weigh_length(change: _Change, reading: Reading) -> None:
    over = reading.words - _LONG_SPEECH_WORDS
    if over > 0:
        change.patience(-min(0.2, 0.05 * over / 25))
        change.lean(-min(0.1, 0.03 * over / 25))


_ANSWERS = {
    "answer": {Move.ANSWER, Move.PROOF, Move.CANDOR, Move.EXPECTATION, Move.VALUE_LINK},
    "proof": {Move.ANSWER, Move.PROOF, Move.CANDOR},
}


def _weigh_pending(change: _Change, reading: Reading) -> None:
    """An answered question pays; an ignored one costs, less when met with a question."""
    waiting = change.before.waiting_for
    if waiting is None:
        return
    if reading.labels & _ANSWERS[waiting]:
        change.patience(0.04)
        change.lean(0.02)
        if not reading.labels & _HARMS.keys():
            change.rise(Stage.TRUST, 0.08)
    else:
        change.patience(-0.05 if reading.question else -0.09)
        change.fall(Stage.TRUST, 0.03 if reading.question else 0.06)


def _weigh_against(change: _Change, reading: Reading) -> None:
    """Moves against cost trust and patience, and the cost grows when repeated. What was heard
    with doubt counts with doubt: the harm is scaled by the move's probability."""
    for move in sorted(reading.labels & _HARMS.keys()):
        # A persona may mind a move less than most, but none is won by one.
        strength = max(0.25, -change.weight(move)) * reading.moves[move]
        strength *= min(3.0, 1 + 0.5 * change.before.uses.get(move, 0))
        if change.before.objection is not None:
            strength *= 1.5
        harm = _HARMS[move]
        change.patience(-harm.patience * strength)
        change.lean(-harm.lean * strength)
        for stage, by in harm.levels.items():
            change.fall(stage, by * strength)
        change.hurt = True


def _strength(move: Move, reading: Reading) -> float:
    """How much of a move arrives: words of understanding that take up nothing count little."""
    floor = {Move.EMPATHY: 0.35, Move.REFLECTION: 0.4, Move.VALUE_LINK: 0.5}.get(move, 1.0)
    return floor + (1 - floor) * min(1.0, reading.grounding / 0.3)


def _weigh_rises(change: _Change, reading: Reading) -> None:
    """Moves that help, lowest stage first, each as far as what is below carries it."""
    misheard = is_misheard(reading)
    if misheard:
        change.fall(Stage.TRUST, 0.07)
        change.fall(Stage.RAPPORT, 0.05)
        change.hurt = True
    rises: dict[Stage, list[tuple[Move, float]]] = {stage: [] for stage in Stage}
    pushed = bool(reading.labels & _HARMS.keys())
    for move in sorted(reading.labels & _RISES.keys()):
        if misheard and move is Move.REFLECTION:
            continue
        weight = change.weight(move)
        if weight <= 0:
            change.patience(0.06 * weight)
            continue
        worth = weight * change.wear(move) * _strength(move, reading)
        for stage, by in _RISES[move].items():
            # In a turn that also pushes, nothing is believed: trust and what stands on it stay.
            if not (pushed and stage in (Stage.TRUST, Stage.HOPE, Stage.URGENCY)):
                rises[stage].append((move, by * worth))
        if move in (Move.REFLECTION, Move.EMPATHY, Move.CLARIFY_OBJECTION):
            change.lean(0.02 * worth)
            change.patience(0.015 * worth)
    for stage, moves in rises.items():
        for move, by in moves:
            early = change.rise(stage, by)
            if early > 0 and stage is move.group.stage and stage in _EARLY:
                patience, trust = _EARLY[stage]
                part = early / by
                change.patience(-patience * part)
                change.fall(Stage.TRUST, trust * part)
    if Move.CHECK_IN in reading.labels:
        change.lean(0.03 * change.wear(Move.CHECK_IN))


def is_misheard(reading: Reading) -> bool:
    """Whether the turn says back a figure that nobody said. A turn that also tells something of
    the rep's own (a price, a term, a reference) has figures of its own, and is let off."""
    return (
        Move.REFLECTION in reading.labels
        and bool(reading.unheard)
        and not reading.labels & _OWN_FIGURES
    )


_OWN_FIGURES = frozenset(
    {Move.ANSWER, Move.PROOF, Move.CANDOR, Move.EXPECTATION, Move.VALUE_LINK, Move.FUTURE_PICTURE,
     Move.COST_OF_DELAY, Move.ASSUMPTIVE_CLOSE, Move.CEMENT}
)  # fmt: skip


def _weigh_objection(
    change: _Change, standing: Standing, labels: frozenset[Move], scenario: Scenario
) -> Objection | None:
    """The objection that still stands after this turn, if one does."""
    objection = next((o for o in scenario.objections if o.id == standing.objection), None)
    if objection is None:
        return None
    worked = standing.worked | labels
    met = len(worked & set(objection.through))
    if Move.CLARIFY_OBJECTION in worked and Move.CLARIFY_OBJECTION not in objection.through:
        met += 1
    if met >= min(2, len(objection.through)):
        change.patience(0.04)
        change.lean(0.05)
        return None
    taken_up = labels & ({*objection.through, Move.CLARIFY_OBJECTION, Move.EMPATHY,
                          Move.REFLECTION, Move.ANSWER})  # fmt: skip
    if not taken_up:
        change.patience(-0.05)
    return objection


def _weigh_close(
    standing: Standing, labels: frozenset[Move], persona: Persona
) -> tuple[Standing, bool]:
    """What a close does: earned and assumed, a yes; asked, it cools; too soon, it is stopped."""
    asked = Move.ASK_FOR_SALE in labels
    assumed = Move.ASSUMPTIVE_CLOSE in labels and not asked
    if standing.agreed or not (asked or assumed):
        return standing, False
    ripe = _ripe(standing, persona)
    if assumed and ripe and Move.PRESSURE not in labels:
        return replace(standing, agreed=True), False
    change = _Change(standing, persona)
    if asked and ripe:
        change.lean(-0.14)
        for stage in (Stage.HOPE, Stage.URGENCY):
            change.fall(stage, change.levels[stage] - 0.8 * persona.needs[stage])
        change.patience(-0.08)
    else:
        missing = sum(1 - progress(stage, standing, persona) for stage in Stage) / len(Stage)
        again = 1 + 0.5 * standing.stopped
        change.patience(-(0.10 + 0.20 * missing) * again)
        change.fall(Stage.TRUST, (0.06 + 0.14 * missing) * again)
        change.lean(-0.06 * again)
    return (
        replace(
            standing,
            levels=change.levels,
            patience=change.patience_left,
            lean=change.lean_now,
            stopped=standing.stopped + 1,
        ),
        True,
    )


def _ripe(standing: Standing, persona: Persona) -> bool:
    return earned(standing, persona) and not standing.agreed


def _conclude(standing: Standing, labels: frozenset[Move], persona: Persona) -> Standing:
    """How long the chance stands, and whether the conversation is over."""
    against = sum(standing.uses.get(move, 0) for move in _HARMS)
    if standing.agreed:
        standing = replace(standing, since_yes=standing.since_yes + 1)
        undone = labels & {Move.PRESSURE, Move.ARGUE, Move.CHASING, Move.OVERPROMISE}
        if undone and standing.lean < LEAN_FOR_A_YES:
            return replace(standing, agreed=False, outcome=Outcome.DRIFTED)
        if standing.patience <= 0:
            return replace(standing, agreed=False, outcome=Outcome.HUNG_UP)
        if standing.since_yes > 3:
            return replace(standing, outcome=Outcome.AGREED)
        return standing
    if standing.patience <= 0:
        return replace(standing, outcome=Outcome.HUNG_UP, earned_for=0)
    if standing.levels[Stage.TRUST] <= 0 and against >= 3 and standing.stopped >= 1:
        return replace(standing, outcome=Outcome.DECLINED, earned_for=0)
    if standing.stopped >= 2 and Move.ASK_FOR_SALE in labels:
        # Asked twice, the buyer has had the decision put to them twice; they take it away.
        outcome = Outcome.DRIFTED if standing.levels[Stage.TRUST] > 0.2 else Outcome.DECLINED
        return replace(standing, outcome=outcome, earned_for=0)
    if not _ripe(standing, persona):
        return replace(standing, earned_for=0)
    waited = standing.earned_for + 1
    if waited > _DRIFTS_AFTER:
        return replace(standing, outcome=Outcome.DRIFTED, earned_for=waited)
    lean = standing.lean - (0.01 if waited > 3 else 0.0)
    return replace(standing, earned_for=waited, lean=max(LEAN_FOR_A_YES, lean))


def _mood(standing: Standing, persona: Persona, *, hurt: bool) -> Mood:
    if standing.outcome in (Outcome.HUNG_UP, Outcome.DECLINED) or standing.patience < 0.2:
        return Mood.ANNOYED
    if hurt:
        return Mood.ANNOYED if standing.patience < 0.4 else Mood.GUARDED
    if standing.agreed or earned(standing, persona):
        return Mood.KEEN
    if progress(Stage.EMPATHY, standing, persona) >= 0.8:
        return Mood.WARM
    if progress(Stage.RAPPORT, standing, persona) >= 0.8:
        return Mood.OPEN
    return Mood.NEUTRAL if progress(Stage.RAPPORT, standing, persona) >= 0.4 else Mood.GUARDED
