"""What this machine computes in."""

from __future__ import annotations

from typing import Literal

import torch

from prorl.engine.local.allocator import keep_freed_memory
from prorl.kernels.library import enable
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
