"""Sampling from a vocabulary: exact, with kernels and without."""

from __future__ import annotations

import pytest
import torch
from scipy.stats import chisquare

from prorl.engine.local.randomness import uniforms
from prorl.kernels.vocabulary import draw

pytestmark = pytest.mark.usefixtures("with_and_without_kernels")


def test_tokens_come_as_often_as_they_should() -> None:
    logits = torch.tensor([0.0, 1.0, -1.0, 2.5] + [-3.0] * 296)
    rows = 200_000
    tokens, _ = draw(logits.expand(rows, -1).clone(), None, uniforms(torch.arange(rows), 0), 1.0)
    expected = logits.softmax(-1).double() * rows
    seen = torch.bincount(tokens, minlength=300).double()
    assert chisquare(seen, expected * (seen.sum() / expected.sum())).pvalue > 1e-3


def test_logprobs_are_those_of_the_softmax() -> None:
    logits = torch.randn(64, 1000, generator=torch.Generator().manual_seed(1)) * 5
    tokens, logprobs = draw(logits.clone(), None, uniforms(torch.arange(64), 3), 1.0)
    expected = logits.log_softmax(-1).gather(1, tokens[:, None])[:, 0]
    torch.testing.assert_close(logprobs, expected, atol=1e-5, rtol=0)


def test_the_inverse_of_the_distribution_function_token_by_token() -> None:
    """For every token, numbers just inside its share of [0, 1) give that token."""
    probabilities = torch.tensor([0.1, 0.0, 0.4, 0.2, 0.0, 0.3], dtype=torch.float64)
    logits = probabilities.log().float()
    edges = torch.cat([torch.zeros(1), probabilities.cumsum(0)])
    for token in (0, 2, 3, 5):
        for place in (edges[token] + 1e-6, edges[token + 1] - 1e-6):
            drawn, _ = draw(logits[None].clone(), None, place[None], 1.0)
            assert drawn.item() == token


def test_impossible_tokens_are_never_drawn_even_at_the_ends() -> None:
    logits = torch.full((2, 400), -torch.inf)
    logits[:, 130] = 0.0
    drawn, logprobs = draw(logits, None, torch.tensor([0.0, 1.0 - 2.0**-53], dtype=torch.float64), 1.0)
    assert drawn.tolist() == [130, 130]
    assert logprobs.tolist() == [0.0, 0.0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("temperature", [0.5, 1.0, 1.7])
@pytest.mark.parametrize("vocabulary", [5, 255, 257, 1000])
def test_drawing_equals_walking_along_the_distribution(dtype: torch.dtype, temperature: float, vocabulary: int) -> None:
    """The slow way: add up probabilities until the number is passed."""
    logits = (torch.randn(40, vocabulary, generator=torch.Generator().manual_seed(4)) * 3).to(dtype)
    numbers = uniforms(torch.arange(40), 1)
    tokens, logprobs = draw(logits.clone(), None, numbers, temperature)
    wanted = (logits.double() / temperature).log_softmax(-1)
    for row, number in enumerate(numbers.tolist()):
        upto = wanted[row].exp().cumsum(0)
        token = int(tokens[row])
        assert upto[token] > number - 1e-6
        assert token == 0 or upto[token - 1] <= number + 1e-6
    torch.testing.assert_close(logprobs.double(), wanted.gather(1, tokens[:, None])[:, 0], atol=2e-5, rtol=0)


def test_at_next_to_no_temperature_the_likeliest_token_is_drawn_in_bf16_too() -> None:
    """Which one that is, only the logits with what rounding took from them say."""
    exact = torch.randn(50, 1000, generator=torch.Generator().manual_seed(2)) + 30
    logits = exact.bfloat16()
    rest = (exact - logits).bfloat16()
    tokens, logprobs = draw(logits.clone(), rest.clone(), uniforms(torch.arange(50), 3), 1e-3)
    assert torch.equal(tokens, (logits.float() + rest).argmax(-1))
    assert torch.isfinite(logprobs).all()
    assert logprobs.max() <= 0
