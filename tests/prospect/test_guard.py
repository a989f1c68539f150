"""What a model may put into the prospect's mouth, and what never reaches the rep."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cast import scenario
from trainer.library import Persona, Scenario
from trainer.library.shelf import Shelf
from trainer.pathway import Act, Speaker
from trainer.prospect import lines
from trainer.prospect.guard import MAX_WORDS, Guard, refuse_bending
from trainer.prospect.standing import Direction, Mood
from trainer.transcripts import Turn

SHELF = Shelf.load()
SCENARIOS = list(SHELF.scenarios.values())[::3]
GUARD = Guard(scenario())
DOUGH = Direction(Act.DISCLOSE, Mood.OPEN, "the dough went off overnight", "fact", "dough")
REPAIRS = Direction(Act.ANSWER, Mood.OPEN, "we called the mechanic four times", "fact", "repairs")
NOISE = Direction(Act.ASK_QUESTION, Mood.OPEN, "How loud is it at night?", "question", "noise")


def judged(line: str, act: Act | Direction = Act.WARM_UP, *turns: Turn) -> str | None:
    direction = act if isinstance(act, Direction) else Direction(act, Mood.NEUTRAL)
    return GUARD.refuse(line, direction, turns)


@pytest.mark.parametrize(
    ("line", "act", "reason"),
    [
        # a model falling back into what it was trained to be
        ("How can I help you today?", Act.GREET, "speaks as an assistant"),
        ("I\u2019m an AI, so I can't feel cold.", Act.WARM_UP, "speaks as an assistant"),
        ("As an AI language model I can't say.", Act.HOLD_BACK, "speaks as an assistant"),
        ("Here's a response.", Act.ANSWER, "speaks as an assistant"),
        ("Thank you for your question.", Act.ANSWER, "speaks as an assistant"),
        # the wrong side of the phone
        ("Our product keeps the cold in.", Act.CONSIDER, "speaks as the rep"),
        ("Would you like a survey?", Act.CONSIDER, "speaks as the rep"),
        ("Mira, are you still there?", Act.HOLD_BACK, "speaks as the rep"),
        ("Hi Mira, good to hear you.", Act.GREET, "speaks as the rep"),
        ("I don't want to waste your time, Mira.", Act.BRUSH_OFF, "speaks as the rep"),
        ("Here at Frostline it's busy.", Act.SMALL_TALK, "speaks as the rep"),
        ("Oh, hello! Yes, it's me, Frostline.", Act.GREET, "speaks as the rep"),
        # deciding what was not decided
        ("Let's do it.", Act.CONSIDER, "agrees when not directed to"),
        ("Let\u2019s do it.", Act.CONSIDER, "agrees when not directed to"),
        ("Okay, sign me up.", Act.BUYING_SIGNAL, "agrees when not directed to"),
        ("Fine, I'm in.", Act.CONSIDER, "agrees when not directed to"),
        ("The eighth, yes. What do you need?", Act.BUYING_SIGNAL, "agrees when not directed to"),
        ("Sunday, then. I'd sleep.", Act.BUYING_SIGNAL, "agrees when not directed to"),
        ("Aye, Saturday. So I'm covered.", Act.CONSIDER, "agrees when not directed to"),
        ("We're in, if the price holds.", Act.CONSIDER, "agrees when not directed to"),
        ("Send me the paperwork.", Act.DEFER, "agrees when not directed to"),
        ("I'm not interested.", Act.CONSIDER, "refuses when not directed to"),
        ("Goodbye then.", Act.HOLD_BACK, "refuses when not directed to"),
        ("What would it cost?", Act.WARM_UP, "asks when not directed to"),
        # not deciding what was
        ("Hm, well.", Act.AGREE, "does not do what was directed"),
        ("Fine, but let me think about it.", Act.AGREE, "does not do what was directed"),
        ("Not Tuesday. Fine, go.", Act.AGREE, "does not do what was directed"),
        ("Sounds great!", Act.DECLINE, "does not do what was directed"),
        ("That would be lovely.", Act.HANG_UP, "does not do what was directed"),
        ("Great, thanks.", Act.PUSH_BACK, "does not do what was directed"),
        ("Sure, sounds good.", Act.DEFER, "does not do what was directed"),
        ("I wonder how loud it is at night.", NOISE, "does not do what was directed"),
        # what has not been told yet, what was to be told, what nobody ever said
        ("My brother's loan pays for every repair.", Act.WARM_UP, "leaks a fact"),
        ("I cried in the van.", Act.WARM_UP, "leaks a fact"),
        ("The dough went off overnight and I cried in the van.", DOUGH, "leaks a fact"),
        ("It went bad on us.", DOUGH, "drops what it was told to say"),
        ("We called the mechanic.", REPAIRS, "drops what it was told to say"),
        ("It stopped 17 times.", Act.WARM_UP, "invents a figure"),
        # what is no line of speech
        ("", Act.WARM_UP, "says nothing"),
        ("...", Act.WARM_UP, "says nothing"),
        ("[sighs] Fine.", Act.WARM_UP, "carries markup"),
        ("*sighs* Yes.", Act.WARM_UP, "carries markup"),
        ("<b>Yes.</b>", Act.WARM_UP, "carries markup"),
        ('Stuck." I can see that.', Act.WARM_UP, "carries markup"),
        ("Mira: I see.", Act.WARM_UP, "carries markup"),
        ("Mira Holt: I see.", Act.WARM_UP, "carries markup"),
        ("Prospect said: I see.", Act.WARM_UP, "carries markup"),
        ("It's on https://frost.example now.", Act.WARM_UP, "carries markup"),
        ("\U0001f600\U0001f600\U0001f600 Ok.", Act.WARM_UP, "carries markup"),
        ("And then we", Act.WARM_UP, "breaks off"),
        ("It went went dark on us.", Act.WARM_UP, "stutters"),
        ("So it was so it was late.", Act.WARM_UP, "stutters"),
        ("Well, " * MAX_WORDS + "yes.", Act.WARM_UP, "runs long"),
    ],
)  # fmt: skip
def test_a_line_that_is_not_fit_is_refused_and_the_reason_can_be_counted(
    line: str, act: Act | Direction, reason: str
) -> None:
    assert judged(line, act) == reason


@pytest.mark.parametrize(
    ("line", "act"),
    [
        ("Yeah, that's about the size of it.", Act.WARM_UP),
        ("Mira speaking.", Act.GREET),
        ("This is Mira, yes?", Act.GREET),
        ("What's this about?", Act.HOLD_BACK),
        ("I'm not in on Mondays.", Act.ANSWER),
        ("I'm in a meeting, so another time.", Act.BRUSH_OFF),
        ("Fine, thanks for asking.", Act.SMALL_TALK),
        ("Saturday, hm. I'm still thinking.", Act.CONSIDER),
        ("The fourth, yes, I'll be in.", Act.CONFIRM),
        ("All right, Monday then.", Act.AGREE),
        ("Okay, let's do it.", Act.AGREE),
        ("No problem, Monday's good.", Act.CONFIRM),
        ("Yes, that works for me.", Act.CONFIRM),
        ("No, this isn't for me.", Act.DECLINE),
        ("That's enough. Goodbye.", Act.HANG_UP),
        ("No. I'm hanging up.", Act.HANG_UP),
        ("Yeah, let me think about it.", Act.DEFER),
        ("Slow down, I haven't said yes.", Act.PUSH_BACK),
        ("One thing bothers me, honestly.", Act.CONSIDER),
        ("It had had its day, that very very long one.", Act.CONSIDER),
        ("Just facts, please. Go on.", Act.HOLD_BACK),
        ("Well, the dough went off overnight.", DOUGH),
        ("The dough just went off overnight, all of it.", DOUGH),
        ("We called that mechanic 4 times.", REPAIRS),
        ("Tell me, how loud is it at night?", NOISE),
    ],
)
def test_a_line_that_does_as_directed_is_said(line: str, act: Act | Direction) -> None:
    assert judged(line, act) is None


def test_what_was_said_once_is_not_said_again_and_the_rep_is_not_parroted() -> None:
    mine = Turn(Speaker.PROSPECT, "It has been a hard month for all of us.")
    theirs = Turn(Speaker.REP, "So it stops whenever the nights are warm.")
    again, parrot = "It has been a hard month for us.", "It stops whenever the nights are warm."
    assert judged(again, Act.WARM_UP) is None
    assert judged(again, Act.WARM_UP, mine) == "repeats an earlier line"
    assert judged(parrot, Act.WARM_UP) is None
    assert judged(parrot, Act.WARM_UP, theirs) == "parrots the rep"


def test_what_is_out_in_the_open_is_no_leak() -> None:
    """A fact told before, or said by the rep, may come up again; so may a figure once heard."""
    hint = Direction(Act.WARM_UP, Mood.WARM)
    line = "I cried in that van, yes."
    assert GUARD.refuse(line, hint, []) == "leaks a fact"
    assert GUARD.refuse(line, hint, [], frozenset({"tears"})) is None
    heard = Turn(Speaker.REP, "You cried in the van behind the shop?")
    assert GUARD.refuse(line, hint, [heard]) is None
    figure = "Ninety a month is something."
    assert judged(figure, Act.CONSIDER) is None  # the price is known
    assert judged("Eighty a month is something.", Act.CONSIDER) == "invents a figure"
    offered = Turn(Speaker.REP, "What if it was 80 a month?")
    assert judged("Eighty a month is something.", Act.CONSIDER, offered) is None


def test_words_of_a_seller_in_a_prospects_own_question_are_theirs() -> None:
    """A lawyer asks where "our clients" files would be; that doesn't make her the seller."""
    asked = "Where would our clients' files be?"
    question = Direction(Act.ASK_QUESTION, Mood.OPEN, asked, "question", "files")
    assert judged(f"Tell me this. {asked}", question) is None
    assert judged(f"Our product is great. {asked}", question) == "speaks as the rep"


