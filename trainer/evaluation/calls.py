"""Whole calls: every written rep against a persona, kept as they went, to be read line by line."""

from __future__ import annotations

import json
from pathlib import Path

from trainer import locations
from trainer.calls.rehearsal import rehearse
from trainer.engines.base import Engine
from trainer.library.shelf import Shelf
from trainer.listening.listener import EncoderListener
from trainer.transcripts.readers import read_rep_script


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
