"""Words compared as words: what two lines share, and the figures they hold.

Small, exact and language-bound (English) on purpose: the guard and the grader need to know
whether a line says a given thing, and why they think so.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?|\d+(?:[.,:]\d+)*%?")
_STOP = frozenset(
    "a about after again all also am an and any are aren't as at be because been before being but "
    "by can can't could did didn't do does doesn't doing don't down for from get gets getting go "
    "goes going got had has have having he he's her here him his how i i'd i'll i'm i've if in "
    "into is isn't it it's its just know let let's like look looks me more most much my no not now "
    "of off ok okay on one or our out over own really right said say says see she so some still "
    "such tell than that that's the their them then there there's they they're thing things this "
    "those through to too um uh up us very want was wasn't way we we'd we'll we're we've well were "
    "what what's when where which while who why will with won't would yeah yes you you'd you'll "
    "you're you've your".split()
)
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
        "fifteen sixteen seventeen eighteen nineteen".split()
    )
} | {
    word: str(10 * ten)
    for ten, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}  # fmt: skip
_ENDINGS = ("ations", "ation", "ingly", "ments", "ment", "ings", "ing", "ies", "ied", "edly",
            "ed", "ers", "er", "ly", "es", "s", "e")  # fmt: skip


def words(text: str) -> list[str]:
    """Lower-case words and figures, in order; curly apostrophes count as straight ones."""
    return _WORD.findall(text.lower().replace("\u2019", "'"))


def stem(word: str) -> str:
    """A word without its common endings, so that "drivers" meets "driver"."""
    if word in _NUMBERS:
        return _NUMBERS[word]
    word = word.removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            if ending in ("ies", "ied"):  # "families" -> "family", and on from there
                return stem(word[:-3] + "y")
            word = word[: -len(ending)]
            break
    # "running" -> "runn" -> "run"
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "ls" else word


def content(text: str) -> set[str]:
    """Stems of the words that carry meaning, figures included."""
    return {stem(word) for word in words(text) if word not in _STOP}


def figures(text: str) -> set[str]:
    """Figures in the text, written in digits or as words from two up: ``{"3", "6"}``."""
    found = set()
    for word in words(text):
        if word[0].isdigit():
            found.add(word.rstrip("%").replace(",", ""))
        elif word in _NUMBERS and word not in ("zero", "one"):
            found.add(_NUMBERS[word])
    return found


def recall(said: str, wanted: str) -> float:
    """The share of ``wanted``'s content that ``said`` holds, 0 to 1; 1 where it holds none."""
    need = content(wanted)
    return len(need & content(said)) / len(need) if need else 1.0


def likeness(one: str, other: str) -> float:
    """How alike two lines are, word for word: shared over all distinct words, 0 to 1."""
    a, b = set(words(one)), set(words(other))
    return len(a & b) / len(a | b) if a | b else 1.0
