"""Words compared as words: tokens, sentences, stems, figures, and what two lines share.

Small, exact and language-bound (English) on purpose: listening, the guard and the coach need to
know whether a line says a given thing, and why they think so. Pure, no models.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+")

STOP = frozenset(
    "a an the and or but if then so as at by for from in into of off on onto out over to up "
    "with about "
    "than that this these those there here it its it's i i'm i'll i've i'd me my mine myself "
    "you you're "
    "you'll you've you'd your yours yourself we we're we'll we've we'd us our ours he him his "
    "she her they "
    "them their theirs is are was were be been being am do does did done doing have has had "
    "having will "
    "would can could shall should may might must not no nor don't doesn't didn't isn't aren't "
    "wasn't "
    "won't can't couldn't wouldn't what which who whom whose when where why how all any both "
    "each few "
    "more most other some such only own same too very just also even still yet now well okay "
    "ok yeah yes "
    "right oh um uh like get got go going gonna let let's said say says tell told know think "
    "mean see "
    "really thing things something anything way lot much many one that's there's what's who's "
    "how's "
    "because while until again back down through between after before".split()
)
"""Words that carry no topic: they never count as taking up what somebody said."""

_UNITS = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
}
_TENS = {
    word: value * 10
    for value, word in enumerate(
        "twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2
    )
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000}
_SUFFIXES = {"k": 1000, "m": 1_000_000, "bn": 1_000_000_000}
_FIXED = {"dozen": 12.0}

_FIGURE_TOKEN = re.compile(
    r"(?<![\w.])(?P<digits>\d[\d,]*(?:\.\d+)?)(?P<suffix>k|m|bn)?(?P<ordinal>st|nd|rd|th)?(?![\w])"
    r"|(?P<word>[a-z]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as it was said, and its value, so that ``three`` and ``3`` are the same."""

    said: str
    value: float


def tokens(text: str) -> list[str]:
    """Words and numbers in lower case, apostrophes inside words kept."""
    return _TOKEN.findall(text.replace("’", "'").lower())


def sentences(text: str) -> list[str]:
    """The sentences of a turn, split after closing punctuation; empty pieces dropped."""
    return [piece for piece in (part.strip() for part in _SENTENCE_END.split(text)) if piece]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A light stem: plural, past and -ing endings off, enough to match ``runs`` and ``running``."""
    word = word.removesuffix("'s")
    if len(word) > 4 and word.endswith(("ies", "ied")):
        return word[:-3] + "y"
    for ending in ("ingly", "edly", "ing", "ed", "ly", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            if ending == "s" and word.endswith(("ss", "us", "is")):
                return word
            word = word[: -len(ending)]
            if ending in {"ing", "ed"} and len(word) > 3 and word[-1] == word[-2]:
                word = word[:-1]
            break
    return word.removesuffix("e") if len(word) > 3 else word


def content(text: str) -> list[str]:
    """The stems of the words that carry the topic, in order, repeats kept."""
    return [stem(token) for token in tokens(text) if token not in STOP and len(token) > 1]


def content_set(texts: Iterable[str]) -> frozenset[str]:
    """The topic stems of several texts together, figures by value (``n:3``)."""
    return frozenset().union(*(_content_of(text) for text in texts))


@lru_cache(maxsize=2048)  # a call's turns are looked at again with each turn that follows
def _content_of(text: str) -> frozenset[str]:
    words = {word for word in content(text) if word not in _UNITS and word not in _TENS}
    return frozenset(words | {f"n:{figure.value:g}" for figure in figures(text)})


@lru_cache(maxsize=2048)
def figures(text: str) -> tuple[Figure, ...]:
    """The numbers of a text, digits and number words alike, in order.

    A lone ``one`` is mostly a pronoun ("the worst one") and is left out, and so are ordinals
    ("the second"), except dates in digits ("the 31st").
    """
    found: list[Figure] = []
    words: list[re.Match[str]] = []

    def close() -> None:
        if words:
            _take_words(text, words, found)
            words.clear()

    last_end = -1
    after_digits = False  # whether the match before this one was a number in digits
    for match in _FIGURE_TOKEN.finditer(text):
        between = text[last_end : match.start()] if last_end >= 0 else ""
        last_end = match.end()
        if match["digits"]:
            close()
            value = float(match["digits"].replace(",", ""))
            if match["suffix"]:
                value *= _SUFFIXES[match["suffix"].lower()]
            found.append(Figure(match.group().rstrip(","), value))
            after_digits = True
            continue
        word = match["word"].lower()
        scales_digits = word in _SCALES and after_digits and between.strip() == ""
        after_digits = False
        if scales_digits:
            scaled = found.pop()
            found.append(Figure(f"{scaled.said} {match.group()}", scaled.value * _SCALES[word]))
        elif word in _FIXED and between.strip() == "":
            close()
            found.append(Figure(match.group(), _FIXED[word]))
        elif word in _UNITS or word in _TENS or word in _SCALES:
            if words and between.strip() not in {"", "-"}:
                close()
            words.append(match)
        elif word == "and" and words and words[-1].group().lower() in _SCALES:
            continue
        else:
            close()
    close()
    return tuple(found)


def _take_words(text: str, words: list[re.Match[str]], found: list[Figure]) -> None:
    """Add the number that a run of number words says ("twenty-five", "two hundred")."""
    total = current = 0.0
    previous = ""
    for match in words:
        word = match.group().lower()
        if word in _SCALES:
            current = max(current, 1) * _SCALES[word]
            if _SCALES[word] >= 1000:
                total, current = total + current, 0.0
        elif word in _TENS:
            current += _TENS[word]
        elif previous in _UNITS:  # "five six": two numbers said in a row, keep the sum apart
            current = current * 10 + _UNITS[word]
        else:
            current += _UNITS[word]
        previous = word
    if [match.group().lower() for match in words] == ["one"]:
        return
    found.append(Figure(text[words[0].start() : words[-1].end()], total + current))


def values(text: str) -> frozenset[float]:
    """The figures of a text by value: ``{3.0, 6.0}``."""
    return frozenset(figure.value for figure in figures(text))


def recall(said: str, wanted: str) -> float:
    """The share of ``wanted``'s content that ``said`` holds, 0 to 1; 1 where it holds none."""
    need = content_set([wanted])
    return len(need & content_set([said])) / len(need) if need else 1.0


def likeness(one: str, other: str) -> float:
    """How alike two lines are, word for word: shared over all distinct words, 0 to 1."""
    a, b = set(tokens(one)), set(tokens(other))
    return len(a & b) / len(a | b) if a | b else 1.0
