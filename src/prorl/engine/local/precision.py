"""What this machine computes in."""

from __future__ import annotations

import functools
import time
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import linear

from prorl.engine.local.allocator import keep_freed_memory
from prorl.kernels.library import enable
from prorl.policy.packed import has_bf16_products
from prorl.recipe.schema import Compute

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
WORTH = 1.25
"""From such a gain on bf16 is taken: what isn't a product gains less, and fp32 rounds less."""
TRIALS = 12
"""Products timed in each; the quickest counts."""


def choose(precision: Literal["auto", "fp32", "bf16"]) -> Literal["fp32", "bf16"]:
    """What `auto` stands for here: bf16 where the CPU multiplies it in tiles (AMX) or is seen to be quicker in it."""
    if precision != "auto":
        return precision
    tiles = torch.cpu._is_amx_tile_supported()
    return "bf16" if tiles or (can_multiply_bf16() and bf16_gain() >= WORTH) else "fp32"


def can_multiply_bf16() -> bool:
    """Whether the CPU has instructions for it (AVX512-BF16)."""
    return bool(torch.cpu._is_avx512_bf16_supported()) and has_bf16_products()


@functools.cache
def bf16_gain() -> float:
    """How many times as quick a product is in bf16 as in fp32, timed here and now, which takes a tenth of a second.

    The instructions alone don't tell: a product takes half the time in one processor that has them, and half as long
    again in another (docs/performance.md).
    """
    sides = [(torch.zeros(256, 576, dtype=dtype), torch.zeros(1536, 576, dtype=dtype)) for dtype in DTYPES.values()]
    with torch.no_grad():
        rounds = [[_seconds(x, weight) for x, weight in sides] for _ in range(TRIALS)]
    in_fp32, in_bf16 = (min(seconds) for seconds in zip(*rounds, strict=True))
    return float(in_fp32 / in_bf16)


def _seconds(x: Tensor, weight: Tensor) -> float:
    begun = time.perf_counter()
    linear(x, weight)
    return time.perf_counter() - begun


def settle(compute: Compute) -> torch.dtype:
    """Fix the number of threads; returns the dtype of the model's arithmetic.

    The kernels that this engine uses on a CPU give the same bits for the same threads. A test holds them to that; the
    library's own switch for deterministic kernels would fill every new tensor first and cost a fifth of the time.
    Setting the number of threads, even to what it is, also keeps MKL from using fewer when the machine is busy, which
    would change the order of its sums.
    """
    keep_freed_memory()
    enable(compute.kernels)
    torch.set_num_threads(compute.threads or torch.get_num_threads())
    return DTYPES[choose(compute.precision)]
