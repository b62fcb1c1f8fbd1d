"""Exact sampling from a vocabulary with random numbers that belong to the sample, not to the batch."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor

_BLOCK = 128


def stream_key(*parts: int) -> int:
    """A 63-bit key from integers: equal parts give equal keys, everywhere and always."""
    digest = hashlib.blake2b(",".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def uniforms(keys: Tensor, position: int) -> Tensor:
    """Random numbers in [0, 1), fp64 `[rows]`: number `position` of the stream of each key `[rows]` (int64).

    The counter-based generator SplitMix64 (Steele, Lea, Flood 2014), so a sample's numbers don't depend on what
    else is in the batch or on what was drawn before.
    """
    z = keys + _signed((position + 1) * 0x9E3779B97F4A7C15)
    z = (z ^ _shift(z, 30)) * _signed(0xBF58476D1CE4E5B9)
    z = (z ^ _shift(z, 27)) * _signed(0x94D049BB133111EB)
    z = z ^ _shift(z, 31)
    return _shift(z, 11).double() * 2.0**-53


def draw(logits: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """Tokens `[rows]` and their log-probabilities `[rows]` from fp32 logits `[rows, vocabulary]`, which are used up.

    Inverse-CDF sampling in two levels: sums of blocks first, then inside one block, so that the vocabulary is passed
    over only a few times, in place. `uniform`: `[rows]` in [0, 1).
    """
    rows, vocabulary = logits.shape
    weights = logits.sub_(logits.amax(-1, keepdim=True)).exp_()
    if vocabulary % _BLOCK:
        weights = torch.nn.functional.pad(weights, (0, -vocabulary % _BLOCK))
    blocks = weights.view(rows, -1, _BLOCK)
    upto = blocks.sum(-1).double().cumsum(-1)
    total = upto[:, -1:]
    aim = uniform[:, None] * total
    block = torch.searchsorted(upto, aim, right=True).clamp_max_(upto.shape[1] - 1)
    before = torch.where(block > 0, upto.gather(1, (block - 1).clamp_min(0)), torch.zeros_like(total))
    inside = blocks[torch.arange(rows), block[:, 0]].double()
    within = torch.searchsorted(inside.cumsum(-1), aim - before, right=True)
    last = (inside > 0).long().cumsum(-1).argmax(-1, keepdim=True)
    place = torch.minimum(within, last)
    logprob = inside.gather(1, place).log() - total.log()
    return (block * _BLOCK + place)[:, 0], logprob[:, 0].float()


def _shift(z: Tensor, bits: int) -> Tensor:
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value
