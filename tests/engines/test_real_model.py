"""The voice that ships, as fetched: it speaks, and its graph costs it no sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from trainer.engines import Message, Prompt, Sampling, weights
from trainer.engines.catalog import Catalog, State
from trainer.engines.chat_text import chat_text
from trainer.engines.local_engine import LocalEngine

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
