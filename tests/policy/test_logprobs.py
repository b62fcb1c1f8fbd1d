"""The chunked head against log_softmax over all logits at once."""

from __future__ import annotations

import pytest
import torch

from prorl.policy import logprobs
from prorl.policy.logprobs import token_logprobs


def plain(hidden, targets, weight, bias, temperature):
    logs = ((hidden @ weight.T + (0 if bias is None else bias)) / temperature).log_softmax(-1)
    return logs[torch.arange(len(targets)), targets], -(logs.exp() * logs).sum(-1)


@pytest.mark.usefixtures("with_and_without_kernels")
@pytest.mark.parametrize("with_bias", [False, True])
@pytest.mark.parametrize("chunk_rows", [1, 3, 100])
def test_values_and_gradients(monkeypatch: pytest.MonkeyPatch, with_bias: bool, chunk_rows: int) -> None:
    monkeypatch.setattr(logprobs, "CHUNK_ELEMENTS", chunk_rows * 50)
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(7, 12, generator=generator, requires_grad=True)
    weight = torch.randn(50, 12, generator=generator, requires_grad=True)
    bias = torch.randn(50, generator=generator, requires_grad=True) if with_bias else None
    targets = torch.randint(50, (7,), generator=generator)
    inputs = [hidden, weight] + ([bias] if with_bias else [])
    upstream = torch.randn(2, 7, generator=generator)
    for of_logprobs, of_entropies in ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0)):
        results = []
        for function in (token_logprobs, plain):
            values = function(hidden, targets, weight, bias, 0.7)
            total = (of_logprobs * upstream[0] * values[0] + of_entropies * upstream[1] * values[1]).sum()
            results.append([*values, *torch.autograd.grad(total, inputs)])
        for found, expected in zip(*results, strict=True):
            torch.testing.assert_close(found, expected, atol=5e-5, rtol=5e-5)


def test_a_frozen_head_gets_no_gradient() -> None:
    hidden = torch.randn(3, 4, requires_grad=True)
    weight = torch.randn(9, 4)
    values, _ = token_logprobs(hidden, torch.tensor([1, 2, 3]), weight, None, 1.0)
    values.sum().backward()
    assert weight.grad is None
    assert hidden.grad is not None
    assert hidden.grad.abs().sum() > 0


@pytest.mark.usefixtures("with_and_without_kernels")
def test_in_bf16_log_probabilities_are_not_rounded_to_the_steps_of_logits() -> None:
    """Logits near 30 are 1/8 apart in bf16; what is measured follows the products themselves."""
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(40, 64, generator=generator).bfloat16()
    weight = (torch.randn(300, 64, generator=generator) * 3 + 0.5).bfloat16()
    targets = torch.randint(300, (40,), generator=generator)
    for bias in (None, torch.randn(300, generator=generator).bfloat16()):
        found, entropies = token_logprobs(hidden, targets, weight, bias, 1.0)
        exact, entropy = plain(hidden.double(), targets, weight.double(), None if bias is None else bias.double(), 1.0)
        atol = 2e-3 if bias is None else 0.03
        torch.testing.assert_close(found.double(), exact, atol=atol, rtol=0)
        torch.testing.assert_close(entropies.double(), entropy, atol=atol, rtol=0)


@pytest.mark.usefixtures("with_and_without_kernels")
@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("of", [0, 1], ids=["log-probabilities", "entropies"])
def test_in_bf16_gradients_are_those_of_what_is_measured(temperature: float, of: int) -> None:
    """Also of tokens that are all but sure, as most of a trained policy are: their slope is 1 - p, next to nothing."""
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(40, 64, generator=generator).bfloat16().requires_grad_()
    weight = (torch.randn(300, 64, generator=generator) + 0.5).bfloat16().requires_grad_()
    targets = (hidden @ weight.T).argmax(-1)
    exactly = [x.detach().double().requires_grad_() for x in (hidden, weight)]
    wanted = torch.autograd.grad(plain(exactly[0], targets, exactly[1], None, temperature)[of].sum(), exactly)
    found = torch.autograd.grad(token_logprobs(hidden, targets, weight, None, temperature)[of].sum(), (hidden, weight))
    for ours, exact in zip(found, wanted, strict=True):
        assert (ours.double() - exact).norm() < 0.01 * exact.norm()
