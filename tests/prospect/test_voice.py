"""Where the prospect's words come from: the model while it behaves, else the persona's."""

from __future__ import annotations

from random import Random

import pytest

from tests.cast import persona, scenario
from trainer.engines.base import Cancellation, Prompt
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.errors import EngineFailed
from trainer.library.shelf import Shelf
from trainer.pathway import Act, Speaker
from trainer.prospect import lines
from trainer.prospect.standing import Direction, Mood
from trainer.prospect.voice import Line, Voice, first_line
from trainer.transcripts import Turn

WHO, WHERE = persona(), scenario()
WARM = Direction(Act.WARM_UP, Mood.WARM)
DOUGH = Direction(Act.DISCLOSE, Mood.OPEN, "the dough went off overnight", "fact", "dough")
TALK = [
    Turn(Speaker.PROSPECT, "Hello, Mira speaking."),
    Turn(Speaker.REP, "You wrote that the cold room stopped. What was that night like?"),
]


def spoken(engine: ScriptedEngine, direction: Direction = WARM, seed: int = 3) -> Line:
    voice = Voice(engine, WHO, WHERE)
    return voice.speak(direction, TALK, disclosed=frozenset(), seed=seed)


def test_a_model_line_that_fits_is_said_as_the_models() -> None:
    line = spoken(ScriptedEngine(["that's about the size of it. And so", "unused"]))
    assert line == Line("That's about the size of it.", "model", 1, ())


def test_the_first_fit_line_is_taken_and_the_refused_ones_are_remembered() -> None:
    drawn = ["How can I help you today?", "Let's do it.", "It was a long night, that one."]
    line = spoken(ScriptedEngine(drawn))
    assert (line.text, line.source, line.drawn) == (drawn[2], "model", 3)
    assert line.refusals == ("speaks as an assistant", "agrees when not directed to")


def test_when_every_line_is_refused_the_persona_speaks_its_own_with_the_fact_in_it() -> None:
    line = spoken(ScriptedEngine(["It went bad.", "<b>", "Rep: hello."]), DOUGH)
    assert line.source == "authored"
    assert "dough went off overnight" in line.text
    assert line.refusals == ("drops what it was told to say", "carries markup", "carries markup")


@pytest.mark.parametrize("failure", [EngineFailed("the server is gone"), None])
def test_an_engine_that_fails_costs_its_words_and_never_the_call(
    failure: EngineFailed | None,
) -> None:
    line = spoken(ScriptedEngine([failure] if failure else []))
    assert line.source == "authored"
    assert line.text
    assert line.drawn == 0
    assert line.refusals[0].startswith("engine failed: ")


def test_stopped_while_drawing_the_prospect_still_has_words() -> None:
    stop = Cancellation()
    stop.cancel()
    voice = Voice(ScriptedEngine(["That's it, yes."] * 3), WHO, WHERE)
    line = voice.speak(WARM, TALK, disclosed=frozenset(), seed=1, cancellation=stop)
    assert (line.source, line.drawn, line.refusals) == ("authored", 0, ())


def test_same_seed_same_line_and_same_prompt() -> None:
    engines = [ScriptedEngine(["No words."] * 3) for _ in range(2)]
    one, other = (spoken(engine, DOUGH, seed=5) for engine in engines)
    assert one == other
    assert engines[0].prompts[0] == engines[1].prompts[0]
    said = {spoken(ScriptedEngine([]), DOUGH, seed=seed).text for seed in range(20)}
    assert len(said) > 1  # and another seed may choose another line


def test_the_model_is_told_no_secret_but_the_one_it_is_to_tell() -> None:
    """What is not in the prompt can't slip out."""
    for direction in (DOUGH, WARM, Direction(Act.ANSWER, Mood.OPEN)):
        prompt = Voice(ScriptedEngine([]), WHO, WHERE).prompt(direction, TALK, "Hm.")
        words = " ".join(message.content for message in prompt.messages)
        for other in WHERE.tellable:
            assert (other.say in words) == (other.id == direction.say_id)
        for objection in WHERE.objections:
            assert objection.say not in words


def test_the_prompt_says_who_speaks_what_was_heard_and_what_to_do() -> None:
    prompt = Voice(ScriptedEngine([]), WHO, WHERE).prompt(DOUGH, TALK, "To be honest, {fact}.")
    first, *_, last = prompt.messages
    assert "Mira Holt, owner, Holt Bakery, Duluth" in first.content
    assert "What was that night like?" in last.content
    assert last.content.startswith("You: Hello, Mira speaking.\nRep: You wrote")
    assert last.content.endswith(
        "\nMuch like: To be honest, ….\nNow, open, tell them: the dough went off overnight"
    )


def test_when_they_pick_up_nobody_has_said_a_word() -> None:
    voice = Voice(ScriptedEngine([]), WHO, WHERE)
    last = voice.prompt(Direction(Act.GREET, Mood.NEUTRAL), [], "").messages[-1]
    assert last.content == "The phone rings.\nNow, neutral, pick up the phone"


