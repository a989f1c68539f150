"""A low-rank adapter, as peft saves them, merged into the weights it was trained for.

Weight + scale * B A (Hu et al. 2021, arXiv:2106.09685), the scale being alpha over the rank, or
over its root where the adapter says so (Kalajdzievski 2023, arXiv:2312.03732).
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from trainer.errors import ModelUnavailable

CONFIG = "adapter_config.json"
WEIGHTS = "adapter_model.safetensors"

_HEAD = "base_model.model."
_DOWN, _UP = ".lora_A.weight", ".lora_B.weight"
_PLAIN: dict[str, object] = {
    "peft_type": "LORA",
    "use_dora": False,
    "use_qalora": False,
    "alora_invocation_tokens": None,
    "layer_replication": None,
    "fan_in_fan_out": False,
    "bias": "none",
    "modules_to_save": None,
    "rank_pattern": {},
    "alpha_pattern": {},
}
"""What an adapter must be to be merged here; a setting left out is as it should be."""


def merge(model: Any, folder: Path) -> None:
    """Add the adapter in ``folder`` to the weights of a float32 transformers model, in place.

    Raises ``ModelUnavailable`` for one that is not a plain low-rank adapter, or not for this model.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        settings = json.loads((folder / CONFIG).read_text("utf-8"))
        scale = _scale(settings, folder)
        weights = load_file(folder / WEIGHTS)
    except (OSError, ValueError, SafetensorError) as error:
        raise ModelUnavailable(f"the adapter in {folder} can't be read ({error})") from error
    targets = dict(model.named_parameters())
    ups = {name.removesuffix(_UP): one for name, one in weights.items() if name.endswith(_UP)}
    downs = {name.removesuffix(_DOWN): one for name, one in weights.items() if name.endswith(_DOWN)}
    if not ups or ups.keys() != downs.keys() or len(ups) + len(downs) != len(weights):
        raise _unfit(folder, "its weights are not pairs of lora_A and lora_B")
    with torch.no_grad():
        for name, up in ups.items():
            target = targets.get(name.removeprefix(_HEAD) + ".weight")
            added = up.float() @ downs[name].float()
            if target is None or target.shape != added.shape:
                raise _unfit(folder, f"the model has no weight {name} of shape {[*added.shape]}")
            target += (scale * added).to(target)


def _scale(settings: Any, folder: Path) -> float:
    """How much of the product is added."""
    if not isinstance(settings, dict):
        raise ValueError("its settings are no mapping")
    for key, wanted in _PLAIN.items():
        found = settings.get(key, wanted)
        if found != wanted and (found or wanted):
            raise _unfit(folder, f"{key} is {found!r}")
    try:
        rank, alpha = int(settings["r"]), float(settings["lora_alpha"])
        return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)
    except (KeyError, TypeError, ZeroDivisionError) as error:
        raise ValueError(f"it tells no rank or no alpha: {error}") from error


def _unfit(folder: Path, why: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"the adapter in {folder} can't be merged: {why}; merge it with peft, save the whole model "
        "and name that folder"
    )
