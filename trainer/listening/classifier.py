"""The tuned half of listening: a sentence encoder taught to hear moves.

all-MiniLM-L6-v2 with its blocks tuned on labelled turns (``trainer.listening.tuning``), reading the
prospect's last words and the rep's turn as a pair, and one linear layer from the turn's tokens to
the ``OUTPUTS``: a score a move as we label it, and some as other people's sets do.
``classifier.safetensors`` holds the int8 blocks and that layer; word embeddings come from the
encoder's own file.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from trainer.errors import ModelUnavailable
from trainer.listening.bert import WIDTH, Bert, Tensors, read_tensors
from trainer.listening.features import Situation
from trainer.listening.rows import ORIGINS, OWN
from trainer.pathway import Move

if TYPE_CHECKING:
    from numpy.typing import NDArray

HEARD_TOKENS = 40
"""How much of the prospect's last words is read, from their end."""
SAID_TOKENS = 160
"""How much of the rep's turn is read, from its beginning."""
OUTPUTS: tuple[tuple[str, Move | None], ...] = (
    *((OWN, move) for move in Move),
    ("annomi", Move.OPEN_QUESTION),
    ("annomi", Move.CLOSED_QUESTION),
    ("annomi", Move.REFLECTION),
    ("p4g", Move.PROOF),
    ("p4g", Move.ASK_FOR_SALE),
    ("p4g", Move.SMALL_TALK),
    ("casino", Move.SMALL_TALK),
    *((origin, None) for origin in ORIGINS),
)
"""What each score stands for: whose labels, and which move; without a move, that the turn is of
that kind of talk at all. Other people draw the borders of a move elsewhere; with outputs of their
own they teach the encoder without bending ours, and ``heads.mixed`` weighs them where the talk is
of their kind."""

_MENDING = (
    "put back the file that came with this version, or train it again with: "
    "python -m trainer.listening.training"
)


def pair(tokenizer: Any, situation: Situation) -> tuple[list[int], list[int]]:
    """The tokens of prospect's words and rep's turn, and for each whether it is the turn's (1)."""
    begin, end = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    heard = tokenizer.encode(situation.last_prospect, add_special_tokens=False).ids[-HEARD_TOKENS:]
    said = tokenizer.encode(situation.text, add_special_tokens=False).ids[:SAID_TOKENS]
    kinds = [0] * (len(heard) + 2) + [1] * (len(said) + 1)
    return [begin, *heard, end, *said, end], kinds


class Classifier:
    """A situation to one raw score for each of ``OUTPUTS`` (a logit)."""

    def __init__(self, tokenizer: Any, bert: Bert, weight: Any, bias: Any) -> None:
        self._tokenizer = tokenizer
        self._bert = bert
        self._weight = np.asarray(weight, dtype=np.float64)
        self._bias = np.asarray(bias, dtype=np.float64)

    @classmethod
    def load(cls, tokenizer: Any, words: Tensors, path: Path) -> Classifier:
        """Load the tuned blocks from ``path``; ``words``: tensors of the encoder's own file.

        Raises ``ModelUnavailable`` naming the file that is missing or damaged.
        """
        return cls.of(tokenizer, words, read_tensors(path, _MENDING), str(path))

    @classmethod
    def of(cls, tokenizer: Any, words: Tensors, tuned: Tensors, name: str) -> Classifier:
        """From tensors at hand; ``name`` says in errors where they come from."""
        try:
            weight, bias = tuned["head.weight"], tuned["head.bias"]
            if weight.shape != (len(OUTPUTS), 2 * WIDTH) or bias.shape != (len(OUTPUTS),):
                raise ValueError(f"its last layer has the shape {weight.shape}")
            return cls(tokenizer, Bert(words, tuned), weight, bias)
        except (KeyError, ValueError, RuntimeError) as error:
            raise ModelUnavailable(
                f"{name} doesn't fit this version ({error}); {_MENDING}"
            ) from error

    def scores(self, situation: Situation) -> NDArray[np.float64]:
        """Raw scores of the turn, read after the prospect's last words."""
        tokens, kinds = pair(self._tokenizer, situation)
        turn = self._bert.hidden(tokens, kinds)[kinds.index(1) :].numpy().astype(np.float64)
        pooled = np.concatenate([turn.mean(axis=0), turn.max(axis=0)])
        found: NDArray[np.float64] = self._weight @ pooled + self._bias
        return found
