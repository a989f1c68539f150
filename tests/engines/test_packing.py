"""8-bit layers for the models that torch runs: faster, and the same where it matters."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.engines import tiny
from trainer.engines.packing import OneStepNorm, PackedLinear, can_pack, pack


@pytest.mark.skipif(not can_pack(), reason="this build of torch has no 8-bit kernels")
def test_packing_keeps_outputs_and_leaves_alone_what_it_would_harm() -> None:
    torch.manual_seed(0)
    model = tiny.model()
    sample = torch.randint(0, 320, (1, 40))
    with torch.inference_mode():
        before = model(sample).logits
        done = pack(model, sample)
        after = model(sample).logits
    assert done.packed > 0
    assert len(done.kept) + done.packed == 15
    assert any(isinstance(part, OneStepNorm) for part in model.modules())
    assert ((after - before).norm() / before.norm()).item() < 0.15


@pytest.mark.skipif(not can_pack(), reason="this build of torch has no 8-bit kernels")
def test_a_packed_layer_gives_each_token_its_own_scale_and_keeps_its_bias() -> None:
    torch.manual_seed(0)
    layer = nn.Linear(64, 32)
    packed = PackedLinear(layer)
    x = torch.randn(1, 6, 64)
    x[0, 0] *= 1000  # one token far larger than the rest
    with torch.inference_mode():
        off = (packed(x) - layer(x)).norm(dim=-1) / layer(x).norm(dim=-1)
        together, apart = packed(x), torch.cat([packed(x[:, at : at + 1]) for at in range(6)], 1)
    assert off.max().item() < 0.03
    torch.testing.assert_close(together, apart)