def test_the_prompt_shows_how_they_sound_by_lines_with_nothing_to_fill_in() -> None:
    amiable = Shelf.load().personas["amiable"]
    first = Voice(ScriptedEngine([]), amiable, WHERE).prompt(WARM, [], "Hm.").messages[0]
    shown = [line[2:] for line in first.content.splitlines() if line.startswith("- ")]
    written = {line for lines in amiable.lines.values() for line in lines}
    assert shown
    assert set(shown) <= {line for line in written if "{" not in line}


def test_a_refused_line_is_drawn_again_several_at_a_time() -> None:
    engine = ScriptedEngine(["Let's do it.", "Count me in.", "It was a long night.", "Unused."])
    line = spoken(engine)
    assert (line.text, line.drawn) == ("It was a long night.", 4)
    assert engine.prompts[0] == engine.prompts[1]


def test_someone_at_home_has_no_company_in_the_prompt() -> None:
    home = scenario(prospect={"name": "Jo Pike"})
    prompt = Voice(ScriptedEngine([]), WHO, home).prompt(WARM, [], "Hm.")
    assert "None" not in prompt.messages[0].content
    assert "Jo Pike" in prompt.messages[0].content


def test_what_every_prompt_begins_with_is_taken_in_beforehand() -> None:
    taken: list[Prompt] = []

    class Noting(ScriptedEngine):
        def prefill(self, prompt: Prompt) -> None:
            taken.append(prompt)

    voice = Voice(Noting([]), WHO, WHERE)
    voice.prefill()
    whole = voice.prompt(WARM, TALK, "Hm.")
    assert list(taken[0].messages) == list(whole.messages)[: len(taken[0].messages)]


@pytest.mark.parametrize(
    ("drawn", "line"),
    [
        ('"Well, yes. It was."\nRep: And then?', "Well, yes. It was."),
        ("\n\n  so it goes! and the", "So it goes!"),
        ("\x1b[31mIt was late.\x1b[0m", "It was late."),
        ("no end to it", "No end to it"),
        ("", ""),
        ("\n", ""),
    ],
)
def test_what_a_model_writes_is_cut_to_its_first_whole_sentences(drawn: str, line: str) -> None:
    assert first_line(drawn) == line


class TestAuthoredLines:
    def test_a_line_with_room_for_what_is_to_be_said_is_chosen(self) -> None:
        assert set(lines.suited(DOUGH, WHO)) == {
            "To be honest, {fact}.",
            "I don't tell many, but {fact}.",
        }
        assert lines.suited(Direction(Act.ANSWER, Mood.OPEN), WHO) == ["It comes and goes."]

    def test_where_the_persona_has_no_such_line_anyones_will_do(self) -> None:
        asks = Direction(Act.ASK_QUESTION, Mood.OPEN, "How loud is it?", "question", "noise")
        assert lines.suited(asks, WHO) == ["{question}"]
        assert lines.suited(Direction(Act.DISCLOSE, Mood.OPEN), WHO) == ["Hm."]
        odd = Direction(Act.GREET, Mood.OPEN, "it stopped", "fact", "x")
        assert lines.suited(odd, WHO) == ["{fact}"]
        nameless = persona(lines={Act.DEFER: ["Ask me at {city}, about {fact}."]})
        assert lines.suited(Direction(Act.DEFER, Mood.OPEN), nameless) == list(
            lines.PLAIN[Act.DEFER]
        )

    def test_slots_are_filled_and_sentences_closed_once(self) -> None:
        asks = Direction(Act.ASK_QUESTION, Mood.OPEN, "How loud is it?", "question", "noise")
        assert lines.fill("well: {question}.", asks, WHERE) == "Well: How loud is it?"
        assert lines.fill("{first_name} at {company}, {city}, not {you}", WARM, WHERE) == (
            "Mira at Holt Bakery, Duluth, not Frostline."
        )
        home = scenario(prospect={"name": "Jo Pike"})
        assert lines.fill("At {company} in {city}!", WARM, home) == "At home in here!"

    def test_as_an_example_a_line_has_a_gap_where_something_is_to_be_said(self) -> None:
        assert lines.shown("To be honest, {fact}.", DOUGH, WHERE) == "To be honest, …."
        assert lines.shown("{first_name}. {fact}.", DOUGH, WHERE) == "Mira. …."
        assert lines.shown("{fact}", DOUGH, WHERE) == ""
        assert lines.shown("That's it.", WARM, WHERE) == "That's it."

    def test_the_line_least_heard_so_far_is_said(self) -> None:
        said = [Turn(Speaker.PROSPECT, "To be honest, the dough went off overnight.")]
        for seed in range(5):
            line = lines.chosen(DOUGH, WHO, WHERE, said, Random(seed))
            assert line == "I don't tell many, but {fact}."
