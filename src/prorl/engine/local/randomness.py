"""Random numbers that belong to a sample, not to the batch that it is in."""

from __future__ import annotations

import hashlib

import torch
from torch import Tensor


def stream_key(*parts: int) -> int:
    """A 63-bit key from integers: equal parts give equal keys, everywhere and always."""
    digest = hashlib.blake2b(",".join(map(str, parts)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 1


def uniforms(keys: Tensor, positions: Tensor | int) -> Tensor:
    """Random numbers in [0, 1), fp64 `[rows]`: number `positions` of the stream of each key `[rows]` (int64 both).

    The counter-based generator SplitMix64 (Steele, Lea, Flood 2014), so a sample's numbers don't depend on what
    else is in the batch or on what was drawn before.
    """
    z = keys + (torch.as_tensor(positions) + 1) * _signed(0x9E3779B97F4A7C15)
    z = (z ^ _shift(z, 30)) * _signed(0xBF58476D1CE4E5B9)
    z = (z ^ _shift(z, 27)) * _signed(0x94D049BB133111EB)
    z = z ^ _shift(z, 31)
    return _shift(z, 11).double() * 2.0**-53


def _shift(z: Tensor, bits: int) -> Tensor:
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >= 1 << 63 else value
