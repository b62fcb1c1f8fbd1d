"""Adding gradients up in fp32."""

from __future__ import annotations

import torch
from torch import Tensor

from prorl.kernels.library import SIDE, library, tiles


def add_up(total: Tensor, part: Tensor) -> None:
    """total += part, in place; total is fp32, part of the same shape may be bf16."""
    native = library(part)
    if native is not None and total.is_contiguous() and part.is_contiguous():
        native.call("add_up", part.dtype, total, part, part.numel())
    else:
        total += part


def sum_into(weight: Tensor, master: Tensor) -> None:
    """From now on layers that can may add this weight's gradients straight to `master.grad`."""
    weight.master = master  # type: ignore[attr-defined]


def sum_of(weight: Tensor) -> tuple[Tensor, bool] | None:
    """The fp32 gradient to fill in for the weight, and whether to add to it; None where autograd has to keep it."""
    master: Tensor | None = getattr(weight, "master", None)
    if master is None:
        return None
    add = master.grad is not None
    if not add:
        master.grad = torch.empty_like(master)
    assert master.grad is not None
    return master.grad, add


def weight_gradient(grad: Tensor, x: Tensor, weight: Tensor) -> Tensor | None:
    """grad' x for grad `[tokens, outputs]` and x `[tokens, inputs]`: None if it was added to the weight's own sum."""
    outputs, inputs = weight.shape
    native = tiles(weight, inputs)
    into = sum_of(weight) if native is not None and outputs % SIDE == 0 else None
    if native is None or into is None:
        return grad.t() @ x
    grad, x = _rows(grad), _rows(x)
    native.call(
        "weight_gradient", weight.dtype, grad, x, into[0], len(x), outputs, inputs, grad.stride(0), x.stride(0), into[1]
    )
    return None


def _rows(x: Tensor) -> Tensor:
    return x if x.stride(1) == 1 else x.contiguous()
