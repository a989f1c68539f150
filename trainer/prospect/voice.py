"""Finds words for a decision: asks the engine, lets the guard judge, falls back on what is written.

The engine is given the persona, the last turns, the direction and one of the persona's own lines
for such a moment, and draws a line. One that the guard refuses is drawn again, several at a time.
Refused too often, the persona's line is said as it was written, and the ``Line`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Literal

from trainer.engines.base import Cancellation, Engine, Message, Prompt
from trainer.errors import EngineFailed
from trainer.library import Persona, Scenario
from trainer.pathway import Speaker
from trainer.plaintext import clean
from trainer.prospect import lines, prompt
from trainer.prospect.guard import Guard, refuse_bending
from trainer.prospect.standing import Direction
from trainer.transcripts import Turn

DRAWN = (1, 3)
"""Lines drawn in each pass, the next pass only where all of the last were refused. Most lines pass
at once, and one alone is there sooner than the longest of three; a second try is worth three,
which in one batch take little longer than one (measured: models/voice/CARD.md)."""

ENGINE_FAILED = "engine failed: "
"""How a refusal begins that tells of the engine's failure, not of a line's."""


@dataclass(frozen=True, slots=True)
class Line:
    """What the prospect says, and where the words came from."""

    text: str
    source: Literal["model", "authored"]
    drawn: int
    refusals: tuple[str, ...]


class Voice:
    """Voices one prospect: a persona in a scenario, on an engine."""

    def __init__(self, engine: Engine, persona: Persona, scenario: Scenario) -> None:
        self.engine = engine
        self.persona = persona
        self.scenario = scenario
        self.guard = Guard(scenario)

    def speak(
        self,
        direction: Direction,
        turns: Sequence[Turn],
        *,
        disclosed: frozenset[str],
        seed: int,
        cancellation: Cancellation | None = None,
    ) -> Line:
        """The line for a direction, given the conversation so far. Same seed, same line.

        An engine that fails costs the model's words, never the call: the authored line is said,
        and the refusals name the failure.
        """
        chance = Random(seed)
        written = lines.chosen(direction, self.persona, self.scenario, turns, chance)
        asked = self.prompt(direction, turns, written)
        refusals: list[str] = []
        drawn = 0
        for count in DRAWN:
            sampling = replace(self.engine.sampling, seed=chance.getrandbits(31))
            try:
                candidates = self.engine.draw(asked, sampling, count, cancellation)
            except EngineFailed as failure:
                refusals.append(f"{ENGINE_FAILED}{failure}")
                break
            drawn += len(candidates)
            for candidate in candidates:
                text = first_line(candidate)
                reason = self.guard.refuse(text, direction, turns, disclosed) or refuse_bending(
                    text, lines.fill(written, direction, self.scenario)
                )
                if reason is None:
                    return Line(text, "model", drawn, tuple(refusals))
                refusals.append(reason)
            if len(candidates) < count:  # cancelled, or nothing more to be had
                break
        filled = lines.fill(written, direction, self.scenario)
        return Line(filled, "authored", drawn, tuple(refusals))

    def prefill(self) -> None:
        """Let the engine take in what every prompt of this call begins with."""
        self.engine.prefill(Prompt([self._standing]))

    def prompt(self, direction: Direction, turns: Sequence[Turn], written: str) -> Prompt:
        """The prompt for one line: who speaks, what was said, what to do, and the line that was
        ``written`` for such a moment."""
        heard, own = _last(turns, Speaker.REP), _last(turns, Speaker.PROSPECT)
        like = lines.shown(written, direction, self.scenario)
        return Prompt([self._standing, prompt.asked(direction, heard, own, like)])

    @cached_property
    def _standing(self) -> Message:
        """What every prompt of this call begins with: computed once, kept by the engine."""
        return prompt.standing(prompt.cast(self.persona, self.scenario))


def _last(turns: Sequence[Turn], speaker: Speaker) -> str:
    return next((turn.text for turn in reversed(turns) if turn.speaker is speaker), "")


_SENTENCES = re.compile(r".*[.?!…]")


def first_line(text: str) -> str:
    """The first line of what a model wrote, without quotes, cut to its whole sentences."""
    line = next((found for raw in text.splitlines() if (found := clean(raw).strip("\"“”' "))), "")
    whole = _SENTENCES.match(line)
    line = whole.group(0) if whole else line
    return line[:1].upper() + line[1:]
