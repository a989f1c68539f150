"""Labelled material heard and graded, and what that comes to beside its labels.

``hear`` asks the listener and the grader; ``measure`` only counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from trainer import locations
from trainer.agreement.figures import (
    Calibration,
    Estimate,
    calibration,
    estimate,
    kappa,
    ratio,
    resampled,
)
from trainer.agreement.gold import Gold, LabelledCall
from trainer.agreement.quality import HIGH, LOW, Separation, Session, separation
from trainer.grading.checks import RepTurn
from trainer.grading.grader import Grader, judge
from trainer.grading.scorecard import Scorecard
from trainer.grading.stages import LEVELS
from trainer.library import Rubric, Scenario
from trainer.listening import Listener, Reading
from trainer.listening.card import BORDERS
from trainer.listening.measures import f1, figure
from trainer.listening.rows import OWN
from trainer.pathway import Move, Stage, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

_BORDERS = (*BORDERS, (Move.EXPECTATION, Move.OVERPROMISE))
"""The card's borders, and one more of the label guide that the card keeps with others."""

_AT_ONCE = 256
"""Turns read together, as in ``trainer.listening.labelling``."""


# -- heard ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """A labelled turn beside its reading."""

    origin: str
    group: str
    moves: frozenset[Move]
    known: frozenset[Move]
    reading: Reading
    quality: str | None = None


@dataclass(frozen=True, slots=True)
class HeardCall:
    """A labelled call beside its scorecards."""

    call: LabelledCall
    card: Scorecard
    given: Scorecard | None
    """What the grader says when it is handed the labelled moves instead of its own ears: what is
    wrong here is the grader's fault, not the listener's. None where a rep turn has no labels."""


def hear(
    gold: Gold,
    listener: Listener,
    rubric: Rubric,
    scenario: Scenario | None = None,
    advance: Callable[[], object] = lambda: None,
) -> tuple[list[HeardTurn], list[HeardCall]]:
    """Every labelled turn read and every labelled call graded; a call's turns are among both.
    ``advance`` is called once for each call and each turn of ``gold``."""
    turns: list[HeardTurn] = []
    calls: list[HeardCall] = []
    grader = Grader(listener)
    for call in gold.calls:
        heard = grader.listen(call.transcript, scenario)
        whole = len(call.moves) == len(heard)
        given = judge(call.transcript, as_labelled(heard, call), rubric, scenario)
        card = judge(call.transcript, heard, rubric, scenario)
        calls.append(HeardCall(call, card, given if whole else None))
        turns += [
            HeardTurn(
                OWN,
                f"{call.file}#{call.id}",
                call.moves[turn.number],
                frozenset(Move),
                turn.reading,
            )
            for turn in heard
            if turn.number in call.moves
        ]
        advance()
    for begin in range(0, len(gold.turns), _AT_ONCE):
        rows = gold.turns[begin : begin + _AT_ONCE]
        readings = listener.listen_all([(row.text, row.context) for row in rows])
        turns += [
            HeardTurn(row.origin, row.group, row.moves, row.known, reading, row.quality)
            for row, reading in zip(rows, readings, strict=True)
        ]
        for _ in rows:
            advance()
    return turns, calls


def as_labelled(turns: Sequence[RepTurn], call: LabelledCall) -> list[RepTurn]:
    """The same turns, with the moves a person wrote in place of those heard."""
    return [
        replace(
            turn,
            reading=replace(
                turn.reading,
                moves={move: float(move in call.moves[turn.number]) for move in Move},
                labels=call.moves[turn.number],
            ),
        )
        if turn.number in call.moves
        else turn
        for turn in turns
    ]


def heads_mark() -> str | None:
    """SHA-256 over the files of the listener that ships, so that figures can be told apart by the
    ears they were measured with; None where there are none."""
    folder = locations.bundled() / "models" / "listening"
    files = sorted([*folder.glob("classifier*"), *folder.glob("heads*")])
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest() if files else None


# -- measured ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MoveAgreement:
    """How one move was heard. None where no labelled row holds the move."""

    rows: int
    """Rows that hold it."""
    of: int
    """Rows in which it was labelled at all."""
    heard: int
    precision: float | None
    recall: float | None
    f1: Estimate
    kappa: float | None
    average_precision: float | None
    calibration_error: float | None


@dataclass(frozen=True, slots=True)
class Border:
    """Rows that hold ``move``, and as which neighbours they were heard in error."""

    move: Move
    rows: int
    heard: int
    neighbours: Mapping[Move, int]


