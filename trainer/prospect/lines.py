"""Authored lines: how a persona sounds, and what is said when the model's words will not do."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from random import Random

from trainer import wording
from trainer.library import Persona, Scenario
from trainer.pathway import Act, Speaker
from trainer.prospect.standing import Direction
from trainer.transcripts import Turn

PLAIN: Mapping[Act, tuple[str, ...]] = {
    Act.GREET: ("Hello, {first_name} speaking.", "Yes, hello?"),
    Act.SMALL_TALK: ("Not bad, thanks.", "Can't complain."),
    Act.BRUSH_OFF: ("Now's not a great time.", "I'm in the middle of something."),
    Act.HOLD_BACK: ("I'm listening.", "Go on.", "Hm."),
    Act.ANSWER: ("Well, {fact}.", "About what you'd expect.", "Sure."),
    Act.DISCLOSE: ("The thing is, {fact}.", "Well, {fact}."),
    Act.ASK_QUESTION: ("{question}", "So how would this work?"),
    Act.ASK_PROOF: ("What is that based on?", "Who else can tell me that?"),
    Act.OBJECT: ("My worry is this: {objection}.", "But {objection}."),
    Act.PUSH_BACK: ("Hold on, you're getting ahead of me.", "Wait. That's not what I said."),
    Act.WARM_UP: ("Yes, that's about it.", "You've got it."),
    Act.CONSIDER: ("Hm. Let me take that in.", "I see what you mean."),
    Act.BUYING_SIGNAL: ("I can see how that would go here.", "Who would we deal with?"),
    Act.AGREE: ("All right, that works.", "Okay, good."),
    Act.CONFIRM: ("Yes, that's right.", "Okay, noted."),
    Act.DEFER: ("I'd like to think about it.", "Let me sleep on it."),
    Act.DECLINE: ("No, this isn't for me.", "I'm going to say no."),
    Act.HANG_UP: ("I'm going to stop you here. Goodbye.", "That's enough. Goodbye."),
}
"""What anyone might say, for acts a persona has no lines for."""

HERE = "…"
"""Stands in an example where what is to be said goes."""

_SLOT = re.compile(r"\{(\w+)\}")


def suited(direction: Direction, persona: Persona) -> list[str]:
    """The persona's lines for this act that have room for what is to be said, slots unfilled."""
    lines: Sequence[str] = persona.lines.get(direction.act) or PLAIN[direction.act]
    slots = {"fact", "question", "objection"}
    wanted = {direction.say_kind} - {None}
    fitting = [line for line in lines if set(_SLOT.findall(line)) & slots == wanted]
    if not fitting:
        lines = PLAIN[direction.act]
        fitting = [line for line in lines if set(_SLOT.findall(line)) & slots == wanted]
    if not fitting and direction.say is not None:
        return ["{" + str(direction.say_kind) + "}"]
    return list(fitting) or [line for line in lines if not _SLOT.search(line)] or ["Hm."]


def fill(line: str, direction: Direction, scenario: Scenario) -> str:
    """A line with its slots filled."""
    say = direction.say or ""
    values = {
        "fact": say.rstrip("."),
        "question": say,
        "objection": say.rstrip("."),
        "first_name": scenario.prospect.first_name,
        "company": scenario.prospect.company or "home",
        "city": scenario.prospect.city or "here",
        "you": scenario.you.company,
    }
    filled = _SLOT.sub(lambda match: values.get(match.group(1), ""), line)
    filled = filled.replace("?.", "?").replace("??", "?").strip()
    return filled[:1].upper() + filled[1:] + ("" if filled[-1:] in ".?!…" else ".")


def shown(line: str, direction: Direction, scenario: Scenario) -> str:
    """A line as an example: filled, but for what is to be said, in whose place stands ``…``.

    Empty where nothing else would be left of it.
    """
    open_ended = fill(line, replace(direction, say=HERE if direction.say else None), scenario)
    return open_ended if any(char.isalpha() for char in open_ended) else ""


def chosen(
    direction: Direction,
    persona: Persona,
    scenario: Scenario,
    turns: Sequence[Turn],
    chance: Random,
) -> str:
    """The persona's line for this direction that was least heard in this call so far, unfilled."""
    suiting = suited(direction, persona)
    chance.shuffle(suiting)
    said = [turn.text for turn in turns if turn.speaker is Speaker.PROSPECT]

    def heard(line: str) -> float:
        filled = fill(line, direction, scenario)
        return max((wording.likeness(filled, one) for one in said), default=0)

    return min(suiting, key=heard)
