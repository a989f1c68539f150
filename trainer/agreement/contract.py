"""The measurement as the JSON object of ``trainer agreement --json``: everything there is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from trainer.agreement.figures import CONFIDENCE
from trainer.agreement.study import Agreement

_DECIMALS = 6


def as_json(agreement: Agreement) -> dict[str, Any]:
    """Plain lists, objects and numbers; null where a figure could not be measured."""
    plain: dict[str, Any] = _plain(agreement)
    return {"confidence": CONFIDENCE} | plain


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {_plain(key): _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    if isinstance(value, Enum):
        return value.value
    return round(value, _DECIMALS) if isinstance(value, float) else value