@dataclass(frozen=True, slots=True)
class SetAgreement:
    """The listener beside the labels of one set."""

    name: str
    rows: int
    groups: int
    micro_f1: Estimate
    """Over all labelled entries of the set, its ``n`` the moves that are there."""
    macro_f1: Estimate
    """The mean over moves that some labelled row holds, its ``n`` those moves."""
    mean_average_precision: float | None
    mean_kappa: float | None
    moves: Mapping[Move, MoveAgreement]
    borders: tuple[Border, ...]
    calibration: Calibration
    sessions: Separation | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A call whose verdict is not the labelled one."""

    call: str
    file: str
    labelled: Verdict
    graded: Verdict
    sentence: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The grader beside the labels of calls. Calls it left unscored count in ``coverage`` and in
    the table, and in no other figure."""

    coverage: Estimate
    figures: Mapping[str, Estimate]
    """By name: the share of judged calls (of levels: of stages) that are as labelled."""
    verdicts: Mapping[Verdict, Mapping[Verdict, int]]
    """Calls by labelled verdict, then by the grader's."""
    verdict_kappa: float | None
    unscored: Mapping[str, tuple[str, ...]]
    """The reasons, by call."""
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class CallAgreement:
    """The grader beside the labels: by its own ears, and handed the labelled moves."""

    calls: int
    heard: Judged
    given: Judged | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """The whole measurement."""

    sets: tuple[SetAgreement, ...]
    calls: CallAgreement | None
    rubric: str
    listener: str
    heads: str | None
    """SHA-256 of the heads; see ``heads_mark``."""
    resamples: int
    seed: int


