"""All that a prospect may have to put into words: every act, in the moods it comes in, each after
something a rep might have said. Pure; for hearing a persona before a call is held with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from trainer.library import Scenario
from trainer.pathway import Act, Speaker
from trainer.prospect import lines
from trainer.prospect.standing import Direction, Mood, SayKind
from trainer.transcripts import Turn

MOODS: Mapping[Act, tuple[Mood, ...]] = {
    Act.GREET: (Mood.GUARDED,),  # nothing has been done for them yet
    Act.SMALL_TALK: (Mood.GUARDED, Mood.OPEN),
    Act.BRUSH_OFF: (Mood.ANNOYED, Mood.GUARDED, Mood.NEUTRAL, Mood.OPEN),
    Act.HOLD_BACK: (Mood.GUARDED, Mood.NEUTRAL, Mood.OPEN),
    Act.ANSWER: (Mood.GUARDED, Mood.NEUTRAL, Mood.OPEN, Mood.WARM),
    Act.DISCLOSE: (Mood.NEUTRAL, Mood.OPEN, Mood.WARM),
    Act.ASK_QUESTION: (Mood.GUARDED, Mood.NEUTRAL, Mood.OPEN, Mood.WARM),
    Act.ASK_PROOF: (Mood.ANNOYED, Mood.GUARDED, Mood.WARM),
    Act.OBJECT: (Mood.OPEN, Mood.WARM),  # it comes out once they see something in it
    Act.PUSH_BACK: (Mood.ANNOYED, Mood.GUARDED),  # what is stopped has hurt
    Act.WARM_UP: (Mood.NEUTRAL, Mood.WARM),
    Act.CONSIDER: (Mood.GUARDED, Mood.NEUTRAL, Mood.OPEN, Mood.WARM),
    Act.BUYING_SIGNAL: (Mood.KEEN,),  # this and the next two come only once it is earned
    Act.AGREE: (Mood.KEEN,),
    Act.CONFIRM: (Mood.KEEN,),
    Act.DEFER: (Mood.GUARDED, Mood.KEEN),  # asked to decide; or earned, and nobody closed
    Act.DECLINE: (Mood.ANNOYED,),
    Act.HANG_UP: (Mood.ANNOYED,),
}
"""The moods in which mind and director bring an act about. In 165 rehearsed calls (every written
rep against three personas) all others together made up less than 2 in 100 turns; ``defer`` when
keen, which no written rep provokes, is there because the director has it."""

HEARD: Mapping[Act, tuple[str, ...]] = {
    Act.GREET: ("Hello, is that {first_name}?", "Hi {first_name}, it's {you} calling."),
    Act.SMALL_TALK: (
        "How has your week been so far?",
        "I hope the weather is kinder where you are.",
        "It's good to hear a voice for once and not a machine.",
    ),
    Act.BRUSH_OFF: (
        "I'd just like to run you through everything we do.",
        "I'm calling to tell you about what we have this season.",
    ),
    Act.HOLD_BACK: (
        "So what keeps you up at night?",
        "Tell me everything there is to know about you.",
        "What would you say is your biggest weakness right now?",
    ),
    Act.ANSWER: (
        "How do things stand at the moment?",
        "How does that go today?",
        "What should I know about how you do it now?",
    ),
    Act.DISCLOSE: (
        "What has that been like for you?",
        "What happened the last time it went wrong?",
        "Who feels it most when it goes wrong?",
    ),
    Act.ASK_QUESTION: (
        "That's how we'd go about it, in short.",
        "There is one thing we don't do, and I'd rather say so now.",
        "Let me stop there. That's the long and the short of it.",
    ),
    Act.ASK_PROOF: (
        "Everybody we work with sees the difference within weeks.",
        "Nobody does this better than we do.",
        "You'd be amazed at what people save with us.",
    ),
    Act.OBJECT: (
        "From what you've told me, this would take the worst of it off your hands.",
        "You said it wears you out. This part is there for exactly that.",
        "How does that sit with you so far?",
    ),
    Act.PUSH_BACK: (
        "Great, I'll put you down for Monday, then.",
        "That price only stands until tonight, so let's get this done.",
        "With respect, you're looking at this the wrong way.",
    ),
    Act.WARM_UP: (
        "That sounds like a lot to carry by yourself.",
        "So it isn't the work, it's never knowing what comes next.",
        "You've put up with that for a long time.",
    ),
    Act.CONSIDER: (
        "It isn't for everyone, and the first week takes some patience.",
        "In a few months you might not have to think about it at all.",
        "Others in your place told us that the first month was the hard one.",
    ),
    Act.BUYING_SIGNAL: (
        "So before long this would be one thing less on your mind.",
        "You said you want it settled before things get busy. This is how it would be.",
    ),
    Act.AGREE: (
        "Then we begin on Monday at nine, and I'll be there myself.",
        "I'll send you the papers today and ring you on Thursday to set the day.",
    ),
    Act.CONFIRM: (
        "So it's Monday at nine, and I call you the day before.",
        "The papers go to the address I have for you, if that's still right.",
    ),
    Act.DEFER: (
        "So, would you like to go ahead with it?",
        "What would it take for you to say yes?",
        "Well, that's about all from my side.",
    ),
    Act.DECLINE: (
        "You'd be foolish to turn this down.",
        "I don't see how you can say no, honestly.",
    ),
    Act.HANG_UP: (
        "Don't hang up now, you'll regret it by tomorrow.",
        "I'm not letting you go until you've heard me out.",
    ),
}
"""What a rep says that would bring an act about, in any trade. Slots as in authored lines."""

_SAYS: Mapping[Act, SayKind] = {
    Act.ANSWER: "fact",
    Act.DISCLOSE: "fact",
    Act.ASK_QUESTION: "question",
    Act.OBJECT: "objection",
}
"""The acts that put something of the scenario's into words."""


