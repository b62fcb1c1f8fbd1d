"""Linear layers that add their weights' gradients up themselves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from prorl.kernels.layers import linears
from prorl.kernels.sums import sum_into

pytestmark = pytest.mark.usefixtures("with_and_without_kernels")


def made(
    tokens: int, inputs: int, outputs: tuple[int, ...], dtype: torch.dtype
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    drawn = torch.Generator().manual_seed(tokens)
    x = torch.randn(tokens, inputs, generator=drawn).to(dtype).requires_grad_()
    weights = [torch.randn(size, inputs, generator=drawn).to(dtype).requires_grad_() for size in outputs]
    biases = [torch.randn(size, generator=drawn).to(dtype).requires_grad_() for size in outputs]
    return x, weights, biases


@pytest.mark.parametrize("tokens", [1, 31, 70, 1100])
def test_the_same_as_one_layer_after_the_other(tokens: int) -> None:
    x, weights, biases = made(tokens, 64, (32, 96), torch.float32)
    leaves = [x, *weights, *biases]
    out = linears(x, weights, biases)
    found = torch.autograd.grad(sum((part**2).sum() for part in out), leaves)
    plain = [torch.nn.functional.linear(x, weight, bias) for weight, bias in zip(weights, biases, strict=True)]
    wanted = torch.autograd.grad(sum((part**2).sum() for part in plain), leaves)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-5)


@pytest.mark.parametrize("tokens", [1, 31, 70, 1100])
@pytest.mark.parametrize("outputs", [(32, 96), (40,)])
def test_bf16_gradients_are_added_up_in_a_master(tokens: int, outputs: tuple[int, ...]) -> None:
    """Three passes; in fp32 throughout where there are tiles, so far nearer than bf16's 3 digits."""
    x, weights, biases = made(tokens, 64, outputs, torch.bfloat16)
    masters = [weight.detach().float() for weight in weights]
    for weight, master in zip(weights, masters, strict=True):
        sum_into(weight, master)
    for _ in range(3):
        sum((part * 2).sum() for part in linears(x, weights, biases)).backward()
    for weight, master in zip(weights, masters, strict=True):
        wanted = 6 * x.detach().float().sum(0).expand(len(weight), -1)
        found = master.grad if weight.grad is None else weight.grad.float()
        tolerance = 1e-5 if weight.grad is None else 2e-2
        assert (found - wanted).norm() < tolerance * wanted.norm()
