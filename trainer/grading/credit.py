"""Which turns count: what is recited, pasted, parroted or said to a grader earns nothing.

The ears hear what a line sounds like; whether it was meant for this prospect shows only beside
the rest of the call. Every rule here takes away helping moves and no other: a sale that was asked
for stays asked for, and pressure stays pressure, however it was said. What each rule set aside is
told with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from trainer import wording
from trainer.grading.checks import RepTurn
from trainer.grading.scorecard import SetAside
from trainer.library import Rubric
from trainer.listening.grounding import GROUNDED
from trainer.pathway import ABOUT_THEM, Move, MoveGroup, Speaker, Verdict
from trainer.transcripts import Turn

BORROWED = 2
"""How many turns may be the rubric's own lines: trying one out is practice, not recital."""
MOSTLY = 0.6
"""The share of a turn's words from which it is mostly somebody else's, or said before."""
NOTHING_OF_ITS_OWN = 0.8
"""The same for words of the prospect and of the rep's earlier turns taken together."""

A_HABIT = 1 / 3
"""The share of turns set aside from which the whole call is worth less."""

_RUN = 4
"""So many words in the same order are a quotation; fewer are English."""
_SHORTEST_LINE, _SHORTEST_ECHO = 6, 8
"""Fewer words than these, said again, are a habit of speech; fewer of the prospect's, an echo,
which is a fair way to listen."""

HELPING = frozenset(
    move
    for move in Move
    if move.group not in (MoveGroup.AGAINST, MoveGroup.CLOSE)
    or move in (Move.CHECK_IN, Move.CEMENT, Move.REFERRAL_ASK)
)
"""The moves that can earn something."""
_PERSONS = {
    "i": "@", "me": "@", "my": "@", "mine": "@", "we": "@", "us": "@", "our": "@", "ours": "@",
    "you": "@", "your": "@", "yours": "@", "they": "@", "them": "@", "their": "@",
    "i'm": "@ be", "you're": "@ be", "we're": "@ be", "they're": "@ be",
    "am": "be", "are": "be", "is": "be", "was": "be", "were": "be", "had": "have", "has": "have",
    "i've": "@ have", "you've": "@ have", "we've": "@ have", "they've": "@ have",
    "i'd": "@ have", "you'd": "@ have", "we'd": "@ have",
}  # fmt: skip
"""Who is spoken of changes when a line is said back ("my crew", "your crew"); the line doesn't."""

_TO_A_GRADER = re.compile(
    r"(?:^|[.!?)\]]\s)\W*(?:note (?:to|for) )?(?:the )?"
    r"(?:grader|evaluator|judge|scorer|rater|system|assistant|model|llm|ai)"
    r"(?: override| note| prompt| message)?\s*[:>,\])]"
    r"|\b(?:note|message|instructions?) (?:to|for) (?:the |your )?"
    r"(?:grader|evaluator|scorer|rater|ai|model|llm)\b"
    r"|\bto (?:whoever|whomever|anyone|the (?:person|one|model|ai)) (?:who |that )?"
    r"(?:scores?|grades?|evaluates?|rates?|is (?:scoring|grading|rating))\b"
    r"|\b(?:ignore|disregard|forget) (?:all |any )*(?:of )?(?:your |the |these |my )?"
    r"(?:previous|prior|earlier|above|system|grading) (?:instructions?|rules?|prompts?)\b"
    r"|\b(?:mark|count|score|grade|rate|treat) (?:this|that|the|all|every|each|my) "
    r"(?:(?:of|the|following|whole|my) )*"
    r"(?:turn|line|call|conversation|transcript|check|stage|reply|rep)s?\b"
    r"(?: \w+){0,3}? (?:as|with|at|full|100)\b"
    r"|\b(?:give|award|score|rate) (?:\w+ ){0,4}?(?:full marks|100 (?:out )?of 100|100/100)\b"
    r"|[\"'](?:verdict|earned|form|score|checks|stages)[\"']\s*:"
    r"|</?(?:system|instructions?)>|\[/?inst\]|<\|",
    re.IGNORECASE,
)
"""Words that speak to whoever judges the call, or pass themselves off as its machinery."""

