"""Tokens turned into text as they come: whole characters only, and nothing past a stop."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from trainer.engines.base import Sampling

_HALF = "\ufffd"


class AnswerText:
    """One answer's text. ``add`` gives what became certain; ``done`` is set once a stop is met.

    White space at the head is dropped: an answer that begins with a line break has not ended.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str], stops: Sequence[str]) -> None:
        self.done = False
        self._decode = decode
        self._stops = [stop for stop in stops if stop]
        self._tokens: list[int] = []
        self._given = 0
        self._text = ""

    def add(self, token: int) -> str:
        """Take in a token; the text that can be shown now, often a word, sometimes nothing."""
        self._tokens.append(token)
        self._read()
        if not self.done and self._text.endswith(_HALF):
            return ""
        return self._give(len(self._text) if self.done else len(self._text) - self._undecided())

    def finish(self) -> str:
        """What was still held back when the model ended its answer."""
        self._read()
        self._text = self._text.rstrip(_HALF)
        return self._give(len(self._text))

    def _read(self) -> None:
        self._text = self._decode(self._tokens).lstrip()
        ends = [at for stop in self._stops if (at := self._text.find(stop)) >= 0]
        if ends:
            self.done = True
            self._text = self._text[: min(ends)]

    def _undecided(self) -> int:
        """How many characters at the end may yet turn out to begin a stop."""
        longest = max((len(stop) for stop in self._stops), default=1)
        for size in range(min(longest - 1, len(self._text)), 0, -1):
            if any(stop.startswith(self._text[-size:]) for stop in self._stops):
                return size
        return 0

    def _give(self, upto: int) -> str:
        piece = self._text[self._given : upto]
        self._given = max(self._given, upto)
        return piece


class PiecedText:
    """An answer that comes as text in pieces instead of tokens, cut at a stop its sender did not
    heed."""

    def __init__(self, sampling: Sampling, stops: Sequence[str] = ()) -> None:
        """``stops``: where it ends besides the sampling's own."""
        self._pieces: list[str] = []
        self._text = AnswerText(self._joined, (*sampling.stop, *stops))

    @property
    def heard(self) -> bool:
        """Whether anything came."""
        return bool(self._pieces)

    @property
    def done(self) -> bool:
        """Whether a stop was met."""
        return self._text.done

    def add(self, piece: str) -> str:
        """Take in a piece; what of the answer can be shown now."""
        self._pieces.append(piece)
        return self._text.add(len(self._pieces) - 1)

    def finish(self) -> str:
        """What was still held back when no more came."""
        return self._text.finish()

    def _joined(self, numbers: Sequence[int]) -> str:
        return "".join(self._pieces[number] for number in numbers)
