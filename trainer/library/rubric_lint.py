"""What a rubric's schema can't see: checks nobody can pass or fail, checks that stand against one
another, marks that no call can reach, and calls that pass though they should not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from trainer.library.rubric import CONDUCT_POINTS, Check, Rubric, StageWeight
from trainer.library.source import Document, quoted
from trainer.pathway import Move, MoveGroup, Stage

_AFTER_THE_CLOSE = frozenset({Move.CEMENT, Move.REFERRAL_ASK})
_HARMFUL = frozenset(
    {Move.ASK_FOR_SALE, *(move for move in Move if move.group is MoveGroup.AGAINST)}
)
_CAPPED: tuple[Literal["asked", "pressured", "assumed_too_soon", "not_earned"], ...] = (
    "asked",
    "pressured",
    "assumed_too_soon",
    "not_earned",
)


def lint_rubric(rubric: Rubric, document: Document) -> None:
    """Add a finding for everything in the rubric that a trainer would want to know of."""
    for index, check in enumerate(rubric.checks):
        _lint_check(check, document, index)
        _lint_again(check, rubric.checks[:index], document, index)
    hopeless = {
        index for index, check in enumerate(rubric.checks) if next(_never_passes(check), None)
    }
    hopeless |= set(_lint_against(rubric.checks, document))
    _lint_reach(rubric, hopeless, document)
    _lint_leniency(rubric, document)


def _lint_check(check: Check, document: Document, index: int) -> None:
    loc = ("checks", index)
    for message in _never_passes(check):
        document.find(message, loc)
    if check.at_least == 0 and check.within_first and (check.at_most or 0) >= check.within_first:
        document.find(
            f"can never fail: the first {check.within_first} turns hold no more than "
            f"{check.within_first}; lower at_most or take within_first out",
            (*loc, "at_most"),
        )
    if check.at_least == 0 and check.at_most is not None and set(check.any_of) <= set(check.before):
        document.find(
            "can never fail: it looks before the first turn with the very moves it counts; "
            "take them out of before",
            (*loc, "before"),
        )
    if check.after and set(check.after) <= set(check.before):
        document.find(
            "is never answered: what it looks after and what it looks before are the same; "
            "take one of them out",
            (*loc, "after"),
        )
    if check.needed_to_earn and check.after:
        _warn(
            document,
            "is needed to earn the close, but has no answer, and so stops nothing, in a call "
            f"without {_listed(check.after)}; make that a needed check as well",
            (*loc, "needed_to_earn"),
        )
    if check.needed_to_earn and check.at_least and set(check.any_of) <= _AFTER_THE_CLOSE:
        document.find(
            f"the close can never be earned: {_listed(check.any_of)} comes only after it; "
            "take needed_to_earn out",
            (*loc, "needed_to_earn"),
        )
    if check.at_least and set(check.any_of) <= _HARMFUL:
        _warn(
            document,
            f"rewards {_listed(check.any_of)}, which works against the rep; did you mean "
            "at_most: 0?",
            (*loc, "at_least"),
        )
    if check.at_least and check.instead is None:
        _warn(
            document,
            "no example line, so the coach can only say what was missing; give instead: "
            '"the words of a rep who passes"',
            loc,
        )
    for place, move in enumerate(check.any_of):
        if move in check.any_of[:place]:
            _warn(document, f"{quoted(move.value)} is listed twice", (*loc, "any_of", place))
    served = [move.group.stage for move in check.any_of]
    if check.stage is not None and None not in served and check.stage not in served:
        others = ", ".join(dict.fromkeys(stage.value for stage in served if stage))
        _warn(
            document,
            f"this check counts towards {check.stage.value}, but its moves all build {others}",
            (*loc, "stage"),
        )


def _never_passes(check: Check) -> Iterator[str]:
    """Why no call can pass the check, if none can."""
    if check.within_first and check.at_least > check.within_first:
        yield (
            f"can never pass: {check.at_least} turns don't fit into the first "
            f"{check.within_first}; raise within_first or lower at_least"
        )
    if check.at_least and set(check.any_of) <= set(check.before):
        yield (
            "can never pass: it looks before the first turn with the very moves it wants; "
            "take them out of before"
        )


def _lint_again(check: Check, earlier: Sequence[Check], document: Document, index: int) -> None:
    """A question asked twice, or the same count under another question."""
    for other in earlier:
        if _plain(check.asks) == _plain(other.asks):
            message = f"{quoted(other.id)} asks the same; word it anew or take one out"
            return _warn(document, message, ("checks", index, "asks"))
        if _counts(check) == _counts(other):
            message = (
                f"counts the same turns as {quoted(other.id)}, so a call passes both or neither; "
                "raise the other's weight instead, or change what this one counts"
            )
            return _warn(document, message, ("checks", index))
    return None


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip("?.! ")


def _counts(check: Check) -> object:
    about = {"id", "asks", "stage", "weight", "needed_to_earn", "missed", "kept", "instead"}
    return {
        name: set(value) if isinstance(value, list) else value
        for name, value in check.model_dump(exclude=about).items()
    }


def _lint_against(checks: Sequence[Check], document: Document) -> Iterator[int]:
    """Finds checks that can't pass together with one that allows none of their moves, or too few;
    gives the place of the lighter of each two."""
    for place, limit in enumerate(checks):
        narrowed = limit.within_first or limit.before or limit.after or limit.grounded
        if limit.at_most is None or narrowed:
            continue
        for other_place, other in enumerate(checks):
            if other.at_least > limit.at_most and set(other.any_of) <= set(limit.any_of):
                if other is limit:
                    continue
                both = limit.needed_to_earn and other.needed_to_earn
                document.find(
                    f"can't pass together with {quoted(limit.id)}, which allows at most "
                    f"{limit.at_most} of {_listed(other.any_of)}"
                    + (", and both are needed to earn the close" if both else "")
                    + "; change one of them",
                    ("checks", other_place),
                )
                yield other_place if other.weight <= limit.weight else place


def _lint_reach(rubric: Rubric, hopeless: set[int], document: Document) -> None:
    """Levels and the pass mark, beside the most that a call can come to."""
    most = {stage: _most(stage, rubric, hopeless) for stage in Stage}
    for index in sorted(hopeless):
        if rubric.checks[index].needed_to_earn:
            document.find(
                "the close can never be earned: this check is needed and can't pass; mend it or "
                "take needed_to_earn out",
                ("checks", index, "needed_to_earn"),
            )
    for stage, weight in rubric.stages.items():
        bound = _bound(weight)
        if most[stage] < bound:
            document.find(
                f"the close can never be earned: {stage.value} comes to {most[stage]} at most, and "
                f"to_earn: {weight.to_earn} begins at {bound}; lower it or mend the checks that "
                "can't pass",
                ("stages", stage.value),
            )
    total = sum(weight.weight for weight in rubric.stages.values())
    ladder = sum(weight.weight * most[stage] for stage, weight in rubric.stages.items()) / total
    lost = sum(rubric.checks[i].weight for i in hopeless if rubric.checks[i].stage is None)
    best = max(0, round(ladder - CONDUCT_POINTS * lost))
    if best < rubric.pass_mark:
        document.find(
            f"no call can pass: the best comes to {best} points; lower pass_mark or mend the "
            "checks that can't pass",
            ("pass_mark",),
        )


def _most(stage: Stage, rubric: Rubric, hopeless: set[int]) -> int:
    """The highest score a stage can have."""
    weights: Mapping[int, float] = {
        index: check.weight for index, check in enumerate(rubric.checks) if check.stage is stage
    }
    open_ = sum(weight for index, weight in weights.items() if index not in hopeless)
    return round(100 * open_ / sum(weights.values()))


def _bound(weight: StageWeight) -> int:
    return {"low": 0, "mid": weight.mid, "high": weight.high}[weight.to_earn]


def _lint_leniency(rubric: Rubric, document: Document) -> None:
    """Calls that would pass, or be earned, whatever was done in them."""
    if rubric.pass_mark == 0:
        _warn(document, "every call passes; give a mark from 1 to 100", ("pass_mark",))
        return
    for verdict in _CAPPED:
        cap = rubric.caps.get(verdict, 100)
        if cap >= rubric.pass_mark:
            reached = f"is {cap}" if verdict in rubric.caps else "is missing, so it has none"
            loc = ("caps", verdict) if verdict in rubric.caps else ("pass_mark",)
            _warn(
                document,
                f"a call that is {verdict} can pass: its cap {reached}; give caps: "
                f"{{{verdict}: ...}} below the pass mark of {rubric.pass_mark}",
                loc,
            )
    easy = all(weight.to_earn == "low" for weight in rubric.stages.values())
    if easy and not any(check.needed_to_earn for check in rubric.checks):
        _warn(
            document,
            "every close counts as earned: no stage has to rise above low, and no check is "
            "needed_to_earn",
            ("stages",),
            of_key=True,
        )


def _listed(moves: Sequence[Move]) -> str:
    return " or ".join(dict.fromkeys(quoted(move.value) for move in moves))


def _warn(
    document: Document, message: str, loc: Sequence[int | str], *, of_key: bool = False
) -> None:
    document.find(message, loc, level="warning", of_key=of_key)
