"""What 8 bits change is what two greedy answers, one of them by the weights, show to differ."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.engines import tiny
from trainer.engines import Message, Prompt, preparation, weights
from trainer.engines.catalog import Catalog, State
from trainer.engines.local_engine import LocalEngine
from trainer.evaluation.__main__ import _cues
from trainer.evaluation.rounding import ANSWER, greedy, rounding
from trainer.evaluation.speaking import prompts

ASKED = [
    Prompt([Message("user", text)])
    for text in ("Hello?", "Which payroll?", "Go on.", "No.", "Who is it?", "Three runs.")
]


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "home"))
    return str(tiny.saved(tmp_path / "voice"))


def by_the_weights(exact: torch.nn.Module, asked: list[int], end: int) -> list[int]:
    tokens = list(asked)
    while len(tokens) - len(asked) < ANSWER and (tokens == asked or tokens[-1] != end):
        with torch.inference_mode():
            tokens.append(int(exact(torch.tensor([tokens])).logits[0, -1].argmax()))
    return tokens[len(asked) :]


def test_answers_part_where_the_weights_go_on_otherwise(model: str) -> None:
    source = weights.find(model)
    made = preparation.prepared(source)
    engine = LocalEngine(made, name="tiny")
    exact, tokenizer = weights.load(source)
    pairs = []
    for prompt in ASKED:
        asked = tokenizer(engine.written(prompt), add_special_tokens=False)["input_ids"]
        pairs.append((greedy(made, asked), by_the_weights(exact, asked, tokenizer.eos_token_id)))
    found = rounding(ASKED, model)
    assert found.lines == len(ASKED)
    assert found.same == sum(ours == theirs for ours, theirs in pairs) / len(pairs)
    assert (found.margin is None) == (found.same == 1)
    assert (found.tokens == 1) == (found.same == 1)
    assert 0 <= found.tokens <= 1


def test_what_is_asked_is_what_a_call_would_ask() -> None:
    cues = _cues()[:3]
    asked = prompts(cues)
    assert len(asked) == 3
    for cue, prompt in zip(cues, asked, strict=True):
        assert cue.scenario.prospect.name in prompt.messages[0].content
        assert prompt.messages[1].content.endswith(cue.direction.say or "")


@pytest.mark.model
@pytest.mark.slow
def test_the_voice_that_ships_parts_from_its_weights_seldom_and_where_both_words_would_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """40 of the 200 prompts on which the card has its figures; more take minutes."""
    card = Catalog.load().default("voice")
    if Catalog.load().status(card.id).state is not State.PRESENT:
        pytest.skip(f"{card.id} is not here; run `trainer models pull`")
    cues = _cues()
    found = rounding(prompts(cues[:: len(cues) // 40][:40]))
    with capsys.disabled():
        print(f"\n{found}")  # noqa: T201
    assert found.lines == 40
    assert found.same >= 0.6
    assert found.tokens >= 0.95
    assert found.margin is None or found.margin < 0.1