def directions(where: Scenario) -> list[Direction]:
    """Every direction this scenario can give, whatever is to be said in it included."""
    say = [(Act.DISCLOSE, "fact", one.id, one.say) for one in where.tellable]
    say += [(Act.ANSWER, "fact", one.id, one.say) for one in where.tellable]
    say += [(Act.ASK_QUESTION, "question", one.id, one.say) for one in where.questions]
    say += [(Act.OBJECT, "objection", one.id, one.say) for one in where.objections]
    bare = [act for act in Act if act not in (Act.DISCLOSE, Act.ASK_QUESTION, Act.OBJECT)]
    return [
        *(Direction(act, Mood.NEUTRAL, text, kind, id) for act, kind, id, text in say),  # type: ignore[arg-type]
        *(Direction(act, Mood.NEUTRAL) for act in bare),
    ]


@pytest.mark.parametrize("who", SHELF.personas.values(), ids=lambda p: p.id)
def test_every_authored_line_of_this_persona_could_stand_in_for_the_model(who: Persona) -> None:
    """What is fallen back on keeps the rules itself, with every fact of a scenario in it."""
    # Leaks and figures depend on what was said before; those lines are chosen by a trainer.
    for where in SCENARIOS:
        guard = Guard(where)
        for direction in directions(where):
            for raw in lines.suited(direction, who):
                line = lines.fill(raw, direction, where)
                refused = guard.refuse(line, direction, [])
                assert refused in (None, "leaks a fact", "invents a figure"), (line, refused)