@dataclass(frozen=True, slots=True)
class Part:
    """One line to be heard: what the prospect is to do, and the rep's words it follows on."""

    heard: str
    direction: Direction


def parts(scenario: Scenario, chance: Random) -> list[Part]:
    """Every act in each of its moods, in the order of ``Act``; the same rep's line for all moods
    of an act, so that only the mood differs.

    Facts, questions and objections are the scenario's in turn; an act for which it has none is
    left out.
    """
    result: list[Part] = []
    for act, moods in MOODS.items():
        line = chance.choice(HEARD[act])
        says = _says(scenario, act)
        for number, mood in enumerate(moods):
            if act in _SAYS and not says:
                continue
            say_id, say = says[number % len(says)] if says else (None, None)
            direction = Direction(act, mood, say, _SAYS.get(act), say_id)
            result.append(Part(lines.fill(line, direction, scenario), direction))
    return result


def before(part: Part, said: Sequence[tuple[Part, str]]) -> list[Turn]:
    """The conversation a part is spoken in, given the parts ``said`` before it: other lines of
    the same act, which are not to be repeated, then the rep's."""
    earlier = [
        Turn(Speaker.PROSPECT, text)
        for other, text in said
        if other.direction.act is part.direction.act
        and (other.direction.say != part.direction.say or part.direction.say is None)
    ]
    return [*earlier, Turn(Speaker.REP, part.heard)]


def _says(scenario: Scenario, act: Act) -> list[tuple[str, str]]:
    match act:
        case Act.ANSWER:
            return [(one.id, one.say) for one in scenario.facts if one.depth == "surface"]
        case Act.DISCLOSE:  # deep ones last: they come when it is warm
            facts = sorted(scenario.facts, key=lambda one: one.depth == "deep")
            return [(one.id, one.say) for one in [*facts[:2], *facts[-1:]]]
        case Act.ASK_QUESTION:
            return [(one.id, one.say) for one in scenario.questions]
        case Act.OBJECT:
            return [(one.id, one.say) for one in scenario.objections]
        case _:
            return []
