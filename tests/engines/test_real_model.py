"""The voice that ships, as fetched: it speaks, and packing it for speed costs it no sense."""

from __future__ import annotations

import itertools

import pytest
import torch
from transformers import AutoModelForCausalLM

from trainer.engines import Message, Prompt, Sampling
from trainer.engines.catalog import Catalog, State
from trainer.engines.chat_text import chat_text
from trainer.engines.conversion import converted
from trainer.engines.packing import PackedLinear
from trainer.engines.transformers_engine import TransformersEngine

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
def engine() -> TransformersEngine:
    catalog = Catalog.load()
    card = catalog.default("voice")
    if catalog.status(card.id).state is not State.PRESENT:
        pytest.skip(f"{card.id} is not here; run `trainer models pull`")
    return TransformersEngine.load()


def test_it_says_a_line_and_says_it_again_for_the_same_seed(engine: TransformersEngine) -> None:
    lines = ["".join(engine.stream(Prompt(CALL), Sampling(seed=4))) for _ in range(2)]
    assert lines[0].strip()
    assert lines[0] == lines[1]
    assert "\n" not in lines[0]


def test_candidates_drawn_together_differ(engine: TransformersEngine) -> None:
    drawn = engine.draw(Prompt(CALL), Sampling(temperature=0.9, max_tokens=16), 4)
    assert len(set(drawn)) > 1
    assert all(line.strip() for line in drawn)


def test_packed_for_speed_it_still_finds_the_same_words_likely(
    engine: TransformersEngine,
) -> None:
    """Against the same weights unpacked: the surprise at a call's real words hardly changes."""
    if not any(isinstance(part, PackedLinear) for part in engine._model.modules()):
        pytest.skip("this machine runs the model unpacked")
    catalog = Catalog.load()
    card = catalog.default("voice")
    folder = converted(catalog.where(card.id) / card.files[0].name)
    whole = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    text = chat_text(engine._tokenizer, CALL, answer=False)
    tokens = torch.tensor([engine._encode(text)])
    with torch.inference_mode():
        logits = [model(tokens).logits[0, :-1].float() for model in (whole, engine._model)]
    chances = [one.log_softmax(-1) for one in logits]
    surprise = [-one.gather(1, tokens[0, 1:, None]).mean().item() for one in chances]
    likeliest = [one.argmax(-1) for one in chances]
    same = [(a == b).float().mean().item() for a, b in itertools.pairwise(likeliest)]
    assert abs(surprise[1] - surprise[0]) < 0.1
    assert same[0] > 0.8
