"""A persona heard before it is used: one line for each act and mood, as plain lines or JSON."""

from __future__ import annotations

import shutil
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from trainer.engines.base import Engine
from trainer.errors import EngineFailed
from trainer.library import Persona, Scenario
from trainer.pathway import Act
from trainer.plaintext import clean
from trainer.prospect.repertoire import MOODS, Part, before, parts
from trainer.prospect.voice import ENGINE_FAILED, Line, Voice

_INDENT = 11
_NARROWEST = 40


@dataclass(frozen=True, slots=True)
class Spoken:
    """A part and what was made of it."""

    part: Part
    line: Line

    @property
    def refused(self) -> bool:
        """Whether the persona's written line stands in for words of the model's."""
        return self.line.source == "authored" and bool(self.line.refusals)


class Audition:
    """A persona trying its part in a scenario, voiced by an engine."""

    def __init__(self, persona: Persona, scenario: Scenario, engine: Engine, seed: int) -> None:
        """``seed``: same seed, same lines."""
        self.persona = persona
        self.scenario = scenario
        self._engine = engine
        self._seed = seed
        self._parts = parts(scenario, Random(seed))

    def hear(self) -> Iterator[Spoken]:
        """The lines, one by one as they are found.

        Raises ``EngineFailed`` where the engine does: to hear written lines instead would tell
        nothing of how it words this persona.
        """
        voice = Voice(self._engine, self.persona, self.scenario)
        said: list[tuple[Part, str]] = []
        for number, part in enumerate(self._parts):
            line = voice.speak(
                part.direction,
                before(part, said),
                disclosed=frozenset(),
                seed=self._seed * 1_000 + number,
            )
            for refusal in line.refusals:
                if refusal.startswith(ENGINE_FAILED):
                    raise EngineFailed(refusal.removeprefix(ENGINE_FAILED))
            said.append((part, line.text))
            yield Spoken(part, line)

    def as_text(self) -> Iterator[str]:
        """What a trainer reads: a head, the lines by act, and where their words came from."""
        who = self.scenario.prospect
        yield from _wrapped(f"{self.persona.name}. {self.persona.summary}")
        voiced = "in written lines only" if self._silent else f"voiced by {self._engine.name}"
        title = f"“{self.scenario.title}” ({self.scenario.id})"
        yield from _wrapped(f"As {who.name} in {title}, {voiced}.")
        act: Act | None = None
        heard: list[Spoken] = []
        for spoken in self.hear():
            direction = spoken.part.direction
            if direction.act is not act:
                act = direction.act
                yield ""
                yield from _wrapped(f"{act.value.replace('_', ' ')}: {act.meaning}")
                yield from _row("rep", spoken.part.heard)
            heard.append(spoken)
            yield from _row(direction.mood.value, spoken.line.text + self._mark(spoken))
        yield ""
        yield from self._account(heard)

    def as_json(self) -> Iterator[dict[str, Any]]:
        """The same lines for a script, an object each."""
        for spoken in self.hear():
            direction, line = spoken.part.direction, spoken.line
            yield {
                "persona": self.persona.id,
                "scenario": self.scenario.id,
                "act": direction.act.value,
                "mood": direction.mood.value,
                "heard": spoken.part.heard,
                "say": direction.say,
                "text": clean(line.text),
                "source": line.source,
                "drawn": line.drawn,
                "refusals": list(line.refusals),
            }

    @property
    def _silent(self) -> bool:
        return self._engine.name == "authored"

    def _mark(self, spoken: Spoken) -> str:
        if spoken.refused:
            return f"  [written; the model {spoken.line.refusals[0]}]"
        return "  [written]" if spoken.line.source == "authored" and not self._silent else ""

    def _account(self, heard: list[Spoken]) -> Iterator[str]:
        refused = [one for one in heard if one.refused]
        ungiven = [one for one in heard if one.line.source == "authored" and not one.refused]
        missing = sorted({act.value for act in MOODS} - {one.part.direction.act for one in heard})
        if missing:
            yield from _wrapped(
                f"Nothing for {', '.join(missing)}: {self.scenario.id} has no question or "
                "objection to voice."
            )
        if self._silent:
            yield from _wrapped(f"{len(heard)} lines, all written: no model was asked.")
            return
        worded = len(heard) - len(refused) - len(ungiven)
        yield from _wrapped(f"{len(heard)} lines, {worded} worded by the model.")
        if ungiven:
            yield from _wrapped(f"{len(ungiven)} written, because the model gave none.")
        if refused:
            reasons = Counter(reason for one in refused for reason in one.line.refusals)
            told = ", ".join(f"{reason} ({count})" for reason, count in reasons.most_common())
            drawn = sum(one.line.drawn for one in refused)
            yield from _wrapped(
                f"{len(refused)} written because the model's were refused, {drawn} in all: {told}."
            )


def _row(label: str, text: str) -> list[str]:
    head = f"  {label:<{_INDENT - 2}}"
    return _wrapped(text, first=head, rest=" " * _INDENT)


def _wrapped(text: str, *, first: str = "", rest: str = "") -> list[str]:
    width = max(_NARROWEST, shutil.get_terminal_size().columns)
    return textwrap.wrap(
        clean(text), width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
