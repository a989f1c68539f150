"""The honest grader: from the words of a call alone, was the close earned, and how was it made?

It knows nothing of the prospect's mind. Everything it says rests on the moves heard in the rep's
turns, the rubric's checks over them, and the prospect's next words.
"""

from __future__ import annotations

from collections.abc import Sequence

from trainer.grading import close, stages, statistics
from trainer.grading.checks import RepTurn, answer
from trainer.grading.coach import Coach
from trainer.grading.credit import credited, share_that_counts
from trainer.grading.scorecard import CheckResult, Scorecard, StageScore
from trainer.library import Rubric, Scenario
from trainer.library.rubric import CONDUCT_POINTS
from trainer.listening import Listener
from trainer.listening.features import asks
from trainer.pathway import Move, Speaker, Stage, Verdict
from trainer.replies import leaves
from trainer.transcripts import Transcript, Turn

FEWEST_REP_TURNS = 3
"""Below this there is too little to judge, unless the prospect walked out on what there was."""


class Grader:
    """Grades transcripts with one listener. The same transcript gets the same scorecard."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener

    def grade(
        self, transcript: Transcript, rubric: Rubric, scenario: Scenario | None = None
    ) -> Scorecard:
        """The scorecard of a transcript. A ``scenario`` adds what was known before the call."""
        turns = self.listen(transcript, scenario)
        return judge(transcript, turns, rubric, scenario)

    def listen(self, transcript: Transcript, scenario: Scenario | None = None) -> list[RepTurn]:
        """The rep's turns of a transcript, read."""
        before = scenario.lead.turns if scenario else ()
        numbered = transcript.numbered(Speaker.REP)
        asked: list[tuple[str, Sequence[Turn]]] = [
            (turn.text, [*before, *transcript.turns[: number - 1]]) for number, turn in numbered
        ]
        readings = self._listener.listen_all(asked)
        return [
            RepTurn(number, reading)
            for (number, _), reading in zip(numbered, readings, strict=True)
        ]


def judge(
    transcript: Transcript,
    turns: Sequence[RepTurn],
    rubric: Rubric,
    scenario: Scenario | None = None,
) -> Scorecard:
    """The judgement itself: pure, from the readings to the scorecard."""
    too_little = _too_little(transcript, turns)
    if too_little:
        results = [answer(check, turns) for check in rubric.checks]
        return _unscored(transcript, turns, results, rubric, too_little)
    before = scenario.lead.turns if scenario else ()
    counted, aside = credited(turns, transcript.turns, rubric, before)
    results = _spared([answer(check, counted) for check in rubric.checks], transcript, rubric)
    end = close.find(counted, rubric, _replies(transcript))
    scores = {stage: stages.score(stage, results, counted, rubric) for stage in Stage}
    score = _score(scores, results, rubric, end.verdict, share_that_counts(turns, aside))
    notes = Coach(rubric, transcript, counted, scenario)
    return Scorecard(
        verdict=end.verdict,
        sentence=end.sentence,
        earned=end.earned,
        form=end.form,
        score=score,
        passed=score >= rubric.pass_mark,
        rubric=rubric.id,
        stages=scores,
        asked=tuple(turn.number for turn in end.asked),
        assumptive=tuple(turn.number for turn in end.assumed),
        pressure=tuple(turn.number for turn in end.pressed),
        earned_at=end.earned_at,
        checks=tuple(results),
        stats=statistics.count(transcript, turns),
        coach=notes.to_try(end, results),
        small_victories=notes.victories(results),
        set_aside=aside,
        moves=_moves(turns),
    )


def _spared(
    results: Sequence[CheckResult], transcript: Transcript, rubric: Rubric
) -> list[CheckResult]:
    """The results without blame for not answering where nothing was asked."""
    last = max(number for number, _ in transcript.numbered(Speaker.REP))
    before = transcript.turns[: last - 1]
    if any(turn.speaker is Speaker.PROSPECT and asks(turn.text) for turn in before):
        return list(results)
    answers = {check.id for check in rubric.checks if set(check.any_of) == {Move.ANSWER}}
    return [
        r.model_copy(update={"passed": None}) if r.id in answers and r.passed is False else r
        for r in results
    ]


def _unscored(
    transcript: Transcript,
    turns: Sequence[RepTurn],
    results: Sequence[CheckResult],
    rubric: Rubric,
    reasons: Sequence[str],
) -> Scorecard:
    return Scorecard(
        verdict=Verdict.UNSCORED,
        sentence=f"This call can't be judged: {'; '.join(reasons)}.",
        earned=False,
        form=close.find(turns, rubric, {}).form,
        score=None,
        passed=None,
        rubric=rubric.id,
        stages={stage: StageScore(score=None, level=None) for stage in Stage},
        checks=tuple(r.model_copy(update={"passed": None, "evidence": ()}) for r in results),
        stats=statistics.count(transcript, turns),
        unscored=tuple(reasons),
        moves=_moves(turns),
    )


def _moves(turns: Sequence[RepTurn]) -> tuple[tuple[int, tuple[Move, ...]], ...]:
    return tuple((turn.number, tuple(sorted(turn.reading.labels))) for turn in turns)


def _too_little(transcript: Transcript, turns: Sequence[RepTurn]) -> list[str]:
    reasons = []
    last = transcript.turns[-1] if transcript.turns else None
    walked_out = last is not None and last.speaker is Speaker.PROSPECT and leaves(last.text)
    if len(turns) < FEWEST_REP_TURNS and not (turns and walked_out):
        times = "once" if len(turns) == 1 else f"{len(turns)} times"
        reasons.append(f"the rep spoke {times}, and a judgement needs {FEWEST_REP_TURNS} turns")
    if not transcript.numbered(Speaker.PROSPECT):
        reasons.append("the prospect never spoke")
    return reasons


def _replies(transcript: Transcript) -> dict[int, str]:
    """The prospect's next words after each rep turn, by the rep turn's number."""
    pairs = zip(transcript.turns, transcript.turns[1:], strict=False)
    return {
        number: following.text
        for number, (turn, following) in enumerate(pairs, start=1)
        if turn.speaker is Speaker.REP and following.speaker is Speaker.PROSPECT
    }


def _score(
    scores: dict[Stage, StageScore],
    results: Sequence[CheckResult],
    rubric: Rubric,
    verdict: Verdict,
    counts: float,
) -> int:
    total = sum(weight.weight for weight in rubric.stages.values())
    ladder = sum(rubric.stages[stage].weight * (s.score or 0) for stage, s in scores.items())
    weights = {check.id: check.weight for check in rubric.checks}
    failed = sum(weights[r.id] for r in results if r.stage is None and r.passed is False)
    points = max(0, round(counts * (ladder / total - CONDUCT_POINTS * failed)))
    caps: dict[str, int] = {str(name): cap for name, cap in rubric.caps.items()}
    return min(points, caps.get(verdict.value, 100))
