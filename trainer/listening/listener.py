"""The listener that ships: tuned classifier and trained heads for the moves, plain rules for the
rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from trainer.listening.classifier import Classifier
from trainer.listening.encoder import ENCODER_ID, Encoder, Progress
from trainer.listening.features import HEARD_TURNS, Situation, asks
from trainer.listening.grounding import facts_taken_up, grounding, unheard
from trainer.listening.heads import Heads, Vectors, default_folder, vector_texts
from trainer.listening.reading import Reading
from trainer.plaintext import clean, clip
from trainer.transcripts import Turn
from trainer.wording import tokens


class EncoderListener:
    """Reads rep turns with all-MiniLM-L6-v2 and what is under ``models/listening/``.

    The same turn in the same context gives the same reading, alone or among others.
    """

    def __init__(self, encoder: Encoder, classifier: Classifier, heads: Heads) -> None:
        self._encoder = encoder
        self._classifier = classifier
        self._heads = heads

    @classmethod
    def load(
        cls,
        progress: Progress | None = None,
        *,
        encoder_folder: Path | None = None,
        heads_folder: Path | None = None,
    ) -> EncoderListener:
        """Load encoder, classifier and heads; ``progress`` is told what is being loaded.

        The encoder comes from the catalogue of models unless a folder is named. Raises
        ``ModelUnavailable`` naming the file that is missing or damaged and how to mend it.
        """
        if progress:
            progress("loading the listening heads", 0, None)
        trained = heads_folder or default_folder()
        heads = Heads.load(trained)
        if encoder_folder is None:
            from trainer.engines.catalog import Catalog

            encoder_folder = Path(Catalog.load().require(ENCODER_ID))
        encoder = Encoder.load(encoder_folder, progress)
        classifier = Classifier.load(
            encoder.tokenizer, encoder.words, trained / "classifier.safetensors"
        )
        return cls(encoder, classifier, heads)

    def listen(
        self, text: str, context: Sequence[Turn], *, facts: Mapping[str, str] | None = None
    ) -> Reading:
        """Read one turn. ``context``: the turns before it, oldest first. ``facts``: id to words."""
        return self._read([(text, context)], facts or {})[0]

    def listen_all(self, turns: Sequence[tuple[str, Sequence[Turn]]]) -> list[Reading]:
        """Read many turns, each with its context, in order; the same results as one by one."""
        return self._read(turns, {})

    def _read(
        self, turns: Sequence[tuple[str, Sequence[Turn]]], facts: Mapping[str, str]
    ) -> list[Reading]:
        whole = [situation(text, context) for text, context in turns]
        near = [recent(heard) for heard in whole]
        known = {fact: clip(clean(words)) for fact, words in facts.items()}
        wanted = [text for heard in near for text in vector_texts(heard)]
        wanted += [text for heard in whole for text in heard.prospect_texts]
        wanted += list(known.values())
        unique = list(dict.fromkeys(wanted))
        vectors = dict(zip(unique, self._encoder.encode(unique), strict=True))
        readings = []
        for heard, close in zip(whole, near, strict=True):
            turn, prospect = (vectors[text] for text in vector_texts(close))
            moves = self._heads.probabilities(
                close, Vectors(turn, prospect), self._classifier.scores(close)
            )
            said = heard.prospect_texts
            cosines = [_cosine(turn, vectors[text]) for text in said]
            likeness = {fact: _cosine(turn, vectors[words]) for fact, words in known.items()}
            earlier = [text for _, text in heard.context] + list(known.values())
            readings.append(
                Reading(
                    text=heard.text,
                    moves=moves,
                    labels=self._heads.held(moves),
                    words=len(tokens(heard.text)),
                    question=asks(heard.text),
                    grounding=grounding(heard.text, said, similarity=max(cosines, default=None)),
                    unheard=unheard(heard.text, earlier),
                    facts=facts_taken_up(heard.text, known, similarities=likeness),
                )
            )
        return readings


def situation(text: str, context: Sequence[Turn]) -> Situation:
    """A turn and all that stood before it, as plain text."""
    return Situation(
        clip(clean(text)),
        tuple((str(turn.speaker.value), clip(clean(turn.text))) for turn in context),
    )


def recent(heard: Situation) -> Situation:
    """The part of a situation that the heads read: the turn and the last few before it."""
    return Situation(heard.text, heard.context[-HEARD_TURNS:])


def _cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Cosine of two unit vectors, to four places."""
    return round(float(np.dot(one.astype(np.float64), other.astype(np.float64))), 4)
