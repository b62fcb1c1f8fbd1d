"""Attention of whole trees by one kernel of the processor's tile unit, forward and back, for any lengths.

Scores never leave the cache. The forward pass keeps its output and a log-sum for each row; the backward pass makes the
weights again (FlashAttention).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from prorl.kernels.library import required

TOKENS = 1024
"""Tokens of a slab, unless one branch alone has more: enough work for a task, and its keys stay in the second cache."""


@dataclass(frozen=True)
class Slabs:
    """Packed trees cut into tasks, the same for every layer. How a tree is cut doesn't depend on what is beside it.

    `bounds`: `[slabs, 4]`, where the tree's trunk and its branches begin, where the slab begins and ends; `begins`:
    `[tokens]`, where each one's branch begins.
    """

    bounds: Tensor
    begins: Tensor

    @staticmethod
    def of(trunks: Sequence[range], branches: Sequence[Sequence[range]]) -> Slabs:
        """Of trees given by the packed tokens of their trunks and branches."""
        bounds = [
            (trunk.start, trunk.stop, first, end)
            for trunk, own in zip(trunks, branches, strict=True)
            for first, end in _cut([*(trunk[at : at + TOKENS] for at in range(0, len(trunk), TOKENS)), *own])
        ]
        begins = [
            part.start for trunk, own in zip(trunks, branches, strict=True) for part in (trunk, *own) for _ in part
        ]
        return Slabs(torch.tensor(bounds), torch.tensor(begins))


def _cut(parts: Sequence[range]) -> Iterator[tuple[int, int]]:
    """Neighbouring parts of a tree, the first of at most TOKENS, put together as long as they have no more."""
    first = end = parts[0].start
    for part in parts:
        if part and part.stop - first > TOKENS:
            yield first, end
            first = end
        end = part.stop
    yield first, end


def tiled_attention(query: Tensor, key: Tensor, value: Tensor, slabs: Slabs, scaling: float) -> Tensor:
    """query `[tokens, heads, d]`, key and value `[tokens, kv_heads, d]` to `[tokens, heads, d]`, all in bf16."""
    return _TiledAttention.apply(query, key, value, slabs, scaling)  # type: ignore[no-any-return, no-untyped-call]


class _TiledAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, slabs: Slabs, scaling: float) -> Tensor:
        query, key, value = _dense(query), _dense(key), _dense(value)
        out = torch.empty(query.shape, dtype=query.dtype)
        logs = torch.empty(query.shape[:2])
        sizes = _sizes(query, key, value, slabs)
        required(query).call(
            "tree_attention", query.dtype, query, key, value, slabs.bounds, slabs.begins, out, logs, *sizes, scaling
        )
        ctx.save_for_backward(query, key, value, out, logs)
        ctx.slabs, ctx.scaling = slabs, scaling
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        query, key, value, out, logs = ctx.saved_tensors
        slabs, grad = ctx.slabs, grads[0].contiguous()
        found = tuple(torch.empty(x.shape, dtype=x.dtype) for x in (query, key, value))
        required(grad).call(
            "tree_attention_backward", grad.dtype, query, key, value, out, logs, grad, slabs.bounds, slabs.begins,
            *found, *_sizes(query, key, value, slabs), ctx.scaling,
        )  # fmt: skip
        return *found, None, None


def _dense(x: Tensor) -> Tensor:
    """With the numbers of one token side by side."""
    return x if x.stride(2) == 1 and x.stride(1) == x.shape[2] else x.contiguous()


def _sizes(query: Tensor, key: Tensor, value: Tensor, slabs: Slabs) -> tuple[int, ...]:
    _, heads, d = query.shape
    return len(slabs.bounds), heads, key.shape[1], d, query.stride(0), key.stride(0), value.stride(0)
