"""The voice that ships, as fetched: it speaks, and its graph costs it no sense."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

from trainer.engines import Message, Prompt, Sampling, weights
from trainer.engines.catalog import Catalog, State
from trainer.engines.chat_text import chat_text
from trainer.engines.local_engine import LocalEngine
from trainer.library.shelf import Shelf
from trainer.prospect import corpus

pytestmark = pytest.mark.model

CALL = [
    Message("system", "You are Dana Whitfield, CFO of Harborline Freight. Short sentences."),
    Message("user", "Hi Dana, what happened on the worst of the payroll runs?"),
    Message("assistant", "Two drivers quit over a late check. That isn't on the form."),
    Message("user", "That's a hard thing to explain to a crew. What did it cost you?"),
    Message("assistant", "Nine thousand dollars to replace them, and a dispatcher still angry."),
    Message("user", "What would it mean if that never happened again?"),
]


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    catalog = Catalog.load()
    card = catalog.default("voice")
    if catalog.status(card.id).state is not State.PRESENT:
        pytest.skip(f"{card.id} is not here; run `trainer models pull`")
    return LocalEngine.load()


@pytest.fixture(scope="module")
def reference() -> Any:
    """The same weights in float32, as transformers runs them."""
    card = Catalog.load().default("voice")
    model, _ = weights.load(weights.find(card.id))
    return model.float()


def test_it_says_a_line_and_says_it_again_for_the_same_seed(engine: LocalEngine) -> None:
    lines = ["".join(engine.stream(Prompt(CALL), Sampling(seed=4))) for _ in range(2)]
    assert lines[0].strip()
    assert lines[0] == lines[1]
    assert "\n" not in lines[0]


def test_candidates_drawn_together_differ(engine: LocalEngine) -> None:
    drawn = engine.draw(Prompt(CALL), Sampling(temperature=0.9, max_tokens=16), 4)
    assert len(set(drawn)) > 1
    assert all(line.strip() for line in drawn)


def test_prepared_for_speed_it_still_finds_the_same_words_likely(
    engine: LocalEngine, reference: Any
) -> None:
    """Against the same weights in float32: the surprise at a call's real words hardly changes."""
    text = chat_text(engine._tokenizer, CALL, answer=False)
    tokens = engine._encode(text)
    with torch.inference_mode():
        whole = reference(torch.tensor([tokens])).logits[0].log_softmax(-1)
    engine._backend.forget()
    found = torch.tensor(np.array([engine._backend.extend(token) for token in tokens]))
    chances = [whole[:-1], found.log_softmax(-1)[:-1]]
    following = torch.tensor(tokens[1:])[:, None]
    surprise = [-one.gather(1, following).mean().item() for one in chances]
    same = (chances[0].argmax(-1) == chances[1].argmax(-1)).float().mean().item()
    assert abs(surprise[1] - surprise[0]) < 0.05
    assert same > 0.93


def test_what_computes_is_the_graph_on_one_thread(engine: LocalEngine) -> None:
    assert engine.how == "onnxruntime, 8 bits, 1 thread"


PROMPTS = 40
"""Of the 200 on which ``trainer/engines/graph.py`` has its figures; more take minutes."""


@pytest.mark.slow
def test_greedy_words_are_those_of_the_weights_or_part_where_the_choice_was_even(
    engine: LocalEngine, reference: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Prompts as the voice makes them, up to 40 tokens each. The graph goes its own way; the
    reference, over the same tokens at once, says where it would first have gone another."""
    apart: list[float] = []
    for messages in held_out(PROMPTS):
        tokens = engine._encode(engine.written(Prompt(messages)))
        drawn = greedy(engine, tokens, 40)
        with torch.inference_mode():
            logits = reference(torch.tensor([tokens + drawn[:-1]])).logits[0, len(tokens) - 1 :]
        for chances, token in zip(logits.softmax(-1), drawn, strict=True):
            if int(chances.argmax()) != token:
                apart.append(float(chances.max() - chances[token]))
                break
    with capsys.disabled():
        print(f"\n{PROMPTS - len(apart)} of {PROMPTS} the same; lost: {np.round(sorted(apart), 4)}")  # noqa: T201
    assert len(apart) < 0.5 * PROMPTS
    assert max(apart, default=0) < 0.1, "they part where the choice was all but even"


def held_out(count: int) -> list[Sequence[Message]]:
    """Prompts of people and trades that no voice was tuned on."""
    folder = corpus.default_folder()
    rows = corpus.read([folder / "heldout.jsonl"])
    ways = corpus.read_ways(folder / "ways.jsonl", Shelf.load().personas)
    found = [moment for lesson in corpus.lessons(rows, ways, Random(3)) for moment in lesson]
    return [moment.messages for moment in Random(4).sample(found, count)]


def greedy(engine: LocalEngine, tokens: list[int], count: int) -> list[int]:
    """The likeliest tokens that follow, up to the end of the answer."""
    logits = engine._backend.take_in(tokens)
    drawn: list[int] = []
    while logits is not None:
        drawn.append(int(logits.argmax()))
        if drawn[-1] in engine._ends or len(drawn) == count:
            break
        logits = engine._backend.extend(drawn[-1])
    return drawn
