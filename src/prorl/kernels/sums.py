"""Adding gradients up."""

from __future__ import annotations

from torch import Tensor

from prorl.kernels.library import library


def add_up(total: Tensor, part: Tensor) -> None:
    """total += part, in place; total is fp32, part of the same shape may be bf16."""
    native = library(part)
    if native is not None and total.is_contiguous() and part.is_contiguous():
        native.call("add_up", part.dtype, total, part, part.numel())
    else:
        total += part
