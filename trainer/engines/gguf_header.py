"""What a GGUF file says of itself: its kind, its chat template, the words that control it.

Read with a few lines of our own: the format's usual reader makes an array of every word and
takes seconds for the vocabulary of a large model. Layout as in the GGUF specification (versions 2
and 3): magic, version, counts, then keys with typed values; the weights behind them are not read.
"""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainer.errors import ModelUnavailable

_MAGIC = b"GGUF"
_VERSIONS = (2, 3)
_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q",
            12: "d"}  # fmt: skip
_SKIPPED = frozenset({"tokenizer.ggml.merges", "tokenizer.ggml.scores"})
_CONTROL = frozenset({2, 3})  # llama.cpp's token types: unknown, control
_USER_DEFINED = 4


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """The keys of a GGUF file that matter to whoever talks to its model."""

    architecture: str
    """The family: ``llama``, ``qwen3``, ``bert``..."""
    causal: bool = True
    """Whether the model writes one word after another; encoders don't."""
    context_length: int | None = None
    """How many tokens the model was made to take in."""
    template: str | None = None
    """Its chat template, in Jinja."""
    control: dict[str, int] = field(default_factory=dict)
    """Text that is a token of control, and the token's number."""
    bos: str = ""
    """The text of the token a prompt begins with, where it has one."""
    eos: str = ""
    """The text of the token an answer ends with, where it has one."""
    temperature: float | None = None
    """How its makers want its words drawn, where they say so."""
    top_p: float | None = None

    @classmethod
    def read(cls, path: Path) -> GgufHeader:
        """The header of a file. Raises ``ModelUnavailable`` when it is none, or is cut short."""
        try:
            with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as m:
                keys = dict(_Reader(m).keys())
        except OSError as error:
            raise ModelUnavailable(f"{path} can't be read: {error.strerror}") from error
        except (ValueError, struct.error, MemoryError, RecursionError) as error:
            raise ModelUnavailable(
                f"{path} is no GGUF file that can be read ({error or type(error).__name__}); it "
                "may have been cut short on its way here: fetch it again"
            ) from error
        return cls._of(keys)

    @classmethod
    def _of(cls, keys: dict[str, Any]) -> GgufHeader:
        architecture = str(keys.get("general.architecture", ""))
        words = keys.get("tokenizer.ggml.tokens") or []
        types = keys.get("tokenizer.ggml.token_type") or []
        control = {
            word: number
            for number, (word, kind) in enumerate(zip(words, types, strict=False))
            if word and (kind in _CONTROL or (kind == _USER_DEFINED and _is_marker(word)))
        }

        def named(which: str) -> str:
            number = keys.get(f"tokenizer.ggml.{which}_token_id")
            if not isinstance(number, int) or not 0 <= number < len(words):
                return ""
            return str(words[number])

        template = keys.get("tokenizer.chat_template")
        length = keys.get(f"{architecture}.context_length")
        return cls(
            architecture=architecture,
            causal=keys.get(f"{architecture}.attention.causal", True) is not False,
            context_length=length if isinstance(length, int) and length > 0 else None,
            template=template if isinstance(template, str) and template.strip() else None,
            control=control,
            bos=named("bos"),
            eos=named("eos"),
            temperature=_number(keys.get("general.sampling.temp")),
            top_p=_number(keys.get("general.sampling.top_p")),
        )


def _is_marker(word: str) -> bool:
    """Whether a word its maker added is meant as a sign, as ``<think>`` is; runs of spaces and
    the like are words."""
    return len(word) > 2 and (word[0], word[-1]) in {("<", ">"), ("[", "]")}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


class _Reader:
    """Walks over the keys of a mapped file. What runs past its end is a ``struct.error`` or a
    ``ValueError``."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def keys(self) -> Iterator[tuple[str, Any]]:
        if self._bytes(4) != _MAGIC:
            raise ValueError("it does not begin as one")
        if (version := self._number("I")) not in _VERSIONS:
            raise ValueError(f"of version {version}")
        self._number("Q")  # how many tensors
        for _ in range(self._number("Q")):
            key = self._text()
            value = self._value(self._number("I"), wanted=key not in _SKIPPED)
            yield key, value

    def _value(self, kind: int, *, wanted: bool) -> Any:
        if kind == _STRING:
            return self._text()
        if kind == _ARRAY:
            return self._array(wanted=wanted)
        if kind not in _NUMBERS:
            raise ValueError(f"a value of the unknown type {kind}")
        return self._number(_NUMBERS[kind])

    def _array(self, *, wanted: bool) -> list[Any] | None:
        kind, count = self._number("I"), self._number("Q")
        if kind in _NUMBERS:
            whole = struct.Struct(f"<{min(count, len(self._data))}{_NUMBERS[kind]}")
            raw = self._bytes(whole.size)
            return list(whole.unpack(raw)) if wanted else None
        if kind not in (_STRING, _ARRAY):
            raise ValueError(f"an array of the unknown type {kind}")
        if not wanted and kind == _STRING:
            for _ in range(count):
                self._skip(self._number("Q"))
            return None
        return [self._value(kind, wanted=wanted) for _ in range(count)]

    def _text(self) -> str:
        return self._bytes(self._number("Q")).decode("utf-8", "replace")

    def _number(self, form: str) -> Any:
        size = struct.calcsize(f"<{form}")
        return struct.unpack(f"<{form}", self._bytes(size))[0]

    def _bytes(self, size: int) -> bytes:
        start = self._at
        self._skip(size)
        return self._data[start : self._at]

    def _skip(self, size: int) -> None:
        self._at += size
        if self._at > len(self._data):
            raise ValueError("it ends too early")
