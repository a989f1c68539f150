"""Whole calls: every written rep against a persona, kept as they went, to be read line by line."""

from __future__ import annotations

import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer import locations, wording
from trainer.calls.rehearsal import rehearse
from trainer.engines.base import Engine
from trainer.evaluation.figures import tells
from trainer.library.shelf import Shelf
from trainer.listening.heads import write_atomically
from trainer.listening.listener import EncoderListener
from trainer.pathway import Speaker
from trainer.transcripts.readers import read_rep_script

SAME = 0.9
"""Two lines are the same from this likeness on (``trainer.wording``)."""


def play_all(engine: Engine, out: Path, *, seed: int = 0) -> None:
    """Every scenario's written reps, the personas in turn: one JSON object a call, as ``trainer
    simulate --json`` prints it, with who met whom. Another ``seed`` shifts the personas."""
    shelf = Shelf.load()
    listener = EncoderListener.load()
    personas = sorted(shelf.personas)
    scripts = sorted((locations.bundled() / "scenarios" / "reps").glob("*/*.txt"))
    with out.open("w", encoding="utf-8") as file:
        for place, script in enumerate(scripts):
            persona = personas[(place + seed) % len(personas)]
            casting = shelf.cast(script.parent.name, persona)
            played = rehearse(
                read_rep_script(str(script)), casting, listener=listener, engine=engine, seed=seed
            )
            row = {
                "scenario": casting.scenario.id,
                "persona": persona,
                "rep": script.stem,
                **played.as_json(),
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()


def write_samples(rows: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """One whole call of each persona as plain transcript text, unedited; the kinds of rep take
    turns, so that what is shown is not what went best."""
    kinds = sorted({row["rep"] for row in rows})
    paths = []
    for place, persona in enumerate(sorted({row["persona"] for row in rows})):
        theirs = {row["rep"]: row for row in rows if row["persona"] == persona}
        row = theirs.get(kinds[place % len(kinds)]) or next(iter(theirs.values()))
        written = sum(turn.get("source") == "authored" for turn in row["turns"])
        lines = [
            f"# {persona} in {row['scenario']}, rep: {row['rep']}; outcome: {row['outcome']}",
            f"# {written} of the prospect's lines are the persona's own, marked (written)",
        ]
        for turn in row["turns"]:
            who = "Rep" if turn["speaker"] == Speaker.REP.value else "Prospect"
            lines.append(f"{who}: {turn['text']}")
            if turn.get("source") == "authored":
                lines.append("# (written)")
        paths.append(folder / f"{persona}.txt")
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(paths[-1], ("\n".join(lines) + "\n").encode())
    return paths


@dataclass(frozen=True, slots=True)
class CallFigures:
    """What was counted over whole calls. Shares run from 0 to 1."""

    calls: int
    lines: int
    authored: float
    repeated: float
    """Lines that say almost word for word what the prospect has said before in the same call."""
    leaks: int
    """Lines that tell a fact before the direction gave it out, most of its words."""
    words: float
    """Median words a line."""
    reasons: dict[str, int]


def call_figures(rows: Sequence[Mapping[str, Any]], shelf: Shelf) -> CallFigures:
    """Counted from calls as ``play_all`` keeps them."""
    lines = authored = repeated = leaks = 0
    words: list[int] = []
    reasons: Counter[str] = Counter()
    for row in rows:
        facts = {fact.id: fact.say for fact in shelf.scenario(row["scenario"]).tellable}
        said: list[str] = []
        heard = ""
        for turn in row["turns"]:
            text = turn["text"]
            if turn["speaker"] == Speaker.REP.value:
                heard += f" {text}"
                continue
            lines += 1
            words.append(len(text.split()))
            authored += turn["source"] == "authored"
            reasons.update(turn["refusals"])
            repeated += any(wording.likeness(text, before) >= SAME for before in said)
            untold = [say for id, say in facts.items() if id not in turn["standing"]["disclosed"]]
            known = f"{heard} {' '.join(said)}"
            leaks += any(tells(text, say, known) for say in untold)
            said.append(text)
    return CallFigures(
        len(rows), lines, authored / lines, repeated / lines, leaks, statistics.median(words),
        dict(reasons.most_common()),
    )  # fmt: skip
