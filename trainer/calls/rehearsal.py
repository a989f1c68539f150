"""A written rep played against a prospect: how content is proved before a person practises it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.calls.call import Call
from trainer.calls.events import CallState
from trainer.calls.store import Store
from trainer.engines.base import Engine
from trainer.grading.grader import Grader
from trainer.grading.scorecard import Scorecard
from trainer.library.shelf import Casting
from trainer.listening import Listener
from trainer.pathway import Mode, Outcome, Speaker
from trainer.prospect.standing import Standing
from trainer.reports.contract import as_json


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """How a written rep fared."""

    state: CallState
    scorecard: Scorecard

    @property
    def outcome(self) -> Outcome:
        """How the call ended for the prospect."""
        return self.state.ended.outcome if self.state.ended else Outcome.OPEN

    def as_json(self) -> dict[str, Any]:
        """The JSON object that ``trainer simulate --json`` promises."""
        return {
            "outcome": self.outcome.value,
            "turns": _turns(self.state),
            "grade": as_json(self.scorecard),
        }


def rehearse(
    lines: Sequence[str],
    casting: Casting,
    *,
    listener: Listener,
    engine: Engine,
    seed: int = 0,
    store: Store | None = None,
) -> Rehearsal:
    """Play the rep's ``lines`` in order until they run out or the prospect ends the call.

    Same lines, casting, seed and engine give the same rehearsal. Nothing is kept unless a
    ``store`` is handed in.
    """
    log = store or Store(Path(":memory:"))
    call = Call.open(
        casting, mode=Mode.EXAM, seed=seed, store=log, listener=listener, engine=engine
    )
    for _ in call.begin():
        pass
    for line in lines:
        if call.state.ended is not None:
            break
        for _ in call.say(line):
            pass
    for _ in call.end():
        pass
    card = Grader(listener).grade(call.state.transcript(), casting.rubric, casting.scenario)
    if store is None:
        log.close()
    return Rehearsal(call.state, card)


def _turns(state: CallState) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    readings, spoken = iter(state.readings), iter(zip(state.directions, state.sources, strict=True))
    standings = iter(state.standings)
    standing = next(standings)
    for turn in state.turns:
        row: dict[str, Any] = {"speaker": turn.speaker.value, "text": turn.text}
        if turn.speaker is Speaker.REP:
            row["labels"] = sorted(next(readings).labels)
            standing = next(standings)
            row["standing"] = _standing(standing)
        else:
            direction, spoke = next(spoken)
            row["act"] = direction.act.value
            row["why"] = direction.why
            row["standing"] = _standing(standing)
            row["source"] = spoke.source
            row["refusals"] = list(spoke.refusals)
        rows.append(row)
    return rows


def _standing(standing: Standing) -> dict[str, Any]:
    return {
        **{stage.value: round(level, 3) for stage, level in standing.levels.items()},
        "patience": round(standing.patience, 3),
        "lean": round(standing.lean, 3),
        "mood": standing.mood.value,
        "disclosed": sorted(standing.disclosed),
        "objection": standing.objection,
    }
