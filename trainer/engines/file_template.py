"""The chat template that a model file brings along, filled in as its makers meant it to be."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn

from trainer.engines.gguf_header import GgufHeader

if TYPE_CHECKING:
    from jinja2 import Template


class FileTemplate:
    """Does for a GGUF file what a tokenizer does for ``chat_text``: knows the template and the
    control tokens. The template runs in a sandbox: it is a stranger's program."""

    def __init__(self, header: GgufHeader) -> None:
        self.chat_template = header.template
        self.all_special_tokens = tuple(header.control)
        self._header = header

    def apply_chat_template(
        self,
        messages: list[dict[str, str]],
        *,
        chat_template: str | None = None,
        tokenize: bool = False,
        add_generation_prompt: bool,
        **more: Any,
    ) -> str:
        """The messages as one text. Raises ``jinja2.TemplateError`` where the template refuses
        them, as those without a system role do, or can't be read itself."""
        return self._compiled.render(
            messages=messages,
            add_generation_prompt=add_generation_prompt,
            bos_token=self._header.bos,
            eos_token=self._header.eos,
            **more,
        )

    def tokens(self, text: str) -> str | list[str | int]:
        """The text as llama.cpp is to read it: the control token at its head handed over as its
        number, so that llama.cpp does not put another one before it."""
        control = self._header.control
        head = max((token for token in control if text.startswith(token)), key=len, default=None)
        return text if head is None else [control[head], text[len(head) :]]

    @cached_property
    def _compiled(self) -> Template:
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        # As Hugging Face's templates expect it; llama.cpp's own reader knows the same names.
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols]
        )
        environment.filters["tojson"] = _as_json
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = _now
        return environment.from_string(self.chat_template or "")


def _as_json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _now(form: str) -> str:
    from datetime import datetime

    return datetime.now().strftime(form)  # the date as a model is told it: the user's own


def _refuse(message: str) -> NoReturn:
    from jinja2 import TemplateError

    raise TemplateError(message)
