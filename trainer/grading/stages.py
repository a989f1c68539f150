"""The five stages scored: the share of their checks that were met, with the lines that show it."""

from __future__ import annotations

from collections.abc import Sequence

from trainer.grading.checks import RepTurn, evidence
from trainer.grading.scorecard import CheckResult, Evidence, Level, StageScore
from trainer.library import Rubric
from trainer.pathway import Move, MoveGroup, Stage

LEVELS: tuple[Level, ...] = ("low", "mid", "high")

AGAINST = tuple(move for move in Move if move.group is MoveGroup.AGAINST)
"""The moves that work against the rep."""


def points(stage: Stage, results: Sequence[CheckResult], rubric: Rubric) -> int:
    """The stage's score, 0 to 100: the share, by weight, of its answered checks that passed."""
    weights = {check.id: check.weight for check in rubric.checks}
    answered = [r for r in results if r.stage is stage and r.passed is not None]
    total = sum(weights[r.id] for r in answered)
    return round(100 * sum(weights[r.id] for r in answered if r.passed) / total) if total else 0


def level(score: int, stage: Stage, rubric: Rubric) -> Level:
    """The level of a stage score under the rubric's bounds."""
    weight = rubric.stages[stage]
    return "high" if score >= weight.high else "mid" if score >= weight.mid else "low"


def score(
    stage: Stage, results: Sequence[CheckResult], turns: Sequence[RepTurn], rubric: Rubric
) -> StageScore:
    """The stage's score and level, with the lines that earned it or, failing any, cost it."""
    moves = tuple(move for move in Move if move.group.stage is stage)
    shown: dict[int, Evidence] = {}
    for result in results:
        if result.stage is stage and result.passed:
            for line in result.evidence:
                shown.setdefault(line.turn, line)
    for turn in turns:
        if turn.makes(*moves):
            shown.setdefault(turn.number, evidence(turn, moves))
    if not shown:
        harms = [turn for turn in turns if turn.makes(*AGAINST)]
        shown = {turn.number: evidence(turn, AGAINST) for turn in harms[:2]}
    total = points(stage, results, rubric)
    return StageScore(
        score=total, level=level(total, stage, rubric), evidence=tuple(shown.values())[:4]
    )