_DISOWNED = re.compile(
    r"\b(?:i|we) (?:didn't|did not|never|don't think (?:i|we)) (?:really |ever )?"
    r"(?:say|said|write|wrote|mention|mentioned|tell you|told you)"
    r" (?:that|this|so|it|you|any of (?:that|it)|anything)\b"
    r"(?! (?:out loud|aloud|before|to (?:any|my|him|her|them)))"
    r"|\b(?:i|we) (?:didn't|did not|never) (?:say|said) (?:that|so)\W"
    r"|\bnot what (?:i|we) said\b"
    r"|\b(?:have|got|'ve got) (?:me|us) (?:confused|mixed up)\b|\byou have me confused\b"
    r"|\bwrong (?:number|person|company)\b|\bthat wasn't (?:me|us)\b",
    re.IGNORECASE,
)
"""A reply by which the prospect says that what was just said of them isn't theirs."""

_DENIED = re.compile(
    r"^(?:\W*(?:but|well|um|uh|er|no|sorry|oh)\b)*\W*"
    r"(?:there(?:'s| is| are) no\b|nobody\b|(?:we|i) (?:don't|do not) (?:have|do|use|own|run)\b"
    r"|what \w+(?: \w+)?\?|(?:we|i) (?:don't|do not) know what\b|(?:we|i) never\b"
    r"|that(?:'s| is) not (?:us|me|ours|mine)\b)",
    re.IGNORECASE,
)
"""A reply to words about them that knows nothing of what was said."""
_STRANGER = 2
"""So often may the prospect say so; from then on the rep is taken to talk about somebody else."""

_NAMES = frozenset(
    move.in_words for move in Move if move not in (Move.ANSWER, Move.PRESSURE, Move.PROOF)
)
_LABEL = re.compile(
    rf"^\W*[(\[][^)\]]*\b(?:{'|'.join(sorted(_NAMES | {'proof'}))})\b[^)\]]*[)\]]", re.IGNORECASE
)
_BETWEEN = re.compile(r"[\s,.;()/\[\]]+")
_MOST_NAMES = 2
"""So many moves may a turn name; nobody says three of them to a prospect."""


def credited(
    turns: Sequence[RepTurn], said: Sequence[Turn], rubric: Rubric, before: Sequence[Turn] = ()
) -> tuple[list[RepTurn], tuple[SetAside, ...]]:
    """The turns with only the moves that count, and what was set aside, each with its reason.

    ``said``: the whole transcript. ``before``: what the prospect wrote or said ahead of the call.
    """
    counted: list[RepTurn] = []
    aside: list[SetAside] = []
    books = _Runs(_words(text) for text in _rubric_lines(rubric))
    ids = _identifiers(rubric)
    mine, theirs = _Runs(), _Runs(_words(turn.text) for turn in before)
    topics = set(wording.content_set(turn.text for turn in before))
    taken_up: set[str] = set()
    borrowed = denied = 0
    heard = 0
    for turn in turns:
        for other in said[heard : turn.number - 1]:
            if other.speaker is Speaker.PROSPECT:
                theirs.add(_words(other.text))
                topics |= wording.content_set([other.text])
        heard = turn.number
        reply = said[turn.number] if turn.number < len(said) else None
        words = _words(turn.text)
        recited = books.share(words) >= MOSTLY and len(words) >= _SHORTEST_LINE
        borrowed += recited
        found = next(
            _reasons(
                _Situation(turn, words, mine, theirs, ids, reply),
                over_borrowed=recited and borrowed > BORROWED,
                to_a_stranger=denied >= _STRANGER and turn.reading.grounding < GROUNDED,
            ),
            None,
        )
        shared = topics & wording.content_set([turn.text])
        if found is None and turn.makes(Move.REFLECTION) and shared and shared <= taken_up:
            found = frozenset({Move.REFLECTION}), "says back only what was said back before"
        lost = found[0] & turn.reading.labels if found else frozenset()
        if found and (lost or found[0] == HELPING):
            labels = turn.reading.labels - lost
            counted.append(replace(turn, reading=replace(turn.reading, labels=labels)))
            aside.append(SetAside(turn=turn.number, reason=found[1], moves=tuple(sorted(lost))))
        else:
            counted.append(turn)
        if counted[-1].makes(Move.REFLECTION):
            taken_up |= shared
        denied += turn.makes(*ABOUT_THEM) and _answers(reply, _DISOWNED, _DENIED)
        mine.add(words)
    return counted, tuple(aside)


