"""Writes the figures of the listening heads into their card, between two marks.

What people write about the heads stands outside the marks and is left alone; every number
inside them is computed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from trainer.errors import UnreadableInput
from trainer.listening.heads import Heads, write_atomically
from trainer.listening.measures import average_precision, best_threshold, f1, figure
from trainer.listening.rows import OWN, SHARED_SETS
from trainer.pathway import Move

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.listening.training import Data

BEGIN = "<!-- figures: written by trainer.listening.training -->"
END = "<!-- end of figures -->"

BORDERS: tuple[tuple[Move, ...], ...] = (
    (
        Move.ASK_FOR_SALE,
        Move.ASSUMPTIVE_CLOSE,
        Move.CHECK_IN,
        Move.CLOSED_QUESTION,
        Move.PERMISSION,
    ),
    (Move.PRESSURE, Move.COST_OF_DELAY, Move.IMPACT_QUESTION, Move.CHASING),
    (Move.FEATURE_DUMP, Move.VALUE_LINK, Move.FUTURE_PICTURE, Move.OVERPROMISE),
    (Move.EMPATHY, Move.REFLECTION, Move.SMALL_TALK),
    (Move.CANDOR, Move.DISPARAGE, Move.ANSWER, Move.EXPECTATION, Move.CEMENT),
    (Move.PROOF, Move.DISCOUNTING),
    (Move.OPEN_QUESTION, Move.CLOSED_QUESTION, Move.CLARIFY_OBJECTION, Move.ARGUE),
)


def about(data: Data, seed: int, heads: Heads, folder: Path) -> str:
    """What the heads were trained on, and how large they are."""
    counts = Counter(row.origin for row in data.rows)
    calls = len({row.group for row in data.rows if row.origin == OWN})
    industries = len({row.industry for row in data.rows if row.origin == OWN})
    sizes = ", ".join(
        f"`{name}` {(folder / name).stat().st_size / 1e6:.2f} MB"
        for name in ("classifier.safetensors", "heads.safetensors", "heads.json")
    )
    lines = [
        f"Trained on {counts[OWN]} rows of our own ({calls} calls, {industries} industries)"
        + "".join(f", {counts[name]} of {name}" for name in SHARED_SETS if counts[name])
        + f". Seed {seed}. {len(heads.scaling.vocabulary)} terms in the vocabulary. {sizes}."
    ]
    return "\n".join(lines)


def agreement(
    title: str,
    truth: NDArray[np.bool_],
    held: NDArray[np.bool_],
    scores: NDArray[np.float64],
) -> str:
    """A table of every move's agreement, with micro and macro F1 over all."""
    figures = {
        move: figure(truth[:, place], held[:, place], scores[:, place])
        for place, move in enumerate(Move)
    }
    there = [one for one in figures.values() if one.rows]
    macro = sum(one.f1 for one in there) / max(len(there), 1)
    ranking = sum(one.average_precision for one in there) / max(len(there), 1)
    lines = [
        f"### {title}",
        "",
        f"{len(truth)} rows: micro-F1 {f1(truth, held):.3f}, macro-F1 {macro:.3f}, "
        f"mean average precision {ranking:.3f}.",
        "",
        "| move | rows | precision | recall | F1 | AP |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    lines += [
        f"| `{move}` | {one.rows} | {one.precision:.2f} | {one.recall:.2f} | {one.f1:.2f} "
        f"| {one.average_precision:.2f} |"
        for move, one in figures.items()
    ]
    return "\n".join(lines)


def borders(truth: NDArray[np.bool_], held: NDArray[np.bool_]) -> str:
    """For each border of the label guide: what was heard in rows that hold one of its moves."""
    place = {move: index for index, move in enumerate(Move)}
    lines = [
        "### Borders",
        "",
        "Rows that hold the move on the left, cross-validated: how many were heard as it, and as "
        "a neighbour that they do not hold.",
        "",
        "| move | rows | heard | neighbours heard in error |",
        "| --- | ---: | ---: | --- |",
    ]
    for border in BORDERS:
        for move in border:
            rows = truth[:, place[move]]
            wrong = {
                other: int((rows & held[:, place[other]] & ~truth[:, place[other]]).sum())
                for other in border
                if other is not move
            }
            named = ", ".join(f"{other} {count}" for other, count in wrong.items() if count)
            heard = int((rows & held[:, place[move]]).sum())
            lines.append(f"| `{move}` | {int(rows.sum())} | {heard} | {named or 'none'} |")
    return "\n".join(lines)


def choice(
    truth: NDArray[np.bool_],
    parts: Sequence[NDArray[np.int64]],
    scores: NDArray[np.float64],
    tuned: NDArray[np.float64],
    odds: NDArray[np.float64],
) -> str:
    """What heads, classifier and their mixture do on rows that none of them had seen.

    ``odds``: the mixture's, fitted on the other parts. Thresholds for F1, chosen there too.
    """
    lines = [
        "### Which model",
        "",
        "Cross-validated by industry, thresholds for F1 alone, chosen on the other parts.",
        "",
        "| | micro-F1 | macro-F1 | mean AP |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, given in (
        ("heads on words and marks", scores),
        ("tuned classifier", tuned),
        ("both, mixed", odds),
    ):
        held = np.zeros_like(truth)
        for part in parts:
            others = np.setdiff1d(np.arange(len(truth)), part)
            limits = [
                best_threshold(truth[others, k], given[others, k]) for k in range(truth.shape[1])
            ]
            held[part] = given[part] >= np.array(limits)
        columns = range(truth.shape[1])
        macro = np.mean([f1(truth[:, k], held[:, k]) for k in columns])
        ranking = np.mean([average_precision(truth[:, k], given[:, k]) for k in columns])
        lines.append(f"| {name} | {f1(truth, held):.3f} | {macro:.3f} | {ranking:.3f} |")
    return "\n".join(lines)


def shared(data: Data, scores: NDArray[np.float64], held: NDArray[np.bool_]) -> str:
    """Agreement with other people's labels, cross-validated by conversation."""
    lines = [
        "### Other people's labels",
        "",
        "Cross-validated by conversation, the mixture and its limits fitted on the other parts.",
        "",
        "| set | move | rows | precision | recall | F1 | AP |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    found = False
    for name in SHARED_SETS:
        rows = data.where(name)
        for index, move in enumerate(Move):
            chosen = rows & data.known[:, index]
            if not chosen.any():
                continue
            found = True
            truth, score = data.truth[chosen, index], scores[chosen, index]
            one = figure(truth, held[chosen, index], score)
            lines.append(
                f"| {name} | `{move}` | {one.rows} of {int(chosen.sum())} | {one.precision:.2f} "
                f"| {one.recall:.2f} | {one.f1:.2f} | {one.average_precision:.2f} |"
            )
    return "\n".join(lines) if found else "Trained without the shared sets."


def write(path: Path, sections: list[str]) -> None:
    """Put the sections between the marks of the card. Raises ``UnreadableInput`` without marks."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnreadableInput(f"could not be read: {error}", path=path) from error
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise UnreadableInput(f"holds no pair of marks {BEGIN} and {END}", path=path)
    body = "\n\n".join(sections)
    write_atomically(path, f"{before}{BEGIN}\n\n{body}\n\n{END}{after}".encode())
