"""Pieces of a layer against plain PyTorch, values and gradients, in both types."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from prorl.kernels.layers import rms_norm, rotary, silu_mul
from prorl.kernels.library import required

CLOSE = {torch.float32: {"atol": 2e-5, "rtol": 2e-5}, torch.bfloat16: {"atol": 0.06, "rtol": 0.03}}
DTYPES = [torch.float32, torch.bfloat16]


def randn(*shape: int, seed: int, dtype: torch.dtype) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)).to(dtype).requires_grad_()


def agree(found: Tensor, expected: Tensor, inputs: list[Tensor]) -> None:
    """In values and in gradients of every input."""
    close = CLOSE[found.dtype]
    torch.testing.assert_close(found, expected, **close)
    weights = torch.randn(found.shape, generator=torch.Generator().manual_seed(9)).to(found.dtype)
    for one, other in zip(
        torch.autograd.grad(found, inputs, weights), torch.autograd.grad(expected, inputs, weights), strict=True
    ):
        torch.testing.assert_close(one, other, **close)


def plain_norm(x: Tensor, weight: Tensor, epsilon: float, offset: float) -> Tensor:
    wide = x.float()
    normal = wide * (wide.pow(2).mean(-1, keepdim=True) + epsilon).rsqrt()
    return ((offset + weight.float()) * normal).to(x.dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 9), width=st.integers(1, 70), seed=st.integers(0, 99), offset=st.sampled_from([0.0, 1.0]))
def test_norm(dtype: torch.dtype, rows: int, width: int, seed: int, offset: float) -> None:
    x, weight = randn(rows, width, seed=seed, dtype=dtype), randn(width, seed=seed + 1, dtype=dtype)
    found = rms_norm(x, weight, 1e-2, offset, round_first=False)
    agree(found, plain_norm(x, weight, 1e-2, offset), [x, weight])


def test_norm_rounds_first_where_it_is_told_to() -> None:
    """To the last bit what Llama's own norm gives in bf16."""
    x, weight = randn(50, 64, seed=0, dtype=torch.bfloat16), randn(64, seed=1, dtype=torch.bfloat16)
    normal = (x.float() * (x.float().pow(2).mean(-1, keepdim=True) + 1e-5).rsqrt()).bfloat16()
    assert (rms_norm(x, weight, 1e-5) != weight * normal).float().mean() < 0.01


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 9), width=st.integers(1, 70), seed=st.integers(0, 99), apart=st.booleans())
def test_gate(dtype: torch.dtype, rows: int, width: int, seed: int, apart: bool) -> None:
    """Also where gate and up are the two halves of one tensor."""
    both = randn(rows, 2 * width, seed=seed, dtype=dtype)
    gate, up = both.chunk(2, -1)
    if not apart:
        gate, up = gate.contiguous(), up.contiguous()
    agree(silu_mul(gate, up), torch.nn.functional.silu(gate) * up, [both])


def test_gate_of_large_numbers() -> None:
    gate = torch.tensor([[-1e4, -100.0, -88.0, 0.0, 88.0, 1e4]])
    torch.testing.assert_close(silu_mul(gate, torch.ones_like(gate)), torch.nn.functional.silu(gate))


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=20, deadline=None)
@given(tokens=st.integers(1, 9), heads=st.integers(1, 4), half=st.integers(1, 33), seed=st.integers(0, 99))
def test_rotary(dtype: torch.dtype, tokens: int, heads: int, half: int, seed: int) -> None:
    x = randn(tokens, heads + 1, 2 * half, seed=seed, dtype=dtype)
    cosine, sine = (randn(tokens, 2 * half, seed=seed + i, dtype=dtype).detach() for i in (1, 2))
    part = x[:, :heads]  # rows further apart than they are long
    turned = torch.cat([-part[..., half:], part[..., :half]], -1)
    agree(rotary(part, cosine, sine), part * cosine[:, None] + turned * sine[:, None], [x])


@pytest.mark.parametrize("shape", [(7, 32), (6, 64), (1, 7, 64)])
def test_rotary_by_tables_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    """A model that turns a part of each head has narrower ones; reading on would give what lies behind them."""
    x, whole, other = torch.randn(7, 2, 64), torch.randn(7, 64), torch.randn(shape)
    with pytest.raises(ValueError, match=r"cosine is .*\(7, 64\)"):
        rotary(x, other, whole)
    with pytest.raises(ValueError, match=r"sine is .*\(7, 64\)"):
        rotary(x, whole, other)


def test_another_type_beside_bf16_is_refused() -> None:
    x, tables = torch.randn(7, 2, 64).bfloat16(), torch.randn(7, 64)
    with pytest.raises(ValueError, match=r"cosine is torch.float32 .*torch.bfloat16"):
        rotary(x, tables, tables)
    with pytest.raises(ValueError, match=r"weight is torch.float32 .*torch.bfloat16"):
        rms_norm(x, torch.ones(64), 1e-6)
    with pytest.raises(ValueError, match=r"weight is .*\(64,\)"):
        rms_norm(x, torch.ones(32).bfloat16(), 1e-6)


def test_rotary_by_tables_that_lie_apart_in_memory() -> None:
    x, tables = torch.randn(7, 2, 64), torch.randn(7, 128)
    cosine, sine = tables.chunk(2, -1)
    assert torch.equal(rotary(x, cosine, sine), rotary(x, cosine.contiguous(), sine.contiguous()))


def test_the_exponential_is_exact_to_seven_digits() -> None:
    """Seen through the log-probabilities of two tokens that are `gap` apart."""
    gap = torch.linspace(0, 86, 4001)
    logits = torch.stack([torch.zeros_like(gap), -gap], -1).contiguous()
    found, normalizers, entropies = (torch.empty(len(gap)) for _ in range(3))
    required(logits).call(
        "logprobs", torch.float32, logits, None, torch.zeros(len(gap), dtype=torch.long), found, normalizers,
        entropies, len(gap), 2, 1.0,
    )  # fmt: skip
    exact = logits.double().log_softmax(-1)
    torch.testing.assert_close(found.double(), exact[:, 0], atol=3e-7, rtol=0)
    torch.testing.assert_close(entropies.double(), -(exact.exp() * exact).sum(-1), atol=1e-6, rtol=1e-5)