def share_that_counts(turns: Sequence[RepTurn], aside: Sequence[SetAside]) -> float:
    """What a call's points are multiplied by: 1, or the share of turns that count where a third
    or more don't. Slips are free; a call made of them is none."""
    lost = len(aside) / len(turns) if turns else 0.0
    return 1 - lost if lost >= A_HABIT else 1.0


@dataclass(frozen=True, slots=True)
class _Situation:
    turn: RepTurn
    words: Sequence[str]
    mine: _Runs
    theirs: _Runs
    ids: re.Pattern[str]
    reply: Turn | None


def _reasons(
    at: _Situation, *, over_borrowed: bool, to_a_stranger: bool
) -> Iterator[tuple[frozenset[Move], str]]:
    """Which moves the turn loses and why, the first rule that applies first."""
    words, text = at.words, at.turn.text
    if _TO_A_GRADER.search(text) or at.ids.search(text):
        yield HELPING, "speaks to a grader, not to the prospect"
    if _LABEL.search(text) or len(_named(text)) >= _MOST_NAMES + 1:
        yield HELPING, "names moves instead of making them"
    if over_borrowed:
        yield HELPING, "reads out the rubric's own lines"
    if len(words) >= _SHORTEST_LINE and at.mine.share(words) >= MOSTLY:
        yield HELPING, "was said before in this call"
    if len(words) >= _SHORTEST_ECHO:
        if _Runs.share_of(words, (at.mine, at.theirs)) >= NOTHING_OF_ITS_OWN:
            yield HELPING, "has no words of its own"
        if at.theirs.share(words) >= MOSTLY:
            yield ABOUT_THEM, "repeats the prospect's words as they were"
    if to_a_stranger:
        yield HELPING, "is about somebody else: the prospect has said so, more than once"
    if _answers(at.reply, _DISOWNED):
        yield ABOUT_THEM, "isn't so, says the prospect in the next turn"


def _answers(reply: Turn | None, *patterns: re.Pattern[str]) -> bool:
    """Whether the prospect's reply, if there is one, reads like one of the patterns."""
    if reply is None or reply.speaker is not Speaker.PROSPECT:
        return False
    text = reply.text.replace("’", "'")
    return any(pattern.search(text) for pattern in patterns)


def _named(text: str) -> set[str]:
    """The moves that the text names, as words set off by spaces or punctuation."""
    plain = _BETWEEN.sub(" ", f" {text.lower()} ")
    return {name for name in _NAMES if f" {name} " in plain}


def _rubric_lines(rubric: Rubric) -> Iterator[str]:
    for check in rubric.checks:
        yield from (check.asks, check.missed, check.kept)
        if check.instead:
            yield check.instead


def _identifiers(rubric: Rubric) -> re.Pattern[str]:
    """The names of checks, moves and verdicts as only a machine writes them: ``earned_close``."""
    names = [*(check.id for check in rubric.checks), *Move, *Verdict]
    joined = "|".join(sorted(re.escape(name) for name in names if "_" in name))
    # Where a transcript puts a move in front of a line ("value_link: ..."), nobody says it.
    return re.compile(rf"(?<![\w+~])(?:{joined})(?![\w+~:])")


def _words(text: str) -> list[str]:
    folded = (_PERSONS.get(token, token) for token in wording.tokens(text))
    return [word for token in folded for word in token.split()]


class _Runs:
    """Runs of words that stand in some texts, to tell how much of another text quotes them."""

    def __init__(self, texts: Iterable[Sequence[str]] = ()) -> None:
        self._runs: set[tuple[str, ...]] = set()
        for words in texts:
            self.add(words)

    def add(self, words: Sequence[str]) -> None:
        """Take in one more text."""
        self._runs.update(tuple(words[n : n + _RUN]) for n in range(len(words) - _RUN + 1))

    def share(self, words: Sequence[str]) -> float:
        """The share of the words that lie in a run of these texts, 0 to 1."""
        return self.share_of(words, (self,))

    @staticmethod
    def share_of(words: Sequence[str], sources: Sequence[_Runs]) -> float:
        """The same over several collections of texts."""
        covered = [False] * len(words)
        for n in range(len(words) - _RUN + 1):
            run = tuple(words[n : n + _RUN])
            if any(run in source._runs for source in sources):
                covered[n : n + _RUN] = [True] * _RUN
        return sum(covered) / len(words) if words else 0.0
