"""A chat prompt as the text a model was trained to go on from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainer.engines.base import Message

PLAIN_STOPS = ("\nUser:", "\nAssistant:")
"""Where an answer ends for models without a chat template."""


def chat_text(
    tokenizer: Any, messages: Sequence[Message], *, template: str | None = None, answer: bool = True
) -> str:
    """The prompt as text, up to where the answer begins (``answer``) or the last message ends.

    Follows the model's own template, or ``template``. One that has no system role gets the
    system text at the head of the first user message; a model without any template gets
    ``User:`` and ``Assistant:`` lines. Words in a message that a tokenizer would take for its
    control tokens are dropped, so that no line can pose as another speaker.
    """
    said = merged([Message(one.role, without_control(tokenizer, one.content)) for one in messages])
    if not (template or getattr(tokenizer, "chat_template", None)):
        return _plain(said, answer=answer)
    from jinja2 import TemplateError

    for attempt in (said, folded(said)):
        try:
            text = tokenizer.apply_chat_template(
                [{"role": one.role, "content": one.content} for one in attempt],
                chat_template=template,
                tokenize=False,
                add_generation_prompt=answer,
                enable_thinking=False,  # models that think aloud first: not on a sales call
            )
        except TemplateError:
            continue
        return str(text)
    return _plain(said, answer=answer)


def without_control(tokenizer: Any, text: str) -> str:
    """``text`` without anything the tokenizer reads as a control token."""
    control = {str(token) for token in getattr(tokenizer, "all_special_tokens", ())}
    added = getattr(tokenizer, "added_tokens_decoder", {})
    control |= {token.content for token in added.values() if getattr(token, "special", False)}
    while found := [token for token in control if token and token in text]:
        for token in found:
            text = text.replace(token, "")
    return text


def merged(messages: Sequence[Message]) -> list[Message]:
    """Messages of the same role in a row as one: many templates insist on turns."""
    result: list[Message] = []
    for message in messages:
        if result and result[-1].role == message.role:
            earlier = result.pop().content
            message = Message(message.role, f"{earlier}\n{message.content}")  # noqa: PLW2901
        result.append(message)
    return result


def folded(messages: Sequence[Message]) -> list[Message]:
    """The system text moved to the head of the first user message."""
    system = "\n".join(one.content for one in messages if one.role == "system")
    rest = [one for one in messages if one.role != "system"]
    if not system:
        return rest
    if rest and rest[0].role == "user":
        return [Message("user", f"{system}\n\n{rest[0].content}"), *rest[1:]]
    return [Message("user", system), *rest]


def _plain(messages: Sequence[Message], *, answer: bool) -> str:
    names = {"user": "User: ", "assistant": "Assistant: ", "system": ""}
    text = "".join(f"{names[one.role]}{one.content}\n" for one in messages)
    return f"{text}Assistant:" if answer else text
