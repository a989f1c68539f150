"""How much of a turn comes from the prospect: what it takes up, and what nobody had said.

Pure. Similarities between vectors are handed in where they are at hand, so that the same rules
work without a model.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from trainer.wording import content_set, figures

GROUNDED = 0.2
"""The grounding from which a turn counts as taking up what the prospect said."""

_COMMON = frozenset(
    "help make need want look call talk time day week year month work good great people thank "
    "sure hear "
    "name use give take come find run put start keep ask feel compan busines question price "
    "cost system "
    "servic custom team today tomorrow better best new first last hi hello morn afternoon "
    "pleas sorry "
    "understand problem happen bit".split()
)
"""Topic stems so common on sales calls that sharing one shows little."""

_SIMILAR_FROM, _SIMILAR_TO = 0.30, 0.75
"""Cosine of two MiniLM sentence vectors: below the first unrelated, above the second the same."""


def _weight(stem: str) -> float:
    if stem.startswith("n:"):
        return 1.5
    return 0.4 if stem in _COMMON else 1.0


def grounding(
    text: str, prospect_texts: Sequence[str], *, similarity: float | None = None
) -> float:
    """How much the turn takes up what the prospect said or wrote: 0 (nothing) to 1.

    Shared topic words count by how telling they are, both in amount and as a share of the turn,
    so that a long pitch with one echo stays low. ``similarity``: the highest cosine between the
    turn and one of the prospect's turns, which finds what is said back in other words.
    """
    if not any(said.strip() for said in prospect_texts):
        return 0.0
    topic = content_set([text])
    shared = topic & content_set(prospect_texts)
    total = sum(_weight(stem) for stem in sorted(topic))
    mass = sum(_weight(stem) for stem in sorted(shared))
    words = math.sqrt((1 - math.exp(-mass / 1.5)) * (mass / total)) if total else 0.0
    meaning = 0.0
    if similarity is not None and topic:
        meaning = (similarity - _SIMILAR_FROM) / (_SIMILAR_TO - _SIMILAR_FROM)
        meaning = min(max(meaning, 0.0), 1.0)
    return round(min(max(1 - (1 - words) * (1 - 0.6 * meaning), 0.0), 1.0), 4)


def unheard(text: str, earlier_texts: Sequence[str]) -> tuple[str, ...]:
    """The figures of the turn, as said, that occur in no earlier text; ``three`` equals ``3``."""
    heard = {figure.value for said in earlier_texts for figure in figures(said)}
    return tuple(
        dict.fromkeys(figure.said for figure in figures(text) if figure.value not in heard)
    )


def facts_taken_up(
    text: str, facts: Mapping[str, str], *, similarities: Mapping[str, float] | None = None
) -> frozenset[str]:
    """The ids of the facts that the turn speaks to, by shared topic words and by meaning.

    A fact counts when at least half of what it says is there, or a good part of it together
    with a like meaning. ``similarities``: cosine between the turn and each fact.
    """
    topic = content_set([text])
    taken = set()
    for fact, said in facts.items():
        wanted = content_set([said])
        if not wanted:
            continue
        total = sum(_weight(stem) for stem in sorted(wanted))
        mass = sum(_weight(stem) for stem in sorted(wanted & topic))
        near = (similarities or {}).get(fact, 0.0)
        if (mass / total >= 0.5 and mass >= 1.0) or (mass >= 0.8 and near >= 0.5) or near >= 0.7:
            taken.add(fact)
    return frozenset(taken)
