"""A scorecard as the JSON object that ``trainer grade --json`` promises, key by key."""

from __future__ import annotations

from typing import Any

from trainer.grading.judge import SecondOpinion
from trainer.grading.scorecard import Evidence, Scorecard
from trainer.transcripts import Transcript


def as_json(
    card: Scorecard,
    file: str | None = None,
    *,
    transcript: Transcript | None = None,
    second: SecondOpinion | None = None,
) -> dict[str, Any]:
    """The JSON object of a scorecard. Turns count from 1 over both speakers.

    With its ``transcript`` also whom the reader took for the rep, by the name the file gives them
    (null where it only says "Rep"), and what else it had to assume; with a ``second`` opinion what
    that says to every check.
    """
    return {
        **({} if file is None else {"file": file}),
        **_as_read(transcript),
        "verdict": card.verdict.value,
        "sentence": card.sentence,
        "earned": card.earned,
        "form": card.form.value,
        "score": card.score,
        "passed": card.passed,
        "rubric": card.rubric,
        "stages": {
            stage.value: {
                "score": one.score,
                "level": one.level,
                "evidence": [_evidence(line) for line in one.evidence],
            }
            for stage, one in card.stages.items()
        },
        "asked": list(card.asked),
        "assumptive": list(card.assumptive),
        "pressure": list(card.pressure),
        "earned_at": card.earned_at,
        "checks": [
            {
                "id": check.id,
                "asks": check.asks,
                "passed": check.passed,
                "evidence": [_evidence(line) for line in check.evidence],
            }
            for check in card.checks
        ],
        "stats": card.stats.model_dump(mode="json"),
        "coach": [
            {"turn": note.turn, "said": note.said, "missed": note.missed, "try": note.try_}
            for note in card.coach
        ],
        "small_victories": list(card.small_victories),
        "unscored": list(card.unscored),
        "set_aside": [
            {"turn": one.turn, "reason": one.reason, "moves": [move.value for move in one.moves]}
            for one in card.set_aside
        ],
        "moves": {str(turn): [move.value for move in moves] for turn, moves in card.moves},
        **({} if second is None else {"second_opinion": _second(second)}),
    }


def _as_read(transcript: Transcript | None) -> dict[str, Any]:
    if transcript is None:
        return {}
    return {"rep_name": transcript.rep_name, "notes": list(transcript.notes)}


def _second(opinion: SecondOpinion) -> dict[str, Any]:
    return {
        "judge": opinion.judge,
        "compared": opinion.compared,
        "agreement": None if opinion.agreement is None else round(opinion.agreement, 4),
        "differ": list(opinion.differing),
        "unusable": opinion.unusable,
        "checks": [
            {
                "id": one.id,
                "passed": one.passed,
                "answered": one.answered,
                "p": one.p,
                "share": one.share,
                "reason": one.unusable,
            }
            for one in opinion.answers
        ],
    }


def _evidence(line: Evidence) -> dict[str, Any]:
    return {
        "turn": line.turn,
        "quote": line.quote,
        "move": None if line.move is None else line.move.value,
    }