@given(
    st.text(max_size=200),
    st.sampled_from(list(Act)),
    st.lists(st.builds(Turn, st.sampled_from(list(Speaker)), st.text(max_size=40)), max_size=3),
)
@settings(max_examples=200, deadline=None)
def test_no_text_whatever_breaks_the_guard(line: str, act: Act, turns: list[Turn]) -> None:
    refused = GUARD.refuse(line, Direction(act, Mood.NEUTRAL), turns)
    assert refused is None or refused
    if not any(char.isalpha() for char in line):
        assert refused == "says nothing"


@pytest.mark.parametrize(
    "line", ["Holt Bakery, Mira.", "Mira.", "Yes, it's Mira.", "Hello, Mira speaking."]
)
def test_picking_up_one_may_say_ones_own_name(line: str) -> None:
    assert judged(line, Act.GREET) is None


@pytest.mark.parametrize(
    ("line", "bent"),
    [
        ("I'm trying to think how they'd all take it.", False),
        ("The bond, hm. I'm trying to think how they'd all take it.", False),
        ("I'm trying to think how the bond would all take it.", True),
        ("I'm trying to think how I'd all take it.", True),
        ("What would my brother say to that?", False),  # words of one's own
    ],
)
def test_a_written_line_is_said_whole_or_not_at_all(line: str, bent: bool) -> None:
    """Words before or after it are welcome; a word swapped inside it is how sense gets lost."""
    reason = refuse_bending(line, "I'm trying to think how they'd all take it.")
    assert reason == ("bends its own line" if bent else None)
