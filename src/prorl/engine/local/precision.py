"""What this machine computes in."""

from __future__ import annotations

from typing import Literal

import torch

from prorl.recipe.schema import Compute

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


def choose(precision: Literal["auto", "fp32", "bf16"]) -> Literal["fp32", "bf16"]:
    """`auto` is bf16 where the CPU multiplies bf16 tiles (AMX), and fp32 elsewhere.

    A CPU with AVX512-BF16 alone is slower in bf16 than in fp32 with this library (docs/performance.md).
    """
    if precision != "auto":
        return precision
    return "bf16" if torch.cpu._is_amx_tile_supported() else "fp32"


def settle(compute: Compute) -> torch.dtype:
    """Fix threads and, in fp32, deterministic kernels; returns the dtype of the model's arithmetic."""
    if compute.threads:
        torch.set_num_threads(compute.threads)
    precision = choose(compute.precision)
    torch.use_deterministic_algorithms(precision == "fp32")
    return DTYPES[precision]
