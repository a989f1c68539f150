"""The listener that ships: tuned classifier and trained heads for the moves, plain rules for the
rest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from trainer.listening.classifier import Classifier
from trainer.listening.encoder import ENCODER_ID, Encoder, Progress
from trainer.listening.features import HEARD_TURNS, Situation, asks
from trainer.listening.grounding import GROUNDED, facts_taken_up, grounding, unheard
from trainer.listening.heads import Heads, default_folder
from trainer.listening.reading import Reading
from trainer.pathway import ABOUT_THEM, Move
from trainer.plaintext import clean, clip
from trainer.transcripts import Turn
from trainer.wording import sentences, tokens


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
        import torch

        # Texts are short: threads that meet after each small product gain little, and on a busy
        # machine a turn took forty times as long with two. A voice sets its own number.
        torch.set_num_threads(1)
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
        known = {fact: clip(clean(words)) for fact, words in facts.items()}
        return [self._one(situation(text, context), known) for text, context in turns]

    def _one(self, heard: Situation, facts: Mapping[str, str]) -> Reading:
        near = recent(heard)
        moves = self._heads.probabilities(near, self._classifier.scores(near))
        labels = self._heads.held(moves)
        earlier = [text for _, text in heard.context] + list(facts.values())
        near_facts = self._likeness(heard.text, facts.values())
        asked = questions(heard.text)
        near_asked = self._likeness(asked, facts.values()) if asked else near_facts
        return Reading(
            text=heard.text,
            moves=moves,
            labels=labels,
            words=len(tokens(heard.text)),
            question=asks(heard.text),
            grounding=self._grounding(heard, labels),
            unheard=unheard(heard.text, earlier),
            facts=facts_taken_up(
                heard.text,
                facts,
                similarities=dict(zip(facts, near_facts, strict=True)),
            ),
            near=dict(zip(facts, near_asked, strict=True)),
        )

    def _grounding(self, heard: Situation, labels: frozenset[Move]) -> float:
        """By shared words; by likeness of meaning too where they leave it open and it matters."""
        said = heard.prospect_texts
        by_words = grounding(heard.text, said)
        if by_words >= GROUNDED or labels.isdisjoint(ABOUT_THEM):
            return by_words
        return grounding(
            heard.text, said, similarity=max(self._likeness(heard.text, said), default=None)
        )

    def _likeness(self, text: str, others: Iterable[str]) -> list[float]:
        """The cosine of a text's vector with each of the others', to four places."""
        given = list(others)
        if not given:
            return []
        one, *rest = self._encoder.encode([text, *given]).astype(np.float64)
        return [round(float(np.dot(one, other)), 4) for other in rest]


def situation(text: str, context: Sequence[Turn]) -> Situation:
    """A turn and all that stood before it, as plain text."""
    return Situation(
        clip(clean(text)),
        tuple((str(turn.speaker.value), clip(clean(turn.text))) for turn in context),
    )


def questions(text: str) -> str:
    """The sentences of a turn that end in a question mark, together; empty where none does."""
    return " ".join(one for one in sentences(text) if one.rstrip("\"'”’)").endswith("?"))


def recent(heard: Situation) -> Situation:
    """The part of a situation that the heads read: the turn and the last few before it."""
    return Situation(heard.text, heard.context[-HEARD_TURNS:])
