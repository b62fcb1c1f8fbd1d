"""What `compute.precision=auto` stands for on this machine and on others."""

from __future__ import annotations

import time

import pytest
import torch

from prorl.engine.local import precision
from prorl.engine.local.precision import bf16_gain, can_multiply_bf16, choose


@pytest.mark.parametrize(
    ("tiles", "instructions", "gain", "expected"),
    [
        (True, True, 0.1, "bf16"),
        (False, True, 2.2, "bf16"),
        (False, True, 1.1, "fp32"),
        (False, True, 0.7, "fp32"),
        (False, False, 9.9, "fp32"),
    ],
)
def test_auto_is_what_the_processor_is_quick_in(
    monkeypatch: pytest.MonkeyPatch, tiles: bool, instructions: bool, gain: float, expected: str
) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: tiles)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: instructions)
    monkeypatch.setattr(precision, "has_bf16_products", lambda: True)
    monkeypatch.setattr(precision, "bf16_gain", lambda: gain)
    assert choose("auto") == expected
    assert (choose("fp32"), choose("bf16")) == ("fp32", "bf16")


def test_instructions_that_the_tensor_library_does_not_use_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: True)
    monkeypatch.setattr(precision, "has_bf16_products", lambda: False)
    assert not can_multiply_bf16()


@pytest.mark.skipif(not can_multiply_bf16(), reason="this processor has no instructions for bf16")
def test_the_gain_is_what_larger_products_gain() -> None:
    """On products of other sizes, each the best of several."""
    best = {}
    for dtype in (torch.float32, torch.bfloat16):
        x, weight = torch.randn(1024, 576).to(dtype), torch.randn(576, 576).to(dtype)
        best[dtype] = min(seconds(x, weight) for _ in range(20))
    assert bf16_gain() == pytest.approx(best[torch.float32] / best[torch.bfloat16], rel=0.5)


def seconds(x: torch.Tensor, weight: torch.Tensor) -> float:
    begun = time.perf_counter()
    torch.nn.functional.linear(x, weight)
    return time.perf_counter() - begun
