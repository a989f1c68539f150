"""A reader who was not there: which act a line does, and which way of talking it is in.

The encoder's blocks are tuned on written lines, for acts on pairs (what the rep said, what the
prospect said), for ways on the prospect's words alone. Only ever used to measure with; it never
sees a persona that it is to judge acts of.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from trainer.listening.heads import write_atomically

EPOCHS = 5
BATCH = 32
RATE = 3e-4
HEAD_RATE = 3e-3
LENGTH = 96
"""Tokens of a pair that are read."""

Pair = tuple[str, str]
"""What was heard (empty where it shall not count), and the line."""


class Reader:
    """Tells one of ``labels`` from a pair."""

    def __init__(self, encoder: Any, head: Any, tokenizer: Any, labels: Sequence[str]) -> None:
        self._encoder = encoder
        self._head = head
        self._tokenizer = tokenizer
        self.labels = list(labels)

    @classmethod
    def taught(
        cls, folder: Path, pairs: Sequence[Pair], labels: Sequence[str], *, seed: int = 1
    ) -> Reader:
        """A reader tuned on these pairs and their labels. ``folder``: the encoder's files."""
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.manual_seed(seed)
        encoder = AutoModel.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, dtype="float32"
        )
        names = sorted(set(labels))
        head = torch.nn.Linear(2 * encoder.config.hidden_size, len(names))
        reader = cls(
            encoder, head, AutoTokenizer.from_pretrained(folder, local_files_only=True), names
        )
        encoder.embeddings.word_embeddings.weight.requires_grad = False
        optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in encoder.parameters() if p.requires_grad], "lr": RATE},
                {"params": head.parameters(), "lr": HEAD_RATE},
            ],
            weight_decay=0.01,
        )
        steps = EPOCHS * math.ceil(len(pairs) / BATCH)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer,
            lambda step: min(1.0, (step + 1) / (0.06 * steps)) * max(0.0, 1 - step / steps),
        )
        truth = torch.tensor([names.index(label) for label in labels])
        encoder.train()
        for _ in range(EPOCHS):
            for places in _batches(pairs):
                with torch.autocast("cpu", torch.bfloat16):
                    scores = reader._scores([pairs[place] for place in places], dropout=0.1)
                loss = torch.nn.functional.cross_entropy(
                    scores.float(), truth[places], label_smoothing=0.1
                )
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
        encoder.eval()
        return reader

    @classmethod
    def kept(cls, kept: Path, folder: Path, pairs: Sequence[Pair], labels: Sequence[str]) -> Reader:
        """As ``taught``, which takes a core twelve minutes for all lessons; a reader taught the
        same lessons before is taken from ``kept``, a folder, where every new one is put."""
        import torch
        from safetensors.torch import load_file, save
        from transformers import AutoConfig, AutoModel, AutoTokenizer

        lessons = json.dumps([list(pairs), list(labels), EPOCHS, BATCH, RATE, HEAD_RATE, LENGTH])
        path = kept / f"reader-{sha256(lessons.encode()).hexdigest()[:16]}.safetensors"
        if path.is_file():
            names = sorted(set(labels))
            encoder = AutoModel.from_config(AutoConfig.from_pretrained(folder)).eval()
            head = torch.nn.Linear(2 * encoder.config.hidden_size, len(names))
            torch.nn.ModuleList([encoder, head]).load_state_dict(load_file(path))
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            return cls(encoder, head, tokenizer, names)
        reader = cls.taught(folder, pairs, labels)
        kept.mkdir(parents=True, exist_ok=True)
        state = torch.nn.ModuleList([reader._encoder, reader._head]).state_dict()
        write_atomically(path, save(state))
        return reader

    def chances(self, pairs: Sequence[Pair]) -> list[list[float]]:
        """For each pair, the chance of each label."""
        import torch

        result: list[list[float]] = []
        with torch.inference_mode():
            for start in range(0, len(pairs), BATCH):
                scores = self._scores(pairs[start : start + BATCH])
                result += scores.float().softmax(-1).tolist()
        return result

    def read(self, pairs: Sequence[Pair]) -> list[str]:
        """For each pair, the likeliest label."""
        return [
            self.labels[max(range(len(row)), key=row.__getitem__)] for row in self.chances(pairs)
        ]

    def _scores(self, pairs: Sequence[Pair], dropout: float = 0.0) -> Any:
        import torch

        taken = self._tokenizer(
            [heard for heard, _ in pairs],
            [line for _, line in pairs],
            padding=True,
            truncation="only_first",
            max_length=LENGTH,
            return_tensors="pt",
        )
        hidden = self._encoder(**taken).last_hidden_state
        own = (taken["token_type_ids"] * taken["attention_mask"]).unsqueeze(-1)
        mean = (hidden * own).sum(1) / own.sum(1)
        most = hidden.masked_fill(own == 0, -1e4).amax(1)
        pooled = torch.cat([mean, most], -1)
        return self._head(torch.nn.functional.dropout(pooled, dropout, training=dropout > 0))


def _batches(pairs: Sequence[Pair]) -> list[list[int]]:
    """All places once, in batches of like length, in random order."""
    import torch

    order = torch.randperm(len(pairs)).tolist()
    batches = []
    for start in range(0, len(order), BATCH * 16):
        near = sorted(
            order[start : start + BATCH * 16], key=lambda place: sum(map(len, pairs[place]))
        )
        batches += [near[at : at + BATCH] for at in range(0, len(near), BATCH)]
    return [batches[place] for place in torch.randperm(len(batches)).tolist()]
