"""Finds words for a decision: asks the engine, lets the guard judge, falls back on what is written.

The engine is given the persona, the last turns and the direction. It draws several lines; the
first that the guard passes is said. Refused too often, the persona's own authored line is said
instead, and the ``Line`` says so.
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
from trainer.pathway import Act, Speaker
from trainer.plaintext import clean, clip
from trainer.prospect import lines
from trainer.prospect.guard import Guard
from trainer.prospect.standing import Direction, Mood, SayKind
from trainer.transcripts import Turn

DRAWN_AT_ONCE = 3
"""Lines drawn in one pass; on a processor three cost little more than one."""

ENGINE_FAILED = "engine failed: "
"""How a refusal begins that tells of the engine's failure, not of a line's."""

_GIVEN_WORDS = 3
"""How many words of what is to be said a ``directed_only`` model is given to go on from."""


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
        refusals: list[str] = []
        drawn = 0
        if direction.say is not None or not self.engine.directed_only:
            prompt = self.prompt(direction, turns, chance)
            sampling = replace(self.engine.sampling, seed=seed, max_tokens=_room(direction))
            try:
                candidates = self.engine.draw(prompt, sampling, DRAWN_AT_ONCE, cancellation)
            except EngineFailed as failure:
                candidates = []
                refusals.append(f"{ENGINE_FAILED}{failure}")
            drawn = len(candidates)
            for candidate in candidates:
                text = first_line(prompt.prefix + candidate, one=self.engine.directed_only)
                reason = self.guard.refuse(text, direction, turns, disclosed)
                if reason is None:
                    return Line(text, "model", drawn, tuple(refusals))
                refusals.append(reason)
        written = lines.authored(direction, self.persona, self.scenario, turns, chance)
        return Line(written, "authored", drawn, tuple(refusals))

    def prefill(self) -> None:
        """Let the engine take in what every prompt of this call begins with."""
        self.engine.prefill(Prompt(self._standing))

    def prompt(self, direction: Direction, turns: Sequence[Turn], chance: Random) -> Prompt:
        """The prompt for one line: who speaks, how they sound, what was said, what to do."""
        said = next(
            (turn.text for turn in reversed(turns) if turn.speaker is Speaker.REP), "Hello?"
        )
        asked = Message("user", self._asked(direction, clip(said, 240)))
        prefix = self._opening(direction, turns, chance) if self.engine.directed_only else ""
        return Prompt([*self._standing, asked], prefix)

    @cached_property
    def _standing(self) -> list[Message]:
        """What every prompt of this call begins with: computed once, kept by the engine."""
        who = self.scenario.prospect
        about = ", ".join(part for part in (who.name, who.role, who.company, who.city) if part)
        messages = [
            Message(
                "system",
                f"You write what {about}, says on the phone to a sales rep from "
                f"{self.scenario.you.company}. {self.persona.summary} How they talk: "
                f"{'; '.join(self.persona.talks)}. One short spoken line, first person, nothing "
                "else.",
            )
        ]
        chance = Random(self.persona.id)
        for act, kind, say, heard in _EXAMPLES:
            example = Direction(act, Mood.NEUTRAL, say, kind)
            written = chance.choice(lines.suited(example, self.persona))
            messages.append(Message("user", self._asked(example, heard)))
            messages.append(Message("assistant", lines.fill(written, example, self.scenario)))
        return messages

    def _asked(self, direction: Direction, heard: str) -> str:
        doing = _DOING[direction.act] + (f": {direction.say}" if direction.say else "")
        name = self.scenario.prospect.first_name
        return f"Rep says: {heard}\n{name} is {direction.mood.value} and {doing}"

    def _opening(self, direction: Direction, turns: Sequence[Turn], chance: Random) -> str:
        """The first words of one of the persona's own lines for this, for a model to go on from:
        one not heard in this call yet, if there is one."""
        heard = " ".join(turn.text for turn in turns if turn.speaker is Speaker.PROSPECT)
        slot = "{" + str(direction.say_kind) + "}"
        whole = [line.partition(slot)[0] for line in lines.suited(direction, self.persona)]
        openings = [opening for opening in whole if "{" not in opening] or [""]
        fresh = [opening for opening in openings if opening.strip() and opening not in heard]
        opening = chance.choice(fresh or openings)
        given = " ".join((direction.say or "").split()[:_GIVEN_WORDS])
        return (opening + given)[:1].upper() + (opening + given)[1:]


_EXAMPLES: tuple[tuple[Act, SayKind | None, str | None, str], ...] = (
    (Act.DISCLOSE, "fact", "the old one broke twice in May", "What has that been like?"),
    (Act.PUSH_BACK, None, None, "I'll put you down for Monday then."),
    (Act.ASK_QUESTION, "question", "Who comes out to do it?", "We have done this for ten years."),
    (Act.WARM_UP, None, None, "That sounds like a lot on your plate."),
    (Act.OBJECT, "objection", "we only just paid for the other one", "It takes about a week."),
    (Act.ANSWER, "fact", "my brother handles that part", "Who looks after it now?"),
)
"""Made-up moments, so that an example never gives a real fact away."""

_DOING = {
    Act.GREET: "picks up the phone",
    Act.SMALL_TALK: "returns the pleasantry",
    Act.BRUSH_OFF: "tries to end the call politely",
    Act.HOLD_BACK: "gives as little as possible",
    Act.ANSWER: "answers",
    Act.DISCLOSE: "tells",
    Act.ASK_QUESTION: "asks",
    Act.ASK_PROOF: "asks what that is based on",
    Act.OBJECT: "objects",
    Act.PUSH_BACK: "stops the rep, annoyed",
    Act.WARM_UP: "shows they felt heard",
    Act.CONSIDER: "thinks aloud about it",
    Act.BUYING_SIGNAL: "speaks as if they already had it",
    Act.AGREE: "goes along with it",
    Act.CONFIRM: "confirms that",
    Act.DEFER: "puts it off",
    Act.DECLINE: "says no for good",
    Act.HANG_UP: "ends the call",
}


def _room(direction: Direction) -> int:
    """Tokens a line may take: the thing to be said, and some air around it."""
    return 20 + (len(direction.say.split()) * 2 if direction.say else 0)


_SENTENCES = re.compile(r".*[.?!…]")
_SENTENCE = re.compile(r".*?[.?!…](?=\s|$)")


def first_line(text: str, *, one: bool = False) -> str:
    """The first line of what a model wrote, without quotes, cut to its whole sentences, or to
    ``one``."""
    line = next((found for raw in text.splitlines() if (found := clean(raw).strip("\"“”' "))), "")
    whole = (_SENTENCE if one else _SENTENCES).match(line)
    line = whole.group(0) if whole else line
    return line[:1].upper() + line[1:]
