"""Tunes the small voice to say what it is directed to: an adapter on the default voice model.

Run as ``python -m trainer.prospect.tuning --kept FOLDER``; interrupted, the same command goes on
where it was. The loss is on the reply alone. The moments of a lesson share their opening message,
and often the rep's line: they are laid out as a tree, each token once, and each sees only the
tokens on its own branch, which takes a third of the passes that row by row would. Low-rank
adapters as in Hu et al. 2021 (arXiv:2106.09685), scaled by the root of the rank as in
Kalajdzievski 2023 (arXiv:2312.03732).
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from trainer.errors import TrainerError
from trainer.library.shelf import Shelf
from trainer.pathway import Speaker
from trainer.prospect import corpus
from trainer.prospect.corpus import Moment, Row
from trainer.prospect.guard import unfit
from trainer.transcripts import Turn

if TYPE_CHECKING:
    import torch

RANK = 32
ALPHA = 16
FIRST_LAYER = 6
"""The first of the layers that get an adapter: how to read is known, and training stops short of
the layers below, which saves a sixth of the time."""
PRODUCTS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
EPOCHS = 2
BATCH = 4
"""Lessons in a step: about thirty replies."""
RATE = 1e-3
"""Highest learning rate (AdamW; warmed up over 5 % of the steps, then cosine to a tenth)."""
SEED = 7
KEEP_EVERY = 25
"""Steps between two states kept on disk."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Tree:
    """A lesson's token sequences with what they share laid out once. All by node."""

    tokens: list[int]
    parents: list[int]
    """The node before each; -1 for the first."""
    depths: list[int]
    """Its position in its own sequence, from 0."""
    learnt: list[int]
    """The nodes whose token is to be predicted from their parent."""

    def sight(self) -> torch.Tensor:
        """Which nodes (columns) each node (rows) sees: itself and what led to it. Booleans."""
        import torch

        seen = torch.zeros(len(self.tokens), len(self.tokens), dtype=torch.bool)
        for node, parent in enumerate(self.parents):
            if parent >= 0:
                seen[node] = seen[parent]
            seen[node, node] = True
        return seen


def tree(sequences: Sequence[tuple[Sequence[int], Sequence[int]]]) -> Tree:
    """The tree of some (prompt, reply) token sequences; what is common at their heads is shared,
    replies included, and every reply token is learnt."""
    made = Tree([], [], [], [])
    places: dict[tuple[int, int], int] = {}
    learnt: set[int] = set()
    for prompt, reply in sequences:
        parent = -1
        for depth, token in enumerate([*prompt, *reply]):
            node = places.get((parent, token))
            if node is None:
                node = places[parent, token] = len(made.tokens)
                made.tokens.append(token)
                made.parents.append(parent)
                made.depths.append(depth)
            if depth >= len(prompt) and node not in learnt:
                learnt.add(node)
                made.learnt.append(node)
            parent = node
    return made


def fit(rows: Sequence[Row]) -> list[Row]:
    """The rows that the guard would let pass: it is no use to learn what is refused later."""
    return [
        row
        for row in rows
        if unfit(
            row.reply,
            row.direction,
            [Turn(Speaker.REP, row.heard)] if row.heard else [],
            f"{row.who} {row.seller}",
        )
        is None
    ]


