"""Ratios of probabilities, taken where they are safe: as differences of logarithms, in fp32 or better, bounded."""

from __future__ import annotations

import torch
from torch import Tensor

LOG_RATIO_BOUND = 20.0
"""Nats. exp(20) is 5e8: far beyond any ratio that means something, far from overflow in fp32."""


def at_least_float32(x: Tensor) -> Tensor:
    """`x` in fp32, or as it is if it is fp64."""
    return x if x.dtype == torch.float64 else x.float()


def log_ratio(numerator: Tensor, denominator: Tensor, bound: float = LOG_RATIO_BOUND) -> Tensor:
    """log(p / q) from log p and log q, in nats, clamped to `[-bound, bound]`. Same shape as its arguments.

    Past the bound the gradient is 0. NaN stays NaN: whoever knows that a number is missing must drop it.
    """
    return (at_least_float32(numerator) - at_least_float32(denominator)).clamp(-bound, bound)
