"""The output head by tiles: what plain fp32 gives, for sizes that fill no block, forward and back."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from prorl.engine.local.randomness import uniforms
from prorl.kernels import head
from prorl.kernels.library import tiles
from prorl.kernels.sums import sum_into

pytestmark = pytest.mark.skipif(
    tiles(torch.zeros(1, dtype=torch.bfloat16), 32) is None, reason="this processor has no tile unit (AMX)"
)
SIZES = [(1, 5, 32), (40, 77, 32), (33, 1000, 96), (70, 513, 64), (1100, 130, 32)]


def made(rows: int, vocabulary: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden states, weights and targets; logits have a spread of about 3."""
    drawn = torch.Generator().manual_seed(rows)
    hidden = torch.randn(rows, width, generator=drawn).bfloat16()
    weight = (torch.randn(vocabulary, width, generator=drawn) * 3 / width**0.5).bfloat16()
    return hidden, weight, torch.randint(0, vocabulary, (rows,), generator=drawn)


def plainly(hidden: Tensor, weight: Tensor, targets: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    logs = (hidden @ weight.t() / temperature).log_softmax(-1)
    return logs.gather(1, targets[:, None])[:, 0], -(logs.exp() * logs).sum(-1)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("temperature", [0.6, 1.0, 1.5])
def test_logprobs_and_entropies(size: tuple[int, int, int], temperature: float) -> None:
    hidden, weight, targets = made(*size)
    assert head.fits(hidden, weight, None)
    found = head.token_logprobs(hidden, targets, weight, temperature)
    for one, other in zip(found, plainly(hidden.double(), weight.double(), targets, temperature), strict=True):
        torch.testing.assert_close(one.double(), other, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_drawing_equals_walking_along_the_distribution(size: tuple[int, int, int]) -> None:
    hidden, weight, _ = made(*size)
    numbers = uniforms(torch.arange(len(hidden)), 1)
    tokens, logprobs = head.draw(hidden, weight, numbers, 0.8)
    wanted = (hidden.double() @ weight.double().t() / 0.8).log_softmax(-1)
    upto = wanted.exp().cumsum(-1)
    at = torch.arange(len(hidden))
    before = torch.where(tokens > 0, upto[at, (tokens - 1).clamp_min(0)], 0.0)
    assert (before <= numbers + 1e-5).all()
    assert (numbers <= upto[at, tokens] + 1e-5).all()
    torch.testing.assert_close(logprobs.double(), wanted[at, tokens], atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("kept", [False, True], ids=["autograd", "kept"])
def test_gradients(size: tuple[int, int, int], kept: bool) -> None:
    """Along both outputs; a weight with a master gets its gradient there, added up over two passes, and in fp32."""
    hidden, weight, targets = made(*size)
    drawn = torch.Generator().manual_seed(9)
    slopes = torch.randn(2, len(hidden), generator=drawn)
    exact_hidden, exact_weight = hidden.double().requires_grad_(), weight.double().requires_grad_()
    logprobs, entropies = plainly(exact_hidden, exact_weight, targets, 0.7)
    (logprobs * slopes[0] + entropies * slopes[1]).sum().backward()

    hidden.requires_grad_()
    weight.requires_grad_()
    master = weight.detach().float()
    if kept:
        sum_into(weight, master)
    for _ in range(2):
        hidden.grad = None
        logprobs, entropies = head.token_logprobs(hidden, targets, weight, 0.7)
        (logprobs * slopes[0] + entropies * slopes[1]).sum().backward()
    assert near(hidden.grad, exact_hidden.grad)
    assert (weight.grad is None) == kept
    assert near((master.grad if kept else weight.grad) / 2, exact_weight.grad)


def near(found: Tensor, wanted: Tensor | None) -> bool:
    """Within the rounding of slopes to bf16, measured over the whole matrix."""
    assert wanted is not None
    return bool((found.double() - wanted).norm() < 5e-3 * wanted.norm())


def test_what_does_not_fit_is_left_to_others() -> None:
    hidden, weight, _ = made(4, 20, 64)
    assert head.fits(hidden, weight, None)
    assert not head.fits(hidden, weight, torch.zeros(20).bfloat16())
    assert not head.fits(hidden.float(), weight.float(), None)
    assert not head.fits(hidden[:, :40], weight[:, :40].contiguous(), None)
    assert not head.fits(hidden, weight.t().contiguous().t(), None)