class Tuning:
    """One training: a base model's folder, the rows, and a folder for what is under way."""

    def __init__(self, base: Path, rows: Sequence[Row], kept: Path, *, say: Say) -> None:
        import peft
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.manual_seed(SEED)
        self._device = "cuda" if torch.cuda.is_available() else "cpu"
        self._tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
        model = AutoModelForCausalLM.from_pretrained(
            base,
            local_files_only=True,
            dtype=torch.bfloat16,
            use_safetensors=True,
            attn_implementation="eager",  # measured a third faster than sdpa under such a mask
        )
        self._layers = list(range(FIRST_LAYER, model.config.num_hidden_layers))
        settings = peft.LoraConfig(
            r=RANK,
            lora_alpha=ALPHA,
            use_rslora=True,
            target_modules=PRODUCTS,
            layers_to_transform=self._layers,
            task_type="CAUSAL_LM",
        )
        self._model = peft.get_peft_model(model, settings, autocast_adapter_dtype=False).to(
            self._device
        )
        self._rows = fit(corpus.teachable(rows))
        self._known = rows
        self._ways = corpus.read_ways(corpus.default_folder() / "ways.jsonl", Shelf.load().personas)
        self._kept = kept
        self._say = say

    def run(self, epochs: float = EPOCHS) -> None:
        """Train to the end, from the state that was kept if there is one."""
        import torch

        weights = [one for one in self._model.parameters() if one.requires_grad]
        # The passes run in bfloat16, where a small step would be rounded away: what is stepped
        # is a copy in float32.
        exact = [one.detach().float().clone().requires_grad_() for one in weights]
        optimizer = torch.optim.AdamW(exact, lr=RATE, weight_decay=0.01, betas=(0.9, 0.98))
        steps_each = math.ceil(len(self._lessons(0)) / BATCH)
        total = round(steps_each * epochs)
        done = self._resume(exact, optimizer)
        _copy(exact, weights)
        self._model.train()
        begun, tokens, losses = time.monotonic(), 0, []
        for step in range(done, total):
            epoch, place = divmod(step, steps_each)
            batch = self._lessons(epoch)[place * BATCH : (place + 1) * BATCH]
            for group in optimizer.param_groups:
                group["lr"] = RATE * _rate(step / total)
            loss, count = self._step(batch)
            for one, passed in zip(exact, weights, strict=True):
                one.grad = None if passed.grad is None else passed.grad.float()
                passed.grad = None
            torch.nn.utils.clip_grad_norm_(exact, 1.0)
            optimizer.step()
            _copy(exact, weights)
            losses.append(loss)
            tokens += count
            if (step + 1) % KEEP_EVERY == 0 or step + 1 == total:
                pace = tokens / (time.monotonic() - begun)
                recent = sum(losses[-KEEP_EVERY:]) / len(losses[-KEEP_EVERY:])
                self._say(f"step {step + 1} of {total}: loss {recent:.3f}, {pace:.0f} tokens/s")
                self._keep(exact, optimizer, step + 1)

    def save(self, folder: Path) -> None:
        """Write the adapter as peft writes them, in bfloat16."""
        import peft
        import torch
        from safetensors.torch import save

        folder.mkdir(parents=True, exist_ok=True)
        state = peft.get_peft_model_state_dict(self._model)
        tensors = {
            name: value.detach().to("cpu", torch.bfloat16).contiguous()
            for name, value in state.items()
        }
        (folder / "adapter_model.safetensors").write_bytes(save(tensors))
        settings = {
            "peft_type": "LORA",
            "task_type": "CAUSAL_LM",
            "r": RANK,
            "lora_alpha": ALPHA,
            "use_rslora": True,
            "target_modules": PRODUCTS,
            "bias": "none",
            "fan_in_fan_out": False,
            "layers_to_transform": self._layers,
            "base_model_name_or_path": "smollm2-135m-instruct",
        }
        (folder / "adapter_config.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")

    def _lessons(self, epoch: int) -> list[list[Moment]]:
        chance = Random(f"{SEED} {epoch}")
        made = list(corpus.lessons(self._rows, self._ways, chance, known=self._known))
        chance.shuffle(made)
        return made

    def _step(self, batch: Sequence[Sequence[Moment]]) -> tuple[float, int]:
        """Gradients of a batch; its loss a token, and how many tokens went through."""
        trees = [self._tree(lesson) for lesson in batch]
        learnt = sum(len(one.learnt) for one in trees)
        total = 0.0
        for one in trees:
            loss = self._loss(one) * (len(one.learnt) / learnt)
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        return total, sum(len(one.tokens) for one in trees)

    def _loss(self, one: Tree) -> torch.Tensor:
        import torch

        inner: Any = self._model.get_base_model()
        sight = one.sight()
        barred = torch.zeros(sight.shape, dtype=torch.bfloat16).masked_fill(
            ~sight, torch.finfo(torch.bfloat16).min
        )
        hidden = inner.model(
            input_ids=torch.tensor([one.tokens], device=self._device),
            position_ids=torch.tensor([one.depths], device=self._device),
            attention_mask=barred[None, None].to(self._device),
            use_cache=False,
        ).last_hidden_state[0]
        before = torch.tensor([one.parents[node] for node in one.learnt], device=self._device)
        wanted = torch.tensor([one.tokens[node] for node in one.learnt], device=self._device)
        scores = inner.lm_head(hidden[before]).float()
        loss: torch.Tensor = torch.nn.functional.cross_entropy(scores, wanted)
        return loss

    def _tree(self, lesson: Sequence[Moment]) -> Tree:
        sequences = []
        for moment in lesson:
            messages = [{"role": one.role, "content": one.content} for one in moment.messages]
            prompt = self._tokenizer.apply_chat_template(
                messages, add_generation_prompt=True, tokenize=True, return_dict=True
            )["input_ids"]
            reply = self._tokenizer(moment.row.reply, add_special_tokens=False)["input_ids"]
            sequences.append((prompt, [*reply, self._tokenizer.eos_token_id]))
        return tree(sequences)

    def _keep(self, exact: Sequence[torch.Tensor], optimizer: Any, steps: int) -> None:
        """Write the state whole or not at all."""
        import torch
        from safetensors.torch import save

        tensors = {f"weight.{place}": one.detach() for place, one in enumerate(exact)}
        for place, state in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{place}.{name}": value for name, value in state.items()}
        tensors["steps"] = torch.tensor(steps)
        self._kept.mkdir(parents=True, exist_ok=True)
        scratch = self._kept / ".state.safetensors"
        scratch.write_bytes(save(tensors))
        scratch.replace(self._kept / "state.safetensors")

    def _resume(self, exact: Sequence[torch.Tensor], optimizer: Any) -> int:
        """Take up the state that ``_keep`` left; how many steps it has behind it."""
        import torch
        from safetensors.torch import load_file

        path = self._kept / "state.safetensors"
        if not path.is_file():
            return 0
        tensors = load_file(path)
        with torch.no_grad():
            for place, one in enumerate(exact):
                one.copy_(tensors[f"weight.{place}"])
        state: dict[int, dict[str, Any]] = {}
        for name, value in tensors.items():
            if name.startswith("optimizer."):
                _, which, part = name.split(".", 2)
                state.setdefault(int(which), {})[part] = value
        optimizer.load_state_dict(optimizer.state_dict() | {"state": state})
        return int(tensors["steps"])


