"""A script stands in for a model, and fails the way a model does."""

from __future__ import annotations

import subprocess
import sys

import pytest

from trainer.engines import Cancellation, Engine, Message, Prompt, Sampling, open_engine
from trainer.engines.scripted_engine import ScriptedEngine
from trainer.errors import EngineFailed, UnreadableInput

PROMPT = Prompt([Message("user", "Is now a good moment?")])


def test_lines_come_in_order_word_by_word() -> None:
    engine: Engine = ScriptedEngine(["I have five minutes.", "Go on."])
    assert list(engine.stream(PROMPT, Sampling())) == ["I", " have", " five", " minutes."]
    assert "".join(engine.stream(PROMPT, Sampling())) == "Go on."


def test_a_script_too_short_says_so() -> None:
    engine = ScriptedEngine(["Only this."])
    assert engine.draw(PROMPT, Sampling(), 3) == ["Only this."]
    with pytest.raises(EngineFailed, match="no line left"):
        list(engine.stream(PROMPT, Sampling()))


def test_a_function_answers_the_prompt_it_is_given() -> None:
    engine = ScriptedEngine(lambda prompt: prompt.messages[-1].content.upper())
    assert engine.draw(PROMPT, Sampling(), 4) == ["IS NOW A GOOD MOMENT?"]
    assert engine.prompts == [PROMPT]


def test_an_exception_in_the_script_is_raised_in_its_turn() -> None:
    engine = ScriptedEngine(["Fine.", EngineFailed("the cable came out"), "Back again."])
    assert "".join(engine.stream(PROMPT, Sampling())) == "Fine."
    with pytest.raises(EngineFailed, match="cable"):
        list(engine.stream(PROMPT, Sampling()))
    assert "".join(engine.stream(PROMPT, Sampling())) == "Back again."


def test_cancelling_stops_between_words() -> None:
    cancellation = Cancellation()
    said = []
    for piece in ScriptedEngine(["one two three"]).stream(PROMPT, Sampling(), cancellation):
        said.append(piece)
        cancellation.cancel()
    assert said == ["one"]


def test_the_engine_is_opened_by_name() -> None:
    silent = open_engine("authored")
    assert silent.name == "authored"
    assert silent.draw(PROMPT, Sampling(), 3) == []
    assert "".join(silent.stream(PROMPT, Sampling())) == ""
    with pytest.raises(UnreadableInput, match="transformers, openai, llama, authored"):
        open_engine("gpt")
    with pytest.raises(UnreadableInput, match="--base-url"):
        open_engine("authored", base_url="http://127.0.0.1:1/v1")


def test_naming_the_engines_loads_no_model_library() -> None:
    script = (
        "import sys, trainer.engines, trainer.engines.catalog, trainer.engines.download\n"
        "heavy = {'torch', 'transformers', 'textual', 'httpx', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_without_a_model_there_is_nothing_to_choose_by() -> None:
    options = (("Yes",), ("No",))
    assert ScriptedEngine(["Yes."]).choose(PROMPT, options) is None
    assert open_engine("authored").choose(PROMPT, options) is None
    sure = ScriptedEngine([], chances=lambda prompt: [0.9, 0.1])
    assert sure.choose(PROMPT, options) == [0.9, 0.1]
    assert sure.prompts == [PROMPT]
