"""Tunes the encoder's blocks to hear moves, on our own rows and the shared sets' partial labels.

Every row is a pair (the prospect's last words, the rep's turn); the loss is binary cross-entropy
over the moves that the row's annotators labelled, and over the kind of talk it is from. Used by
``trainer.listening.training``, which tunes once on each part of the data left out and once on all.
A run is resumed from its last whole epoch. Same data, seed and machine, same numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.listening.bert import WIDTH, quantized, read_tensors
from trainer.listening.classifier import OUTPUTS, pair
from trainer.listening.features import Situation
from trainer.listening.heads import write_atomically
from trainer.listening.rows import OWN, Row
from trainer.pathway import Move

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCHS = 3
BATCH = 32
RATE = 3e-4
"""Learning rate of the blocks (AdamW, warmed up over 6 % of the steps, then cosine to nothing)."""
HEAD_RATE = 3e-3
SHARED_WEIGHT = 5.0
"""How much a row of the shared sets weighs, shared among the moves its annotators labelled: one to
three of them, where a row of ours knows 28."""
MOST_POSITIVE_WEIGHT = 5.0
"""A move seen in a share p of rows weighs sqrt((1 - p) / p) where present, at most this."""
UNPUNCTUATED = 0.15
"""Share of rows read as a bare transcript in an epoch: no capitals, no marks."""
WITHOUT_CONTEXT = 0.1
"""Share of rows read without the prospect's words in an epoch."""
NEED_CONTEXT = frozenset({Move.ANSWER, Move.CEMENT, Move.CLARIFY_OBJECTION, Move.REFLECTION})
"""Moves that nobody could label without the prospect's words; not learnt from such a reading."""
_MARKS = re.compile(r"[.,!?;:\"“”—–-]+")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _Example:
    tokens: list[int]
    kinds: list[int]
    truth: NDArray[np.float32]
    weight: NDArray[np.float32]


def tune(
    rows: Sequence[Row],
    tokenizer: Any,
    folder: Path,
    kept: Path,
    *,
    seed: int,
    say: Say = lambda text: None,
) -> dict[str, NDArray[Any]]:
    """Tuned blocks and last layer, as ``Classifier.of`` takes them.

    ``folder``: the encoder's own files. ``kept``: a file for the state after each epoch, from
    which an interrupted run goes on.
    """
    import torch
    from transformers import AutoModel

    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(seed)
    encoder = AutoModel.from_pretrained(
        folder,
        local_files_only=True,
        use_safetensors=True,
        dtype="float32",
        attention_probs_dropout_prob=0.0,
    )
    for name, parameter in encoder.named_parameters():
        fixed = ("word_embeddings", "position_embeddings", "pooler")
        parameter.requires_grad = not any(part in name for part in fixed)
    head = torch.nn.Linear(2 * WIDTH, len(OUTPUTS))
    torch.nn.init.zeros_(head.weight)
    torch.nn.init.constant_(head.bias, -2.5)
    model = torch.nn.ModuleDict({"encoder": encoder, "head": head}).to(device)
    positive = torch.tensor(_positive_weights(rows), device=device)

    tuned = [p for p in encoder.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        [{"params": tuned, "lr": RATE}, {"params": head.parameters(), "lr": HEAD_RATE}],
        weight_decay=0.01,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _rates(rows))
    for epoch in range(_resume(kept, model, optimizer, schedule), EPOCHS):
        torch.manual_seed(seed + epoch)
        random = np.random.default_rng([seed, epoch])
        model.train()
        losses = []
        for batch in _batches(rows, tokenizer, random):
            ids, kinds, mask, truth, weight = (part.to(device) for part in _stacked(batch))
            with torch.autocast(device, torch.bfloat16):
                scores = _scores(model, ids, kinds, mask)
            loss = torch.nn.functional.binary_cross_entropy_with_logits(
                scores, truth, pos_weight=positive, reduction="none"
            )
            cost = (loss * weight).sum() / (len(batch) * len(OUTPUTS))
            optimizer.zero_grad()
            cost.backward()
            torch.nn.utils.clip_grad_norm_(tuned, 1.0)
            optimizer.step()
            schedule.step()
            losses.append(cost.item())
        say(f"epoch {epoch + 1} of {EPOCHS}: loss {np.mean(losses):.4f}")
        _keep(kept, model, optimizer, epoch + 1)
    state = {name: value.cpu().numpy() for name, value in encoder.state_dict().items()}
    return {
        **quantized(state),
        "head.weight": head.weight.detach().cpu().numpy(),
        "head.bias": head.bias.detach().cpu().numpy(),
    }


def _rates(rows: Sequence[Row]) -> Callable[[int], float]:
    """The share of the full learning rate at a step: warmed up, then down to nothing."""
    steps = EPOCHS * math.ceil(len(rows) / BATCH)

    def rate(step: int) -> float:
        return min(1.0, (step + 1) / (0.06 * steps)) * _cosine(min(1.0, step / steps))

    return rate


def _cosine(done: float) -> float:
    return (1 + math.cos(math.pi * done)) / 2


