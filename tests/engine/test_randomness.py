"""Random numbers that belong to the sample."""

from __future__ import annotations

import torch
from scipy.stats import kstest

from prorl.engine.local.randomness import stream_key, uniforms


def test_numbers_are_uniform_and_belong_to_key_and_position_alone() -> None:
    keys = torch.tensor([stream_key(7, number) for number in range(20_000)])
    numbers = uniforms(keys, 5)
    assert kstest(numbers.numpy(), "uniform").pvalue > 1e-3
    assert torch.equal(uniforms(keys[17:18], 5), numbers[17:18])
    positions = torch.arange(3)
    apart = [uniforms(keys[:1], int(position)) for position in positions]
    assert torch.equal(uniforms(keys[:1].expand(3), positions), torch.cat(apart))
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
