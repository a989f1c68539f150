"""What an engine is asked for one line: who speaks, how they sound, what was said, what to do.

The same compact prompt for every model. The first message, the longest, is the same through a
whole call, so that it is taken in while the briefing is read; each turn adds three or four lines.
The last of them shows a line that this person might use for what they are to do: a small model
can't find such a line, but it can turn one into a reply to what the rep has just said; a larger
one takes the manner from it.
The small voice is tuned on this very form (``trainer.prospect.tuning``): change it, and tune anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from trainer.engines.base import Message
from trainer.library import Persona, Scenario
from trainer.pathway import Act
from trainer.plaintext import clip
from trainer.prospect.standing import Direction

HEARD_CHARACTERS = 240
"""How much of the rep's last turn is shown, in characters."""
OWN_CHARACTERS = 120
"""How much of the prospect's own last line is shown."""
SOUNDS = 3
"""How many of a persona's own lines are shown."""
SHOWN_ACTS = (
    Act.HOLD_BACK, Act.PUSH_BACK, Act.WARM_UP, Act.CONSIDER, Act.SMALL_TALK, Act.BUYING_SIGNAL,
    Act.BRUSH_OFF, Act.DECLINE,
)  # fmt: skip
"""Whose lines show best how someone sounds: free of facts, and unlike each other."""

DOING = {
    Act.GREET: "pick up the phone",
    Act.SMALL_TALK: "return the pleasantry",
    Act.BRUSH_OFF: "try to get off the phone",
    Act.HOLD_BACK: "give as little as possible",
    Act.ANSWER: "answer",
    Act.DISCLOSE: "tell them",
    Act.ASK_QUESTION: "ask",
    Act.ASK_PROOF: "ask what that rests on",
    Act.OBJECT: "object",
    Act.PUSH_BACK: "stop them right there",
    Act.WARM_UP: "show that you feel heard",
    Act.CONSIDER: "think it over aloud, deciding nothing",
    Act.BUYING_SIGNAL: "talk as if you had it, without a yes",
    Act.AGREE: "say yes to what they put down",
    Act.CONFIRM: "confirm the detail, the yes is given",
    Act.DEFER: "put the decision off",
    Act.DECLINE: "say no for good",
    Act.HANG_UP: "end the call, goodbye",
}
"""What each act asks of the speaker."""


@dataclass(frozen=True, slots=True)
class Character:
    """Who speaks, as the prompt tells it."""

    who: str
    """Name, role, company and town, as far as there are any."""
    seller: str
    """Whose rep is on the phone, and what they sell."""
    summary: str
    talks: Sequence[str]
    sounds: Sequence[str] = ()
    """Lines of theirs from elsewhere, to sound like and never to repeat."""


def cast(persona: Persona, scenario: Scenario) -> Character:
    """The persona in the scenario's shoes, with a few lines that show how they sound."""
    prospect, you = scenario.prospect, scenario.you
    about = (prospect.name, prospect.role, prospect.company, prospect.city)
    return Character(
        ", ".join(part for part in about if part),
        f"{you.company}, {you.sells}",
        persona.summary,
        persona.talks,
        sounds(persona, Random(f"{persona.id} {scenario.id}")),
    )


def sounds(persona: Persona, chance: Random) -> list[str]:
    """Lines of the persona's own, each of another act, none with anything to fill in."""
    written = [
        [line for line in persona.lines.get(act, ()) if "{" not in line] for act in SHOWN_ACTS
    ]
    return [chance.choice(lines) for lines in written if lines][:SOUNDS]


def standing(character: Character) -> Message:
    """The message that opens every prompt of a call."""
    shown = "".join(f"\n- {line}" for line in character.sounds)
    return Message(
        "system",
        f"You are {character.who}, on the phone with a rep of {character.seller}. "
        f"{character.summary}\nYou talk like this: {'; '.join(character.talks)}."
        + (f"\nThings you have said:{shown}" if shown else "")
        + "\nSay one short spoken line, in your own voice, that does what you are told and no "
        "more: no other facts, no yes and no goodbye of your own.",
    )


def asked(direction: Direction, heard: str, own: str = "", like: str = "") -> Message:
    """The message of one turn: ``own`` the prospect's last line, ``heard`` the rep's, then what to
    do, and ``like`` what. Where nobody has spoken yet, the phone rings."""
    said = f"You: {clip(own, OWN_CHARACTERS)}\n" if own else ""
    said += f"Rep: {clip(heard, HEARD_CHARACTERS)}" if heard else "The phone rings."
    manner = f"\nMuch like: {like}" if like else ""
    doing = DOING[direction.act] + (f": {direction.say}" if direction.say else "")
    return Message("user", f"{said}{manner}\nNow, {direction.mood.value}, {doing}")
