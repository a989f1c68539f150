"""A voice made ready once: built, tried against its weights, kept, and mended when it broke."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import torch
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    MistralConfig,
    MistralForCausalLM,
    Phi3Config,
    Phi3ForCausalLM,
    Qwen2Config,
    Qwen2ForCausalLM,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from tests.engines import tiny
from trainer.engines import Message, Prompt, Sampling, conversion, weights
from trainer.engines.graph import write
from trainer.engines.local_engine import LocalEngine
from trainer.engines.tokenizer import FolderTokenizer, reads
from trainer.errors import ModelUnavailable

WARM = Sampling(temperature=1.0, max_tokens=24, stop=())
HELLO = Prompt([Message("user", "Hello?")])
SIZES: dict[str, Any] = {
    "hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 16, "max_position_embeddings": 512,
    "initializer_range": 0.1, "bos_token_id": None, "eos_token_id": 0, "pad_token_id": 0,
}  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TRAINER_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def saved(folder: Path, family: Any, config: Any, **other: Any) -> Path:
    """A model of some family, with random weights and biases, as a folder on disk."""
    words = tiny.tokenizer()
    torch.manual_seed(3)
    room = len(words) + 10  # families add tokens of their own
    model = family(config(vocab_size=room, **{**SIZES, **other}))
    for name, weight in model.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(weight, std=0.5)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


@pytest.mark.parametrize(
    ("family", "config", "other"),
    [
        (LlamaForCausalLM, LlamaConfig, {"tie_word_embeddings": True}),
        (LlamaForCausalLM, LlamaConfig, {"attention_bias": True, "mlp_bias": True}),
        (LlamaForCausalLM, LlamaConfig, {"head_dim": 32, "rope_theta": 500.0}),
        (
            LlamaForCausalLM,
            LlamaConfig,
            {
                "rope_scaling": {
                    "rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                    "high_freq_factor": 4.0, "original_max_position_embeddings": 64,
                }
            },
        ),
        (MistralForCausalLM, MistralConfig, {"sliding_window": None}),
        (Qwen2ForCausalLM, Qwen2Config, {}),
        (Qwen3ForCausalLM, Qwen3Config, {}),
    ],
    ids=["tied", "biases", "wide heads", "llama3 positions", "mistral", "qwen2", "qwen3"],
)  # fmt: skip
def test_models_laid_out_like_llama_get_a_graph_that_holds_its_trial(
    tmp_path: Path, family: Any, config: Any, other: dict[str, Any]
) -> None:
    """The trial compares it with the weights, token by token; see the next test for its teeth."""
    engine = LocalEngine.load(str(saved(tmp_path / "mine", family, config, **other)))
    assert engine.how == "onnxruntime, 8 bits, 1 thread"
    assert any(engine.draw(HELLO, WARM, 6))


def test_a_graph_that_is_off_its_weights_is_refused_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = saved(tmp_path / "mine", LlamaForCausalLM, LlamaConfig)
    built: list[Path] = []

    def upside_down(model: Any, folder: Path, **how: Any) -> None:
        built.append(folder)
        wrong = LlamaForCausalLM(model.config)
        wrong.load_state_dict(model.state_dict())
        for layer in wrong.model.layers:
            layer.self_attn.q_proj.weight.data.mul_(-1)
        write(wrong, folder, **how)

    monkeypatch.setattr("trainer.engines.graph.write", upside_down)
    for _ in range(2):
        engine = LocalEngine.load(str(folder))
        assert engine.how.startswith("torch")
        assert "nats off the weights" in engine.how
        assert any(engine.draw(HELLO, WARM, 6)), "torch speaks in its place"
    assert len(built) == 1


@pytest.mark.parametrize(
    ("family", "config", "other", "why"),
    [
        (Phi3ForCausalLM, Phi3Config, {}, "phi3 models have no graph here"),
        (LlamaForCausalLM, LlamaConfig, {"hidden_act": "gelu"}, "its layers use gelu"),
        (MistralForCausalLM, MistralConfig, {"sliding_window": 32}, "don't look at the whole text"),
        (
            LlamaForCausalLM,
            LlamaConfig,
            {"rope_scaling": {"rope_type": "dynamic", "factor": 2.0}},
            "depend on how long the text is",
        ),
    ],
    ids=["family", "activation", "window", "positions"],
)
def test_other_models_are_left_to_torch_and_the_reason_told(
    tmp_path: Path, family: Any, config: Any, other: dict[str, Any], why: str
) -> None:
    engine = LocalEngine.load(str(saved(tmp_path / "mine", family, config, **other)))
    assert engine.how.startswith("torch")
    assert why in engine.how
    assert any(engine.draw(HELLO, WARM, 6))


def test_a_voice_is_made_ready_once_and_then_needs_neither_torch_nor_transformers(
    tmp_path: Path, home: Path
) -> None:
    folder = tiny.saved(tmp_path / "mine")
    told: list[str] = []
    LocalEngine.load(str(folder), progress=lambda what, done, total: told.append(what))
    assert "preparing the voice, once" in told
    script = (
        "import sys; from trainer.engines.local_engine import LocalEngine\n"
        "told = []\n"
        f"e = LocalEngine.load({str(folder)!r}, progress=lambda what, *_: told.append(what))\n"
        "assert told == ['loading mine'], told\n"
        "print(e.how, sorted({'torch', 'transformers', 'onnx'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert ran.stdout.strip() == "onnxruntime, 8 bits, 1 thread []"


def test_a_model_that_changed_is_made_ready_anew(tmp_path: Path) -> None:
    folder = tiny.saved(tmp_path / "mine")
    source = weights.find(str(folder))
    before = source.mark()
    saved(folder, LlamaForCausalLM, LlamaConfig)
    assert source.mark() != before


def test_a_prepared_voice_that_broke_is_made_anew(tmp_path: Path, home: Path) -> None:
    folder = tiny.saved(tmp_path / "mine")
    wanted = LocalEngine.load(str(folder)).draw(HELLO, WARM, 6)
    for file in sorted((home / "cache" / "voices").glob("*/*")):
        with file.open("r+b") as stream:
            stream.truncate(file.stat().st_size // 2)
        engine = LocalEngine.load(str(folder))
        assert engine.how.startswith("onnxruntime"), file
        assert engine.draw(HELLO, WARM, 6) == wanted, file


def test_where_nothing_can_be_kept_torch_speaks(tmp_path: Path, home: Path) -> None:
    folder = tiny.saved(tmp_path / "mine")
    home.write_text("a file where the folder should be")
    engine = LocalEngine.load(str(folder))
    assert "can't be kept" in engine.how
    assert any(engine.draw(HELLO, WARM, 6))


def test_two_at_once_make_it_ready_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tiny.saved(tmp_path / "mine")
    loads: list[object] = []
    load = weights.load

    def counted(*given: Any) -> Any:
        loads.append(1)
        return load(*given)

    monkeypatch.setattr(weights, "load", counted)
    threads = [Thread(target=LocalEngine.load, args=(str(folder),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(loads) == 1


def test_the_small_tokenizer_is_used_only_where_it_reads_as_transformers_does(
    tmp_path: Path,
) -> None:
    words = tiny.tokenizer()
    words.save_pretrained(tmp_path / "plain")
    assert reads(tmp_path / "plain", words)
    assert isinstance(
        LocalEngine.load(str(tiny.saved(tmp_path / "mine")))._tokenizer, FolderTokenizer
    )
    words.chat_template = "{% set here = namespace(said='') %}" + tiny.TEMPLATE
    words.save_pretrained(tmp_path / "wanting")
    assert not reads(tmp_path / "wanting", words), "templates get no objects of Jinja's own"


def test_a_folder_is_loaded_and_speaks(tmp_path: Path) -> None:
    engine = LocalEngine.load(str(tiny.saved(tmp_path / "mine")))
    assert engine.name == "mine"
    assert any(engine.draw(HELLO, WARM, 6))


def test_a_folder_with_pickled_weights_only_is_refused(tmp_path: Path) -> None:
    folder = tiny.saved(tmp_path / "mine")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(ModelUnavailable, match="safetensors or GGUF"):
        LocalEngine.load(str(folder))


def test_a_path_that_is_not_there_and_a_broken_gguf_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="no model at"):
        LocalEngine.load(str(tmp_path / "nowhere"))
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF then nothing")
    with pytest.raises(ModelUnavailable, match=r"broken\.gguf"):
        LocalEngine.load(str(broken))


def test_a_converted_copy_that_broke_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power went while the copy was written; the file it is made from is whole."""
    made: list[bool] = []
    good, cut = tiny.saved(tmp_path / "good"), tiny.saved(tmp_path / "cut")
    with (cut / "model.safetensors").open("r+b") as weights:
        weights.truncate(1000)

    def converted(_: Path, __: object, *, anew: bool = False) -> Path:
        made.append(anew)
        return good if anew else cut

    monkeypatch.setattr(conversion, "converted", converted)
    (tmp_path / "mine.gguf").write_bytes(b"GGUF")
    engine = LocalEngine.load(str(tmp_path / "mine.gguf"))
    assert any(engine.draw(HELLO, WARM, 6))
    assert made == [False, True]


def test_without_a_network_a_model_elsewhere_is_given_up_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def nobody(url: str, **_: object) -> None:
        asked.append(url)
        raise OSError("no route to host")

    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", nobody)
    with pytest.raises(ModelUnavailable, match=r"some/one is not on this machine.*no route"):
        LocalEngine.load("some/one")
    assert len(asked) == 1


def test_the_encoder_cannot_be_made_to_speak() -> None:
    with pytest.raises(ModelUnavailable, match="encoder"):
        LocalEngine.load("minilm-l6-v2")