def _copy(exact: Sequence[torch.Tensor], weights: Sequence[torch.Tensor]) -> None:
    import torch

    with torch.no_grad():
        for one, passed in zip(exact, weights, strict=True):
            passed.copy_(one)


def _rate(gone: float) -> float:
    """The learning rate's share when this share of the steps is ``gone``."""
    if gone < 0.05:
        return 0.05 + 0.95 * gone / 0.05
    return 0.1 + 0.45 * (1 + math.cos(math.pi * (gone - 0.05) / 0.95))


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m trainer.prospect.tuning")
    parser.add_argument("--kept", type=Path, required=True, help="a folder for what is under way")
    parser.add_argument("--base", type=Path, help="folder of the base model's safetensors")
    parser.add_argument("--adapter", type=Path, help="where the adapter goes when it is done")
    parser.add_argument("--epochs", type=float, default=EPOCHS)
    options = parser.parse_args(arguments)
    try:
        folder = corpus.default_folder()
        tuning = Tuning(
            options.base or _base(),
            corpus.taught(folder),
            options.kept,
            say=_say,
        )
        tuning.run(options.epochs)
        tuning.save(options.adapter or folder.parent / "adapter")
    except TrainerError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _base() -> Path:
    from trainer.engines.catalog import Catalog
    from trainer.engines.conversion import converted

    folder = Catalog.load().require("smollm2-135m-instruct")
    return converted(next(folder.glob("*.gguf")))


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
