"""A language model small enough to make in a test: random weights, words of a few letters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from trainer.engines.graph import write
from trainer.engines.onnx_backend import Shape

TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
NO_SYSTEM = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"


def tokenizer(template: str | None = TEMPLATE) -> Any:
    """Bytes and a few merges: every text can be written, half characters included."""
    inner = Tokenizer(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    special = ["<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(["three of our last six payroll runs went out wrong"] * 5, trainer)
    made = PreTrainedTokenizerFast(
        tokenizer_object=inner, eos_token="<|end|>", additional_special_tokens=special[1:]
    )
    made.chat_template = template
    return made


def model(vocabulary: int = 320) -> Any:
    """Two layers of random weights, the same ones every time."""
    torch.manual_seed(5)
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        initializer_range=0.4,
        bos_token_id=None,
        eos_token_id=0,
        pad_token_id=0,
    )
    return LlamaForCausalLM(config).eval()


def saved(folder: Path) -> Path:
    """The model as a folder on disk."""
    words = tokenizer()
    model(len(words)).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


def graph(folder: Path) -> Path:
    """The model as a graph for ONNX Runtime."""
    made = model(len(tokenizer()))
    sample = list(range(4, 260))
    write(made, folder, sample=sample, positions=512, tell=lambda done, layers: None)
    Shape(
        parameters=made.num_parameters(), layers=2, heads=2, head_size=16,
        vocabulary=made.config.vocab_size, context=512, ends=(0,), own_tokenizer=False,
    ).write(folder)  # fmt: skip
    return folder