def _scores(model: Any, ids: Any, kinds: Any, mask: Any) -> Any:
    """The scores of a batch: mean and maximum over the turn's tokens, then the last layer."""
    import torch

    hidden = model["encoder"](
        input_ids=ids, token_type_ids=kinds, attention_mask=mask
    ).last_hidden_state.float()
    turn = (kinds * mask).unsqueeze(-1)
    mean = (hidden * turn).sum(dim=1) / turn.sum(dim=1)
    most = hidden.masked_fill(turn == 0, -1e4).amax(dim=1)
    pooled = torch.nn.functional.dropout(torch.cat([mean, most], dim=-1), 0.1, training=True)
    with torch.autocast(ids.device.type, enabled=False):
        return model["head"](pooled)


def _positive_weights(rows: Sequence[Row]) -> NDArray[np.float32]:
    known = np.array([_weight(row, row.known) for row in rows]) > 0
    truth = np.array([_truth(row) for row in rows]) > 0
    share = (truth & known).sum(axis=0) / known.sum(axis=0).clip(min=1)
    weight: NDArray[np.float64] = np.sqrt((1 - share) / share.clip(min=1e-6))
    return weight.clip(1.0, MOST_POSITIVE_WEIGHT).astype(np.float32)


def _batches(
    rows: Sequence[Row], tokenizer: Any, random: np.random.Generator
) -> Iterator[list[_Example]]:
    """An epoch's examples in random batches of like length."""
    examples = [_example(row, tokenizer, random) for row in rows]
    order = random.permutation(len(examples))
    batches = []
    span = BATCH * 16
    for start in range(0, len(order), span):
        near = sorted(order[start : start + span], key=lambda place: len(examples[place].tokens))
        batches += [near[first : first + BATCH] for first in range(0, len(near), BATCH)]
    for place in random.permutation(len(batches)):
        yield [examples[index] for index in batches[place]]


def _example(row: Row, tokenizer: Any, random: np.random.Generator) -> _Example:
    """A row as it is read this time."""
    situation = row.situation
    known = set(row.known)
    if row.origin == OWN:
        bare, alone = random.random(2)
        if bare < UNPUNCTUATED:
            situation = Situation(_unpunctuated(situation.text), situation.context)
        if alone < WITHOUT_CONTEXT:
            situation = Situation(situation.text, ())
            known -= NEED_CONTEXT
    tokens, kinds = pair(tokenizer, situation)
    return _Example(tokens, kinds, _truth(row), _weight(row, known))


def _truth(row: Row) -> NDArray[np.float32]:
    return np.array(
        [row.origin == origin if move is None else move in row.moves for origin, move in OUTPUTS],
        dtype=np.float32,
    )


def _weight(row: Row, known: Collection[Move]) -> NDArray[np.float32]:
    """How much each output learns from this row: nothing where its labels don't speak of it."""
    much = 1.0 if row.origin == OWN else SHARED_WEIGHT / len(row.known)
    return np.array(
        [
            1.0 if move is None else much * (origin == row.origin and move in known)
            for origin, move in OUTPUTS
        ],
        dtype=np.float32,
    )


def _unpunctuated(text: str) -> str:
    """A turn as a bare transcript would have it."""
    return " ".join(_MARKS.sub(" ", text).lower().split()) or text


def _stacked(batch: Sequence[_Example]) -> tuple[Any, ...]:
    """Tokens, kinds and mask padded to the longest, truth and weight; tensors, row by row."""
    import torch

    length = max(len(one.tokens) for one in batch)
    ids, kinds, mask = (np.zeros((len(batch), length), dtype=np.int64) for _ in range(3))
    for place, one in enumerate(batch):
        ids[place, : len(one.tokens)] = one.tokens
        kinds[place, : len(one.tokens)] = one.kinds
        mask[place, : len(one.tokens)] = 1
    truth = np.stack([one.truth for one in batch])
    weight = np.stack([one.weight for one in batch])
    return tuple(torch.from_numpy(part) for part in (ids, kinds, mask, truth, weight))


def _keep(kept: Path, model: Any, optimizer: Any, epochs: int) -> None:
    """Write the state after an epoch, whole or not at all."""
    import torch
    from safetensors.torch import save

    tensors = {f"model.{name}": value.contiguous() for name, value in model.state_dict().items()}
    for place, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{place}.{name}": value for name, value in state.items()}
    tensors["epochs"] = torch.tensor(epochs)
    write_atomically(kept, save(tensors))


def _resume(kept: Path, model: Any, optimizer: Any, schedule: Any) -> int:
    """Take up the state that ``_keep`` left; how many epochs it has behind it."""
    import torch

    if not kept.is_file():
        return 0
    tensors = {
        name: torch.from_numpy(value) for name, value in read_tensors(kept, "delete it").items()
    }
    own = {name[6:]: value for name, value in tensors.items() if name.startswith("model.")}
    model.load_state_dict(own)
    state: dict[int, dict[str, Any]] = {}
    for name, value in tensors.items():
        if name.startswith("optimizer."):
            _, place, part = name.split(".", 2)
            state.setdefault(int(place), {})[part] = value
    optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
    steps = int(next(iter(state.values()))["step"]) if state else 0
    schedule.last_epoch = steps
    for group, base, rate in zip(
        optimizer.param_groups, schedule.base_lrs, schedule.lr_lambdas, strict=True
    ):
        group["lr"] = base * rate(steps)
    return int(tensors["epochs"])
