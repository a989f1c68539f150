"""Linear layers packed to 8 bits for processors, so that a small model keeps up with speech.

Weights get one scale a row, activations one a token, whatever else is in the pass. In some layers
a few very large activations leave the rest too few steps; so each layer is tried on a sample
first and packed only where its output stays put, and the others are left as they are.

Rounding makes the last digits of a pass depend on how a text was cut into passes, so greedy words
can differ between a text taken in at once and piece by piece. What it costs in sense is held by
``tests/engines/test_real_model.py``: surprise at a call's real words, and the likeliest word.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

TOLERANCE = 0.04
"""A layer is packed when its output on the sample differs by less than this (relative, median
over the sample's tokens)."""
LAST_TOLERANCE = 0.08
"""The same for the layer that gives the logits: the largest, and its error goes no further."""


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
        self._steps = _steps()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` (..., inputs) to (..., outputs)."""
        reach = x.abs().amax(dim=-1, keepdim=True).clamp_min(1e-9)
        if reach.numel() == 1:
            result = self._product(x, reach.item())
        else:  # the kernel has one scale for the pass; this gives every token its own
            result = self._product(x / reach, 1.0) * reach
        return result if self._bias is None else result + self._bias

    def _product(self, x: torch.Tensor, reach: float) -> torch.Tensor:
        result: torch.Tensor = torch.ops.quantized.linear_with_input_q_dq_qweight_dq_output_fp32(
            x, reach / self._steps, 128, self._weights
        )
        return result


class OneStepNorm(nn.Module):
    """Root-mean-square norm in one operation, where models spell it out in six."""

    def __init__(self, norm: nn.Module, weight: torch.Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight, requires_grad=False)
        self.epsilon = float(getattr(norm, "variance_epsilon", getattr(norm, "eps", 1e-6)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """``x`` (..., size) to the same shape."""
        return nn.functional.rms_norm(x, self.weight.shape, self.weight, self.epsilon)


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
    last = getattr(model, "get_output_embeddings", lambda: None)()
    hooks = [
        part.register_forward_hook(
            _trial(name, part, packed, LAST_TOLERANCE if part is last else TOLERANCE)
        )
        for name, part in linears.items()
    ]
    same: dict[str, OneStepNorm] = {}
    hooks += [
        part.register_forward_hook(_norm_trial(name, part, same))
        for name, part in model.named_modules()
        if type(part).__name__.endswith("RMSNorm")
    ]
    try:
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch announces a new home for these kernels
            model(sample, use_cache=False)
    finally:
        for hook in hooks:
            hook.remove()
    for name, layer in (*packed.items(), *same.items()):
        parent, _, child = name.rpartition(".")
        setattr(model.get_submodule(parent), child, layer)
    return Packing(len(packed), tuple(name for name in linears if name not in packed))


def _trial(name: str, linear: nn.Linear, packed: dict[str, PackedLinear], tolerance: float) -> Any:
    """A hook that packs ``linear`` and keeps the packing if its output holds."""

    def compare(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        layer = PackedLinear(linear)
        given, wanted = inputs[0][0, 1:], output[0, 1:]
        off = (layer(given) - wanted).norm(dim=-1) / wanted.norm(dim=-1).clamp_min(1e-9)
        if off.median().item() < tolerance:
            packed[name] = layer

    return compare


def _norm_trial(name: str, norm: nn.Module, same: dict[str, OneStepNorm]) -> Any:
    """A hook that takes the one-step norm where it gives what the model's own gives."""

    def compare(module: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        weight = getattr(norm, "weight", None)
        if not isinstance(weight, torch.Tensor):
            return
        one_step = OneStepNorm(norm, weight)
        if torch.allclose(one_step(inputs[0]), output, rtol=1e-4, atol=1e-5):
            same[name] = one_step

    return compare


def _steps() -> int:
    """Steps an activation has on either side of zero. Without VNNI, x86 adds up products in 16
    bits, which overflow unless activations keep to 7 of their 8 bits."""
    supported = getattr(torch.cpu, "_is_vnni_supported", None)
    short = torch.backends.quantized.engine in {"fbgemm", "x86"}
    return 63 if short and not (supported and supported()) else 127
