"""Whether the moves heard in a conversation tell a good one from a bad one.

Some sets say of each whole conversation whether it went well (AnnoMI: a counselling session of
high or low quality). Each score here is one plain share or ratio of the heard moves, counted in
probabilities, with nothing fitted: no session can teach its own answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trainer.agreement.figures import Estimate, auc_estimate
from trainer.pathway import Move

HIGH, LOW = "high", "low"

QUESTIONS = (Move.OPEN_QUESTION, Move.CLOSED_QUESTION, Move.IMPACT_QUESTION)
UNASKED_ADVICE = (
    Move.FEATURE_DUMP,
    Move.PROOF,
    Move.EXPECTATION,
    Move.COST_OF_DELAY,
    Move.PRESSURE,
    Move.OVERPROMISE,
    Move.DISPARAGE,
    Move.ARGUE,
)
"""The moves that tell, warn or set right: what the coding of counselling sessions holds against
a counsellor (advising unasked, warning, confronting; Miller et al. 2003, MISC) in our words."""


@dataclass(frozen=True, slots=True)
class Session:
    """One conversation as heard: the probabilities of its rep turns, and their words."""

    group: str
    high: bool
    turns: tuple[Mapping[Move, float], ...]
    words: int

    def expected(self, *moves: Move) -> float:
        """How many turns make one of the moves, counting each by its probability."""
        return float(sum(max(turn[move] for move in moves) for turn in self.turns))


def _share(*moves: Move) -> Callable[[Session], float]:
    return lambda session: session.expected(*moves) / len(session.turns)


def _over(above: tuple[Move, ...], below: tuple[Move, ...]) -> Callable[[Session], float]:
    # One more below keeps a session of two turns from reaching infinity.
    return lambda session: session.expected(*above) / (session.expected(*below) + 1)


def _less_advice(session: Session) -> float:
    return _share(Move.REFLECTION)(session) - _share(*UNASKED_ADVICE)(session)


SCORES: Mapping[str, Callable[[Session], float]] = {
    "reflection share less unasked-advice share": _less_advice,
    "reflection share": _share(Move.REFLECTION),
    "reflections to questions": _over((Move.REFLECTION,), QUESTIONS),
    "open share of questions": _over((Move.OPEN_QUESTION,), QUESTIONS),
    "little unasked advice": lambda session: -_share(*UNASKED_ADVICE)(session),
    "question share": _share(*QUESTIONS),
    "short turns": lambda session: -session.words / len(session.turns),
}
"""Scores of a session, higher meant better. The last two are the counts that reports show as
hints only."""


@dataclass(frozen=True, slots=True)
class Separation:
    """How well each score of a set's sessions tells the high ones from the low ones."""

    high: int
    low: int
    scores: Mapping[str, Estimate]
    """The area under the ROC curve by score, the best first: 0.5 tells nothing."""


def separation(sessions: Sequence[Session], resamples: int, seed: int) -> Separation | None:
    """The AUC of every score over sessions; None where one quality is missing."""
    high = [one for one in sessions if one.high]
    low = [one for one in sessions if not one.high]
    if not high or not low:
        return None
    found = {
        name: auc_estimate([score(one) for one in high], [score(one) for one in low], resamples,
                           seed)
        for name, score in SCORES.items()
    }  # fmt: skip
    order = sorted(found, key=lambda name: -np.nan_to_num(found[name].value or 0.0))
    return Separation(len(high), len(low), {name: found[name] for name in order})
