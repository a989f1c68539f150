"""Measures a voice: ``python -m trainer.evaluation lines|calls|rounding|read|samples|publish``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer.engines import KINDS, open_engine
from trainer.engines.catalog import Catalog
from trainer.errors import TrainerError
from trainer.evaluation import calls, card, speaking
from trainer.evaluation.figures import figures, suspects
from trainer.evaluation.recognition import Reader
from trainer.evaluation.rounding import rounding
from trainer.evaluation.staging import Cue, cues
from trainer.library.shelf import Shelf
from trainer.listening.encoder import ENCODER_ID
from trainer.listening.heads import write_atomically
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
    read = commands.add_parser("read", help="put the figures of what was voiced into a file")
    read.add_argument("figures", type=Path, help="what is known so far, as JSON; made if need be")
    for voice in card.VOICES:
        read.add_argument(f"--{voice}", type=Path, help="what `lines` wrote with this voice")
        read.add_argument(f"--{voice}-calls", type=Path, help="what `calls` wrote with it")
    read.add_argument(
        "--quick", action="store_true", help="without the readers of acts and ways (minutes)"
    )
    read.add_argument(
        "--kept", type=Path, required=True, help="a folder for the readers once they are taught"
    )
    read.add_argument("--suspects", type=Path, help="where lines that a person must read go")
    rounded = commands.add_parser(
        "rounding", help="count what 8 bits change, over held-out moments"
    )
    rounded.add_argument("figures", type=Path)
    rounded.add_argument("--model")
    rounded.add_argument("--prompts", type=int, default=200)
    samples = commands.add_parser("samples", help="write a call of each persona as plain text")
    samples.add_argument("calls", type=Path, help="what `calls` wrote")
    samples.add_argument("folder", type=Path)
    publish = commands.add_parser("publish", help="put the figures' table into pages")
    publish.add_argument("figures", type=Path)
    publish.add_argument("pages", type=Path, nargs="+")
    options = parser.parse_args(arguments)
    try:
        if options.command == "read":
            _read(options)
            return 0
        if options.command == "rounding":
            _round(options)
            return 0
        if options.command == "samples":
            rows = [json.loads(row) for row in options.calls.read_text("utf-8").splitlines()]
            calls.write_samples(rows, options.folder)
            return 0
        if options.command == "publish":
            card.publish(options.figures, options.pages)
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
    return corpus.taught(folder), corpus.read([folder / "heldout.jsonl"])


def _cues() -> list[Cue]:
    _, held_out = _rows()
    shelf = Shelf.load()
    strangers = (corpus.default_folder().parent / "heldout").glob("*.yaml")
    known = [shelf.persona(str(path)) for path in sorted(strangers)]
    personas = {**shelf.personas, **{persona.id: persona for persona in known}}
    return list(cues(held_out, TAUGHT_WAYS, personas))


def _round(options: argparse.Namespace) -> None:
    made = _cues()
    every = max(1, len(made) // options.prompts)
    prompts = speaking.prompts(made[::every][: options.prompts])
    known = _known(options.figures)
    known["rounding"] = {card.VOICES[0]: asdict(rounding(prompts, options.model))}
    _write(options.figures, known)


def _known(path: Path) -> dict[str, Any]:
    """The figures of a file; empty ones where there is none yet."""
    known: dict[str, Any] = {"lines": {}, "calls": {}}
    return known | json.loads(path.read_text("utf-8")) if path.is_file() else known


def _write(path: Path, known: dict[str, Any]) -> None:
    write_atomically(path, (json.dumps(known, indent=1) + "\n").encode())


def _read(options: argparse.Namespace) -> None:
    known = _known(options.figures)
    given = vars(options)
    shelf = Shelf.load()
    for voice in card.VOICES:
        if path := given[f"{voice}_calls"]:
            rows = [json.loads(row) for row in path.read_text("utf-8").splitlines()]
            known["calls"][voice] = asdict(calls.call_figures(rows, shelf))
    files = {voice: given[voice] for voice in card.VOICES if given[voice]}
    if options.quick:
        for voice, path in files.items():
            known["lines"][voice] = asdict(figures(speaking.kept(path), facts=_facts()))
    elif files:
        acts, ways = _readers(options.kept)
        for voice, path in files.items():
            spoken = speaking.kept(path)
            known["lines"][voice] = asdict(figures(spoken, acts, ways, _facts()))
            if options.suspects and voice == card.VOICES[0]:
                speaking.keep(suspects(spoken, acts), options.suspects)
        _, held_out = _rows()
        read = acts.read([(row.heard, row.reply) for row in held_out])
        right = [row.direction.act.value == act for row, act in zip(held_out, read, strict=True)]
        known["lines"]["written"] = {"act": sum(right) / len(right)}
    _write(options.figures, known)


def _facts() -> dict[str, list[str]]:
    """What there is to tell in each held-out scene."""
    facts: dict[str, list[str]] = {}
    for row in _rows()[1]:
        if row.direction.say_kind == "fact" and row.direction.say:
            facts.setdefault(row.scene, []).append(row.direction.say)
    return facts


def _readers(kept: Path) -> tuple[Reader, Reader]:
    """Of acts, taught by other people than any of the ten; and of ways, taught by what was freely
    written for the ten, not by the lines that they are shown to go by."""
    taught, held_out = _rows()
    encoder = Catalog.load().require(ENCODER_ID)
    others = [row for row in taught if row.way not in TAUGHT_WAYS]
    acts = Reader.kept(
        kept,
        encoder,
        [(row.heard, row.reply) for row in others],
        [row.direction.act.value for row in others],
    )
    ten = [row for row in taught if row.way in TAUGHT_WAYS and not row.like] + held_out
    ways = Reader.kept(kept, encoder, [("", row.reply) for row in ten], [row.way for row in ten])
    return acts, ways


if __name__ == "__main__":
    sys.exit(main())