def measure(
    turns: Sequence[HeardTurn],
    calls: Sequence[HeardCall],
    *,
    rubric: str,
    listener: str,
    heads: str | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Agreement:
    """All figures over what was heard; the same every time for one seed."""
    names = dict.fromkeys(turn.origin for turn in turns)
    return Agreement(
        sets=tuple(
            _set(name, [turn for turn in turns if turn.origin == name], resamples, seed)
            for name in names
        ),
        calls=_calls(calls, resamples, seed) if calls else None,
        rubric=rubric,
        listener=listener,
        heads=heads,
        resamples=resamples,
        seed=seed,
    )


def _set(name: str, turns: Sequence[HeardTurn], resamples: int, seed: int) -> SetAgreement:
    moves = tuple(Move)
    known = np.array([[move in turn.known for move in moves] for turn in turns])
    truth = np.array([[move in turn.moves for move in moves] for turn in turns]) & known
    held = np.array([[move in turn.reading.labels for move in moves] for turn in turns]) & known
    scores = np.array([[turn.reading.moves[move] for move in moves] for turn in turns])
    group_of = {group: n for n, group in enumerate(dict.fromkeys(turn.group for turn in turns))}
    groups = np.array([group_of[turn.group] for turn in turns])

    # What every F1 is made of, by group: right, there, heard, each by move.
    sums = np.zeros((len(group_of), 3 * len(moves)))
    np.add.at(sums, groups, np.hstack([truth & held, truth, held]).astype(float))
    right, there, heard = np.split(resampled(sums, resamples, seed), 3, axis=1)
    draws = np.where(there > 0, ratio(2 * right, there + heard), np.nan)

    by_move = {
        move: _move(known[:, m], truth[:, m], held[:, m], scores[:, m], draws[:, m])
        for m, move in enumerate(moves)
        if known[:, m].any()
    }
    held_by_rows = [one for one in by_move.values() if one.rows]
    labelled = truth.any(axis=0)
    macro = _mean([one.f1.value for one in held_by_rows])
    return SetAgreement(
        name=name,
        rows=len(turns),
        groups=len(group_of),
        micro_f1=estimate(
            f1(truth, held) if truth.any() else None,
            ratio(2 * right.sum(axis=1), (there + heard).sum(axis=1)),
            int(truth.sum()),
        ),
        macro_f1=estimate(macro, _row_means(draws[:, labelled]), len(held_by_rows)),
        mean_average_precision=_mean([one.average_precision for one in held_by_rows]),
        mean_kappa=_mean([one.kappa for one in held_by_rows]),
        moves=by_move,
        borders=tuple(_borders(truth, held, known)),
        calibration=calibration(truth[known], scores[known]),
        sessions=_sessions(turns, resamples, seed),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None


def _row_means(draws: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each resample over the moves that it holds; not-a-number where it holds none."""
    there = ~np.isnan(draws)
    return ratio(np.where(there, draws, 0.0).sum(axis=1), there.sum(axis=1))


def _move(
    known: NDArray[np.bool_],
    truth: NDArray[np.bool_],
    held: NDArray[np.bool_],
    scores: NDArray[np.float64],
    draws: NDArray[np.float64],
) -> MoveAgreement:
    truth, held, scores = truth[known], held[known], scores[known]
    one = figure(truth, held, scores)
    rows, heard = int(truth.sum()), int(held.sum())
    table = np.array(
        [[(truth == a) & (held == b) for b in (False, True)] for a in (False, True)]
    ).sum(axis=2)
    return MoveAgreement(
        rows=rows,
        of=len(truth),
        heard=heard,
        precision=one.precision if heard else None,
        recall=one.recall if rows else None,
        f1=estimate(one.f1 if rows else None, draws, rows),
        kappa=kappa(table),
        average_precision=one.average_precision if rows else None,
        calibration_error=calibration(truth, scores).error,
    )


def _borders(
    truth: NDArray[np.bool_], held: NDArray[np.bool_], known: NDArray[np.bool_]
) -> Iterator[Border]:
    place = {move: index for index, move in enumerate(Move)}
    for border in _BORDERS:
        for move in border:
            rows = truth[:, place[move]]
            wrong = {
                other: int(
                    (rows & held[:, place[other]] & ~truth[:, place[other]]
                     & known[:, place[other]]).sum()
                )
                for other in border
                if other is not move
            }  # fmt: skip
            if rows.any():
                yield Border(
                    move,
                    int(rows.sum()),
                    int((rows & held[:, place[move]]).sum()),
                    {other: count for other, count in wrong.items() if count},
                )


def _sessions(turns: Sequence[HeardTurn], resamples: int, seed: int) -> Separation | None:
    grouped: dict[tuple[str, bool], list[HeardTurn]] = {}
    for turn in turns:
        if turn.quality in (HIGH, LOW):
            grouped.setdefault((turn.group, turn.quality == HIGH), []).append(turn)
    return separation(
        [
            Session(
                group,
                high,
                tuple(turn.reading.moves for turn in spoken),
                sum(turn.reading.words for turn in spoken),
            )
            for (group, high), spoken in grouped.items()
        ],
        resamples,
        seed,
    )


def _calls(calls: Sequence[HeardCall], resamples: int, seed: int) -> CallAgreement:
    given = [(one.call, one.given) for one in calls if one.given is not None]
    return CallAgreement(
        calls=len(calls),
        heard=_judged([(one.call, one.card) for one in calls], resamples, seed),
        given=_judged(given, resamples, seed) if given else None,
    )


def _judged(pairs: Sequence[tuple[LabelledCall, Scorecard]], resamples: int, seed: int) -> Judged:
    # A call graded so that a person would not have judged it counts as wrong; one that neither
    # judged counts nowhere but in the coverage.
    scored = [(call, card) for call, card in pairs if card.verdict is not Verdict.UNSCORED]
    shares = [_as_labelled_shares(call, card) for call, card in scored]
    names = dict.fromkeys(name for one in shares for name in one)
    sums = np.array(
        [[part for name in names for part in one.get(name, (0, 0))] for one in shares]
    ).reshape(len(shares), 2 * len(names))
    totals, draws = sums.sum(axis=0), resampled(sums.astype(float), resamples, seed)
    figures = {
        name: estimate(
            float(totals[2 * n] / totals[2 * n + 1]),
            ratio(draws[:, 2 * n], draws[:, 2 * n + 1]),
            int(totals[2 * n + 1]),
        )
        for n, name in enumerate(names)
    }
    judged = np.array([[card.verdict is not Verdict.UNSCORED, 1] for _, card in pairs], float)
    covered = resampled(judged, resamples, seed)
    table = {verdict: dict.fromkeys(Verdict, 0) for verdict in Verdict}
    for call, card in pairs:
        if call.verdict is not None:
            table[call.verdict][card.verdict] += 1
    return Judged(
        coverage=estimate(
            float(judged[:, 0].mean()), ratio(covered[:, 0], covered[:, 1]), len(pairs)
        ),
        figures=figures,
        verdicts=table,
        verdict_kappa=kappa(
            np.array(
                [[n for to, n in row.items() if to is not Verdict.UNSCORED]
                 for of, row in table.items() if of is not Verdict.UNSCORED]
            )
        ),
        unscored={
            call.id: card.unscored for call, card in pairs if card.verdict is Verdict.UNSCORED
        },
        differences=tuple(
            Difference(call.id, call.file, call.verdict, card.verdict, card.sentence)
            for call, card in scored
            if call.verdict is not None and call.verdict is not card.verdict
        ),
    )  # fmt: skip


def _as_labelled_shares(call: LabelledCall, card: Scorecard) -> dict[str, tuple[int, int]]:
    """What of a call is as labelled: (right, labelled) by the figure's name."""
    pairs: dict[str, tuple[object, object]] = {
        "verdict": (call.verdict, card.verdict),
        "form": (call.form, card.form),
        "earned": (call.earned, card.earned),
        "asked_turns": (call.asked, card.asked),
        "assumed_turns": (call.assumptive, card.assumptive),
        "pressure_turns": (call.pressure, card.pressure),
    }
    shares = {
        name: (int(labelled == graded), 1)
        for name, (labelled, graded) in pairs.items()
        if labelled is not None
    }
    apart = {stage: _apart(call, card, stage) for stage in Stage if stage in call.levels}
    if apart:
        shares["levels_exact"] = (sum(gap == 0 for gap in apart.values()), len(apart))
        shares["levels_within_one"] = (sum(gap <= 1 for gap in apart.values()), len(apart))
        shares |= {f"level_of_{stage.value}": (int(gap == 0), 1) for stage, gap in apart.items()}
    return shares


def _apart(call: LabelledCall, card: Scorecard, stage: Stage) -> int:
    """How many levels a stage is from its label; as far as can be where it was not scored."""
    graded = card.stages[stage].level
    if graded is None:
        return len(LEVELS)
    return abs(LEVELS.index(graded) - LEVELS.index(call.levels[stage]))
