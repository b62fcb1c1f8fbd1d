"""Sampling from a vocabulary: exact, and by random numbers that belong to the sample."""

from __future__ import annotations

import torch
from scipy.stats import chisquare, kstest

from prorl.engine.local.draw import draw, stream_key, uniforms


def test_tokens_come_as_often_as_they_should() -> None:
    logits = torch.tensor([0.0, 1.0, -1.0, 2.5] + [-3.0] * 296)
    rows = 200_000
    tokens, _ = draw(logits.expand(rows, -1).clone(), uniforms(torch.arange(rows), 0))
    expected = logits.softmax(-1).double() * rows
    seen = torch.bincount(tokens, minlength=300).double()
    assert chisquare(seen, expected * (seen.sum() / expected.sum())).pvalue > 1e-3


def test_logprobs_are_those_of_the_softmax() -> None:
    logits = torch.randn(64, 1000, generator=torch.Generator().manual_seed(1)) * 5
    tokens, logprobs = draw(logits.clone(), uniforms(torch.arange(64), 3))
    expected = logits.log_softmax(-1).gather(1, tokens[:, None])[:, 0]
    torch.testing.assert_close(logprobs, expected, atol=1e-5, rtol=0)


def test_the_inverse_of_the_distribution_function_token_by_token() -> None:
    """For every token, numbers just inside its share of [0, 1) give that token."""
    probabilities = torch.tensor([0.1, 0.0, 0.4, 0.2, 0.0, 0.3], dtype=torch.float64)
    logits = probabilities.log().float()
    edges = torch.cat([torch.zeros(1), probabilities.cumsum(0)])
    for token in (0, 2, 3, 5):
        for place in (edges[token] + 1e-6, edges[token + 1] - 1e-6):
            drawn, _ = draw(logits[None].clone(), place[None])
            assert drawn.item() == token


def test_impossible_tokens_are_never_drawn_even_at_the_ends() -> None:
    logits = torch.full((2, 400), -torch.inf)
    logits[:, 130] = 0.0
    drawn, logprobs = draw(logits, torch.tensor([0.0, 1.0 - 2.0**-53], dtype=torch.float64))
    assert drawn.tolist() == [130, 130]
    assert logprobs.tolist() == [0.0, 0.0]


def test_numbers_are_uniform_and_belong_to_key_and_position_alone() -> None:
    keys = torch.tensor([stream_key(7, number) for number in range(20_000)])
    numbers = uniforms(keys, 5)
    assert kstest(numbers.numpy(), "uniform").pvalue > 1e-3
    assert torch.equal(uniforms(keys[17:18], 5), numbers[17:18])
    assert abs(torch.corrcoef(torch.stack([numbers, uniforms(keys, 6)]))[0, 1]) < 0.03


def test_splitmix64_matches_its_published_sequence() -> None:
    """The first outputs for seed 1234567, as the generator's authors give them."""
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    found = [float(uniforms(torch.tensor([1234567]), position)) for position in range(3)]
    assert found == [(value >> 11) * 2.0**-53 for value in published]


def test_keys_differ_for_different_parts() -> None:
    keys = {stream_key(a, b) for a in range(50) for b in range(50)}
    assert len(keys) == 2500
    assert stream_key(1, 23) != stream_key(12, 3)
