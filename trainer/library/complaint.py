"""What a schema error means, in words for the person who wrote the file.

pydantic says "Input should be a valid string"; a sales manager needs "say should be text, but the
number 3 stands there; put it in quotes". This module is that translation, and nothing else.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from trainer import plaintext
from trainer.library.source import Document, Loc, did_you_mean, nearest, quoted
from trainer.pathway import Act, LeadSource, Move, Stage

_TERMS = {
    frozenset(Move): ("move", "moves"),
    frozenset(Act): ("act", "acts"),
    frozenset(Stage): ("stage", "stages"),
    frozenset(LeadSource): ("lead source", "lead sources"),
}
_QUOTED = re.compile(r"'([^']*)'")


def complain(document: Document, model: type[BaseModel], invalid: ValidationError) -> None:
    """Add one finding for each error of ``invalid`` to the document's findings."""
    errors = invalid.errors(include_url=False)
    meant = {
        (*error["loc"][:-1], guess)
        for error in errors
        if error["type"] == "extra_forbidden"
        for guess in _guesses(model, error["loc"])
    }
    for error in errors:
        loc = error["loc"]
        if error["type"] == "missing":
            # The misspelt key was reported already, with this name as the guess.
            if loc not in meant:
                document.find(f"the key '{loc[-1]}' is missing", loc[:-1])
        elif error["type"] == "extra_forbidden":
            document.find(_unknown_key(model, loc), loc, of_key=True)
        elif loc and loc[-1] == "[key]":
            name = str(loc[-2])
            document.find(_choice(name, error.get("ctx", {}), "key"), loc[:-1], of_key=True)
        else:
            document.find(_wrong(error), loc)


def _guesses(model: type[BaseModel], loc: Loc) -> list[str]:
    return nearest(str(loc[-1]), known_keys(model, loc[:-1]))


def _unknown_key(model: type[BaseModel], loc: Loc) -> str:
    known = known_keys(model, loc[:-1])
    name = str(loc[-1])
    guess = did_you_mean(name, known)
    return f"unknown key {quoted(name)}" + (guess or f"; known here: {', '.join(known)}")


def known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that the mapping at ``loc`` may hold, in the order of the schema."""
    here: Any = model
    for step in loc:
        here = _inside(here, step)
    found = next((part for part in _parts(here) if _is_model(part)), None)
    return list(found.model_fields) if found else []


def _inside(here: Any, step: int | str) -> Any:
    for part in _parts(here):
        origin, arguments = typing.get_origin(part), typing.get_args(part)
        if _is_model(part) and step in part.model_fields:
            return part.model_fields[step].annotation
        if origin is list and isinstance(step, int):
            return arguments[0]
        if origin is dict and isinstance(step, str):
            return arguments[1]
    return None


def _parts(annotation: Any) -> list[Any]:
    """The alternatives of a union, without Annotated."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _parts(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [part for one in typing.get_args(annotation) for part in _parts(one)]
    return [annotation]


def _is_model(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, BaseModel)


def _choice(given: object, ctx: Mapping[str, Any], name: str) -> str:
    """An unknown name where only certain names will do."""
    choices = _QUOTED.findall(str(ctx.get("expected", "")))
    word = given if isinstance(given, str) else standing(given)
    one, many = _TERMS.get(frozenset(choices), ("", ""))
    listed = ", ".join(choices)
    if not one:
        guess = did_you_mean(word, choices) if isinstance(given, str) else ""
        stands = quoted(word) if isinstance(given, str) else word
        return f"{name} should be one of {listed}, but {stands} stands there{guess}"
    if not isinstance(given, str):
        return f"should name one of the {many}, but {word} stands there; they are: {listed}"
    return f"unknown {one} {quoted(word)}{did_you_mean(word, choices)} (the {many} are: {listed})"


def standing(value: object) -> str:
    """What a value is, in words: ``the number 3``, ``a list``."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {plaintext.clip(str(value), 30)}"
        case str():
            return f"the text {quoted(value)}" if value else "an empty text"
        case list():
            return "a list"
        case _:
            return "a mapping of 'key: value'"


_EXPECTED = {
    "string_type": "text",
    "string_sub_type": "text",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list, each item on its own line after '- '",
    "dict_type": "a mapping of 'key: value' lines",
    "model_type": "a mapping of 'key: value' lines",
    "model_attributes_type": "a mapping of 'key: value' lines",
    "date_type": "a date, year first: 2027-01-04",
    "date_parsing": "a date, year first: 2027-01-04",
    "date_from_datetime_parsing": "a date, year first: 2027-01-04",
    "date_from_datetime_inexact": "a date without a time: 2027-01-04",
}


def _wrong(error: Any) -> str:
    kind, given, ctx = error["type"], error["input"], error.get("ctx", {})
    name = _name(error["loc"])
    if kind in ("enum", "literal_error"):
        return _choice(given, ctx, name)
    if kind in _EXPECTED:
        hint = ""
        if _EXPECTED[kind] == "text" and isinstance(given, (int, float)):
            hint = "; put it in quotes"
        elif _EXPECTED[kind] == "text" and isinstance(given, dict):
            hint = "; a text with a colon, or one that begins with a {slot}, needs quotes"
        return f"{name} should be {_EXPECTED[kind]}, but {standing(given)} stands there{hint}"
    if kind == "value_error":
        return f"{name}: {plaintext.clean(str(ctx.get('error', error['msg'])))}"
    return f"{name} {_bound(kind, ctx, given, str(error['msg']))}"


def _name(loc: Loc) -> str:
    if not loc:
        return "this file"
    if isinstance(loc[-1], int):
        owner = f" of {loc[-2]}" if len(loc) > 1 else ""
        return f"item {loc[-1] + 1}{owner}"
    return plaintext.clip(plaintext.clean(loc[-1]), 60)


def _bound(kind: str, ctx: Mapping[str, Any], given: object, message: str) -> str:
    short = plaintext.clip(plaintext.clean(str(given)), 30)
    match kind:
        case "greater_than_equal":
            return f"should be at least {ctx['ge']:g}, but is {short}"
        case "less_than_equal":
            return f"should be at most {ctx['le']:g}, but is {short}"
        case "greater_than":
            return f"should be more than {ctx['gt']:g}, but is {short}"
        case "less_than":
            return f"should be less than {ctx['lt']:g}, but is {short}"
        case "string_pattern_mismatch":
            return f"should be lower-case words joined by '-' or '_', but is {quoted(given)}"
        case "string_too_long":
            return f"is longer than {ctx['max_length']} characters"
        case "string_too_short":
            return "is empty; write something or take the key out"
        case "too_short":
            return "is empty; give at least one"
        case "too_long":
            return f"has {ctx['actual_length']} items; at most {ctx['max_length']}"
        case _:
            return f"can't be used: {plaintext.clip(plaintext.clean(message), 160)}"
