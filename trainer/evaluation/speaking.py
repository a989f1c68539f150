"""Has an engine voice many cues, and keeps what it drew beside what would have been heard."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any

from trainer.engines.base import Cancellation, Engine, Prompt, Sampling
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.evaluation.staging import Cue
from trainer.prospect import lines
from trainer.prospect.voice import Voice, first_line


@dataclass(frozen=True, slots=True)
class Spoken:
    """One line as voiced. ``raw``: the first that was drawn, unjudged; empty where none was.
    ``written``: the persona's own line that it was to go by."""

    id: str
    way: str
    scene: str
    heard: str
    act: str
    mood: str
    say: str | None
    kind: str | None
    raw: str
    written: str
    line: str
    source: str
    refusals: list[str]
    seconds: float


class Noting:
    """An engine that remembers the first answer drawn since it was last asked."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._first = ""

    def draw(
        self,
        prompt: Prompt,
        sampling: Sampling,
        n: int,
        cancellation: Cancellation | None = None,
    ) -> list[str]:
        """As the engine draws."""
        drawn = self._engine.draw(prompt, sampling, n, cancellation)
        self._first = self._first or next(iter(drawn), "")
        return drawn

    def taken(self) -> str:
        """The first answer; forgotten afterwards."""
        first, self._first = self._first, ""
        return first_line(first)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


def speak(cues: Iterable[Cue], engine: Engine, *, seed: int = 0) -> Iterator[Spoken]:
    """Each cue voiced as in a call: drawn, judged by the guard, drawn again, authored at last."""
    noting: Any = Noting(engine)
    voices: dict[tuple[str, str], Voice] = {}
    for number, cue in enumerate(cues):
        key = (cue.scene, cue.way)
        if key not in voices:
            voices = {key: Voice(noting, cue.persona, cue.scenario)}
            voices[key].prefill()
        own = seed * 1_000_003 + number
        begun = time.perf_counter()
        line = voices[key].speak(cue.direction, cue.turns, disclosed=frozenset(), seed=own)
        seconds = time.perf_counter() - begun
        heard = cue.turns[-1].text if cue.turns else ""
        about = cue.direction, cue.persona, cue.scenario
        written = lines.fill(
            lines.chosen(*about, cue.turns, Random(own)), cue.direction, cue.scenario
        )
        yield Spoken(
            cue.id, cue.way, cue.scene, heard, cue.direction.act.value, cue.direction.mood.value,
            cue.direction.say, cue.direction.say_kind, noting.taken(), written, line.text,
            line.source, list(line.refusals), round(seconds, 4),
        )  # fmt: skip


def prompts(cues: Iterable[Cue]) -> list[Prompt]:
    """What an engine is asked for at each cue."""
    engine = ScriptedEngine(lambda _: "")
    for _ in speak(cues, engine):
        pass
    return [prompt for prompt, _ in groupby(engine.prompts)]  # an empty answer is asked for again


def keep(spoken: Iterable[Spoken], path: Path) -> None:
    """Write lines as they come, so that an interrupted run is not lost."""
    with path.open("w", encoding="utf-8") as file:
        for one in spoken:
            file.write(json.dumps(asdict(one), ensure_ascii=False) + "\n")
            file.flush()


def kept(path: Path) -> list[Spoken]:
    """The lines of a file that ``keep`` wrote."""
    rows: list[Mapping[str, Any]] = [
        json.loads(row) for row in path.read_text("utf-8").splitlines()
    ]
    return [Spoken(**row) for row in rows]
