"""A tokenizer and chat template read straight from a model's folder.

transformers reads any tokenizer there is, and takes three seconds and 150 MB to be imported. The
usual kind is one JSON file and a short template; this reads that kind and no other. Whether it
does so rightly is tried once, where a voice is made ready (``reads``); where it doesn't,
transformers reads the tokenizer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from jinja2 import Environment, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from tokenizers import Tokenizer

from trainer.engines.base import Message
from trainer.engines.chat_text import chat_text

_NAMED = ("bos_token", "eos_token", "unk_token", "pad_token")


class FolderTokenizer:
    """What the engine needs of a transformers tokenizer, under the same names."""

    def __init__(self, folder: Path) -> None:
        """Read ``tokenizer.json``, ``tokenizer_config.json`` and ``chat_template.jinja``, as
        transformers saves them. Raises whatever is wrong with them."""
        self._inner = Tokenizer.from_file(str(folder / "tokenizer.json"))
        settings = json.loads((folder / "tokenizer_config.json").read_text("utf-8"))
        self._names = {name: _text(settings[name]) for name in _NAMED if settings.get(name)}
        template = folder / "chat_template.jinja"
        self.chat_template = (
            template.read_text("utf-8") if template.is_file() else settings.get("chat_template")
        )
        self.added_tokens_decoder = self._inner.get_added_tokens_decoder()
        special = {at: one for at, one in self.added_tokens_decoder.items() if one.special}
        self.all_special_ids = sorted(special)
        self.all_special_tokens = [one.content for one in special.values()]
        self._compiled: dict[str, Template] = {}

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
        """The text's tokens, as ``input_ids``."""
        return {"input_ids": self._inner.encode(text, add_special_tokens=add_special_tokens).ids}

    def decode(self, tokens: Sequence[int], *, skip_special_tokens: bool, **_: Any) -> str:
        """The tokens' text."""
        return str(self._inner.decode(list(tokens), skip_special_tokens=skip_special_tokens))

    def get_vocab(self) -> dict[str, int]:
        """Every token's number."""
        return dict(self._inner.get_vocab(with_added_tokens=True))

    def apply_chat_template(
        self,
        messages: Sequence[Mapping[str, str]],
        *,
        chat_template: str | None = None,
        tokenize: bool = False,
        **given: Any,
    ) -> str:
        """The messages as the model's own template, or another, words them; never as tokens.

        Raises ``jinja2.TemplateError`` where the template refuses them.
        """
        source = chat_template or str(self.chat_template)
        if source not in self._compiled:
            self._compiled[source] = self._workshop.from_string(source)
        return self._compiled[source].render(messages=messages, **self._names, **given)

    @cached_property
    def _workshop(self) -> Environment:
        """Where templates run: they come with models of anybody's making, so in a sandbox, and
        without Jinja's own objects, which have been ways out of it."""
        made = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        made.globals.clear()
        made.globals.update(range=range, raise_exception=_refuse)
        return made


def reads(folder: Path, theirs: Any, *, template: str | None = None) -> bool:
    """Whether ``FolderTokenizer`` reads the tokenizer in ``folder`` as ``theirs`` does, which was
    saved there: tried on ordinary and on odd text, as chats and alone."""
    try:
        ours = FolderTokenizer(folder)
        return all(_alike(ours, theirs, text) for text in _ODD) and all(
            chat_text(ours, chat, template=template, answer=answer)
            == chat_text(theirs, chat, template=template, answer=answer)
            for chat in _CHATS
            for answer in (True, False)
        )
    except Exception:  # another kind of tokenizer: whatever trips over it
        return False


def _alike(ours: FolderTokenizer, theirs: Any, text: str) -> bool:
    for special in (True, False):
        found = [one(text, add_special_tokens=special)["input_ids"] for one in (ours, theirs)]
        words = [
            one.decode(found[0], skip_special_tokens=special, clean_up_tokenization_spaces=False)
            for one in (ours, theirs)
        ]
        if found[0] != found[1] or words[0] != words[1]:
            return False
    return True


_ODD = ("Hi, it's Dana.", "Naïve café? 9,000 $ – №5!\n\n  Two  spaces", "好的。 🙂", "")
_CHATS = (
    (Message("system", "You are Dana, CFO."), Message("user", _ODD[1])),
    (Message("user", _ODD[0]), Message("assistant", _ODD[2]), Message("user", _ODD[1])),
)


def _text(token: str | Mapping[str, str]) -> str:
    return token if isinstance(token, str) else token["content"]


def _refuse(why: str) -> None:
    raise TemplateError(why)
