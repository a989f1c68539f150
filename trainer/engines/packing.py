"""Linear layers packed to 8 bits for processors, so that a small model keeps up with speech.

Weights get one scale a row, activations one a token. In some layers a few very large activations
leave the rest too few steps; so each layer is tried on a sample first and packed only where its
output stays put, and the others are left as they are.

Measured on SmolLM2-135M-Instruct (``tests/engines/test_real_model.py`` holds the bound).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

TOLERANCE = 0.03
"""A layer is packed when its output on the sample differs by less than this (relative, median
over the sample's tokens)."""


@dataclass(frozen=True, slots=True)
class Packing:
    """What was packed: numbers of linear layers, and those left as they were."""

    packed: int
    kept: tuple[str, ...]


class PackedLinear(nn.Module):
    """A linear layer with 8-bit weights. Takes and gives float32."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()
        scales = (weight.abs().amax(dim=1) / 127).clamp_min(1e-12).double()
        zeros = torch.zeros_like(scales, dtype=torch.long)
        rounded = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        self._weights: Any = torch.ops.quantized.linear_prepack(rounded, None)
        self._bias = None if linear.bias is None else linear.bias.detach().float()
        self._seven_bits = _must_halve_range()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` (..., inputs) to (..., outputs)."""
        if x.numel() == x.shape[-1]:
            result = self._product(x)
        else:  # the kernel has one scale for the pass; this gives every token its own
            reach = x.abs().amax(dim=-1, keepdim=True).clamp_min(1e-9)
            result = self._product(x / reach) * reach
        return result if self._bias is None else result + self._bias

    def _product(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = torch.ops.quantized.linear_dynamic(
            x, self._weights, self._seven_bits
        )
        return result


def can_pack() -> bool:
    """Whether this build of torch has the 8-bit kernels, tried on a layer of nothing much."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            layer, x = nn.Linear(16, 16), torch.ones(1, 16)
            return bool(torch.isfinite(PackedLinear(layer)(x)).all())
    except (RuntimeError, NotImplementedError, AttributeError):
        return False


def pack(model: nn.Module, sample: torch.Tensor) -> Packing:
    """Pack the model's linear layers in place, those that ``sample`` (1, tokens) shows can be.

    What stays unpacked is float32 afterwards.
    """
    model.float()
    linears = {name: part for name, part in model.named_modules() if isinstance(part, nn.Linear)}
    packed: dict[str, PackedLinear] = {}
    hooks = [
        part.register_forward_hook(_trial(name, part, packed)) for name, part in linears.items()
    ]
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch announces a new home for these kernels
            model(sample, use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    for name, layer in packed.items():
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, layer)
    return Packing(len(packed), tuple(name for name in linears if name not in packed))


def _trial(name: str, linear: nn.Linear, packed: dict[str, PackedLinear]) -> Any:
    """A hook that packs ``linear`` and keeps the packing if its output holds."""

    def compare(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        layer = PackedLinear(linear)
        given, wanted = inputs[0][0, 1:], output[0, 1:]
        off = (layer(given) - wanted).norm(dim=-1) / wanted.norm(dim=-1).clamp_min(1e-9)
        if off.median().item() < TOLERANCE:
            packed[name] = layer

    return compare


def _must_halve_range() -> bool:
    """Without VNNI, 8-bit sums overflow 16 bits on x86 unless activations keep to 7 bits."""
    supported = getattr(torch.cpu, "_is_vnni_supported", None)
    return torch.backends.quantized.engine in {"fbgemm", "x86"} and not (supported and supported())
