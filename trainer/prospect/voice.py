"""Finds words for a decision: asks the engine, lets the guard judge, falls back on what is written.

The engine is given the persona, the last turns and the direction. It draws several lines; the
first that the guard passes is said. Refused too often, the persona's own authored line is said
instead, and the ``Line`` says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from trainer.engines.base import Cancellation, Engine, Message, Prompt, Sampling
from trainer.errors import EngineFailed
from trainer.library import Persona, Scenario
from trainer.pathway import Act, Speaker
from trainer.plaintext import clean
from trainer.prospect import lines
from trainer.prospect.guard import Guard
from trainer.prospect.standing import Direction
from trainer.transcripts import Turn

ROUNDS = 1
"""How often the engine is asked anew after a batch of lines was refused."""

DRAWN_AT_ONCE = 3
"""Lines drawn in one pass; on a processor three cost little more than one."""

_LAST_TURNS = 3


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
        for round_ in range(ROUNDS):
            prompt = self.prompt(direction, turns, chance)
            sampling = Sampling(seed=seed + 7919 * round_, max_tokens=_room(direction))
            try:
                candidates = self.engine.draw(prompt, sampling, DRAWN_AT_ONCE, cancellation)
            except EngineFailed as failure:
                refusals.append(f"engine failed: {failure}")
                break
            drawn += len(candidates)
            for candidate in candidates:
                text = first_line(prompt.prefix + candidate)
                reason = self.guard.refuse(text, direction, turns, disclosed)
                if reason is None:
                    return Line(text, "model", drawn, tuple(refusals))
                refusals.append(reason)
            if cancellation is not None and cancellation.cancelled:
                break
        written = lines.authored(direction, self.persona, self.scenario, turns, chance)
        return Line(written, "authored", drawn, tuple(refusals))

    def prefill(self) -> None:
        """Let the engine take in what every prompt of this call begins with."""
        self.engine.prefill(Prompt([self._who()]))

    def _who(self) -> Message:
        who = self.scenario.prospect
        at = f", {who.role}" if who.role else ""
        at += f" at {who.company}" if who.company else ""
        place = f" in {who.city}" if who.city else ""
        return Message(
            "system",
            f"You are {who.name}{at}{place}. A salesperson from {self.scenario.you.company} is on "
            f"the phone. {self.persona.summary} You talk: {'; '.join(self.persona.talks)}. "
            "You are the buyer. Each time, say one short spoken line, as directed in brackets.",
        )

    def prompt(self, direction: Direction, turns: Sequence[Turn], chance: Random) -> Prompt:
        """The prompt for one line: who speaks, how they sound, what was said, what to do."""
        messages = [self._who(), *self._examples(direction, chance)]
        recent = turns[-_LAST_TURNS:]
        heard = " ".join(turn.text for turn in recent if turn.speaker is Speaker.REP)[-300:]
        messages.append(Message("user", f"{heard}\n[{_instruction(direction)}]".strip()))
        return Prompt(messages)

    def _examples(self, direction: Direction, chance: Random) -> list[Message]:
        """Earlier lines of this persona for the same act, shown as if already said."""
        shown: list[Message] = []
        written = lines.suited(direction, self.persona)
        others = [fact for fact in self.scenario.tellable if fact.id != direction.say_id]
        for line in chance.sample(written, min(2, len(written))):
            example = direction
            if direction.say_kind is not None and others:
                stand_in = chance.choice(_STAND_INS[direction.say_kind])
                example = Direction(direction.act, direction.mood, stand_in, direction.say_kind)
            shown.append(Message("user", f"[{_instruction(example)}]"))
            shown.append(Message("assistant", lines.fill(line, example, self.scenario)))
        return shown


_STAND_INS = {
    "fact": ("the old one broke twice in May", "my brother handles that part", "we tried it once"),
    "question": ("Who comes out to do it?", "How long is somebody here?", "What if it breaks?"),
    "objection": ("we just paid for the other one", "nobody here has the time"),
}
"""Made-up things to say in examples, so that an example never gives a real fact away."""

_DOING = {
    Act.GREET: "pick up the phone",
    Act.SMALL_TALK: "return the pleasantry",
    Act.BRUSH_OFF: "politely try to end this",
    Act.HOLD_BACK: "give as little as possible",
    Act.ANSWER: "answer briefly",
    Act.DISCLOSE: "tell them",
    Act.ASK_QUESTION: "ask",
    Act.ASK_PROOF: "ask what that is based on",
    Act.OBJECT: "object",
    Act.PUSH_BACK: "stop them, annoyed",
    Act.WARM_UP: "show you felt heard",
    Act.CONSIDER: "think aloud about it",
    Act.BUYING_SIGNAL: "speak as if you already had it",
    Act.AGREE: "go along with it",
    Act.CONFIRM: "confirm that",
    Act.DEFER: "put it off",
    Act.DECLINE: "say no for good",
    Act.HANG_UP: "end the call",
}


def _instruction(direction: Direction) -> str:
    doing = f"{direction.mood.value}; {_DOING[direction.act]}"
    return f"{doing}: {direction.say}" if direction.say else doing


def _room(direction: Direction) -> int:
    """Tokens a line may take: the thing to be said, and some air around it."""
    return 24 + (len(direction.say.split()) * 2 if direction.say else 0)


def first_line(text: str) -> str:
    """The first line of what a model wrote, without quotes, cut to its whole sentences."""
    line = next((found for raw in text.splitlines() if (found := clean(raw).strip("\"“”' "))), "")
    whole = _SENTENCES.match(line)
    line = whole.group(0) if whole else line
    return line[:1].upper() + line[1:]


_SENTENCES = re.compile(r".*[.?!…]")
