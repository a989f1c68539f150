"""Measures a voice. ``python -m trainer.evaluation lines|read|calls --help`` says what it takes."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from trainer.engines import KINDS, open_engine
from trainer.engines.catalog import Catalog
from trainer.errors import TrainerError
from trainer.evaluation import calls, speaking
from trainer.evaluation.figures import figures, suspects
from trainer.evaluation.recognition import Reader
from trainer.evaluation.staging import Cue, cues, persona_of
from trainer.library import Persona
from trainer.library.shelf import Shelf
from trainer.listening.encoder import ENCODER_ID
from trainer.prospect import corpus
from trainer.prospect.corpus import Row

TAUGHT_WAYS = ("skeptical", "amiable", "driver", "overwhelmed", "storyteller", "burned-before")
"""The six ways that the voice has learnt and that speak on held-out scenes beside the four it has
not: ten in all. The reader of acts learns from none of the ten."""


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m trainer.evaluation")
    commands = parser.add_subparsers(dest="command", required=True)
    lines = commands.add_parser("lines", help="voice the held-out moments")
    calls_ = commands.add_parser("calls", help="play every written rep against ten personas")
    for one in (lines, calls_):
        one.add_argument("out", type=Path)
        one.add_argument("--engine", choices=KINDS, default="transformers")
        one.add_argument("--model")
        one.add_argument("--seed", type=int, default=0)
    lines.add_argument("--every", type=int, default=1, help="only every so many-th moment")
    read = commands.add_parser("read", help="figures of files that `lines` wrote, as JSON")
    read.add_argument("files", type=Path, nargs="+")
    read.add_argument("--suspects", type=Path, help="where lines that a person must read go")
    options = parser.parse_args(arguments)
    try:
        if options.command == "read":
            _read(options.files, options.suspects)
            return 0
        engine = open_engine(options.engine, model=options.model)
        if options.command == "lines":
            made = list(_cues())[:: options.every]
            speaking.keep(speaking.speak(made, engine, seed=options.seed), options.out)
        else:
            calls.play_all(engine, options.out, seed=options.seed)
    except TrainerError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _rows() -> tuple[list[Row], list[Row]]:
    folder = corpus.default_folder()
    taught = corpus.read(sorted(folder.glob("part-*.jsonl")))
    return taught, corpus.read([folder / "heldout.jsonl"])


def _cues() -> list[Cue]:
    _, held_out = _rows()
    shelf = Shelf.load().personas
    ways = corpus.read_ways(corpus.default_folder() / "ways.jsonl", shelf)

    def persona(way: str, scene: str) -> Persona:
        if way in shelf:
            return shelf[way]
        return persona_of(way, ways[way], [row for row in held_out if row.scene != scene])

    return list(cues(held_out, TAUGHT_WAYS, persona))


def _read(files: Sequence[Path], suspects_file: Path | None) -> None:
    """Two readers learn from written lines, then read each file. The reader of acts is taught by
    other people than any of the ten; the reader of ways by what the ten were written to say."""
    taught, held_out = _rows()
    encoder = Catalog.load().require(ENCODER_ID)
    own = {row.way for row in held_out}
    others = [row for row in taught if row.way not in TAUGHT_WAYS]
    acts = Reader.taught(
        encoder,
        [(row.heard, row.reply) for row in others],
        [row.direction.act.value for row in others],
    )
    ten = [row for row in taught if row.way in TAUGHT_WAYS]
    ten += [row for row in held_out if row.way in own]
    ways = Reader.taught(encoder, [("", row.reply) for row in ten], [row.way for row in ten])
    for file in files:
        spoken = speaking.kept(file)
        print(json.dumps({"file": file.name, **asdict(figures(spoken, acts, ways))}))  # noqa: T201
        if suspects_file:
            speaking.keep(suspects(spoken, acts), suspects_file)
    written = acts.read([(row.heard, row.reply) for row in held_out])
    right = [row.direction.act.value == act for row, act in zip(held_out, written, strict=True)]
    print(json.dumps({"file": "written replies", "act": sum(right) / len(right)}))  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
