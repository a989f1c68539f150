"""How values become words and marks on the screen.

Everything from outside goes through ``literal``: it is shown as it is, never read as markup.
"""

from __future__ import annotations

import datetime as dt

from textual.content import Content

from trainer.calls.events import CallState
from trainer.library import Prospect
from trainer.pathway import LeadSource, Move, MoveGroup, Outcome, Verdict
from trainer.plaintext import clean

BAR_CELLS = 10

LEAD_NAMES = {source: source.value.replace("_", " ") for source in LeadSource} | {
    LeadSource.COLD: "cold call",
}

VERDICT_NAMES = {
    Verdict.ASKED: "asked for the sale",
    Verdict.PRESSURED: "closed on pressure",
    Verdict.ASSUMED_TOO_SOON: "assumed too soon",
    Verdict.EARNED_CLOSE: "earned close",
    Verdict.LEFT_ON_TABLE: "left on the table",
    Verdict.NOT_EARNED: "not earned",
    Verdict.UNSCORED: "unscored",
}

OUTCOME_WORDS = {
    Outcome.AGREED: "They went ahead.",
    Outcome.DECLINED: "They said no.",
    Outcome.HUNG_UP: "They hung up.",
    Outcome.DRIFTED: "They drifted off without deciding.",
    Outcome.OPEN: "Nothing was decided.",
}


def literal(text: str, style: str = "") -> Content:
    """``text`` from a user, a file or a model, shown character for character."""
    return Content.styled(clean(text), style) if style else Content(clean(text))


def who(prospect: Prospect) -> str:
    """The prospect in one line: ``Dana Whitfield, CFO, Harborline Freight``."""
    return ", ".join(part for part in (prospect.name, prospect.role, prospect.company) if part)


def bar(level: float, cells: int = BAR_CELLS) -> Content:
    """A level from 0 to 1 as a bar; the empty part differs in shape, not only in colour."""
    full = round(max(0.0, min(1.0, level)) * cells)
    return Content.assemble(("█" * full, "$primary"), ("·" * (cells - full), "$text-disabled"))


def tenths(level: float) -> str:
    """A level from 0 to 1 in tenths, where there is no room for a bar."""
    return str(round(max(0.0, min(1.0, level)) * 10))


def change(before: float, now: float) -> Content:
    """A mark for what the last turn did to a level; nothing where it hardly moved."""
    if now - before >= 0.015:
        return Content.styled("▲", "$text-success")
    if before - now >= 0.015:
        return Content.styled("▼", "$text-error")
    return Content(" ")


def hurts(move: Move | None) -> bool:
    """Whether a move counts against the rep: one of the moves against, or asking for the sale."""
    return move is not None and (move.group is MoveGroup.AGAINST or move is Move.ASK_FOR_SALE)


def when(moment: dt.datetime) -> str:
    """A moment in the reader's own time zone: ``21 Nov 20:11``."""
    local = moment.astimezone() if moment.tzinfo else moment
    return f"{local.day} {local:%b %H:%M}"


def clock(seconds: float) -> str:
    """Elapsed time: ``04:12``."""
    whole = max(0, int(seconds))
    return f"{whole // 60:02d}:{whole % 60:02d}"


def counted(number: int, thing: str) -> str:
    """``1 turn``, ``2 turns``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def sources(state: CallState) -> str:
    """Where the prospect's words came from, counted."""
    total, written = len(state.sources), state.fallbacks
    if not total:
        return "The prospect has not said anything."
    engine = state.opened.engine if state.opened else "the model"
    if written == total:
        return (
            f"All {counted(total, 'line')} of the prospect's are their author's, none the model's."
        )
    if not written:
        return f"All {total} of the prospect's lines were the model's own words ({engine})."
    verb = "was" if written == 1 else "were"
    return (
        f"{written} of the prospect's {counted(total, 'line')} {verb} written by the persona's "
        f"author, because the model's own words ({engine}) would not do."
    )
