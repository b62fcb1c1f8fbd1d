"""Attention of whole trees by dense matrix products, for trunks and branches that are not too long.

For fp32, and for processors without a tile unit; elsewhere `tiled_attention` serves.

A query's scores on its trunk and on its own branch are two products; one softmax goes over both. Nothing of a trunk is
copied for its branches, and no product is cut into pieces by heads: queries that share keys are rows of one matrix.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from prorl.kernels.library import required
from prorl.policy.grids import Places


def tree_attention(query: Tensor, key: Tensor, value: Tensor, places: Places, scaling: float) -> Tensor:
    """query `[tokens, heads, d]`, key and value `[tokens, kv_heads, d]` to `[tokens, heads, d]`."""
    return _TreeAttention.apply(query, key, value, places, scaling)  # type: ignore[no-any-return, no-untyped-call]


class _Grids:
    """Index tensors that gather heads of packed tokens into grids with the shared heads innermost, and back."""

    def __init__(self, places: Places, heads: int, kv: int) -> None:
        self.heads, self.kv, self.shared = heads, kv, heads // kv
        self.places = places
        self.trees, self.depth = places.trunk.shape
        _, self.most, self.length = places.branch.shape

    def queries(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`[tokens, heads, d]` to `[trees, kv, depth, shared, d]` and `[trees, kv, most, length, shared, d]`.

        Of trunks that don't look themselves, nothing (depth 0).
        """
        d = x.shape[-1]
        by_kv = x.reshape(-1, self.kv, self.shared * d)
        trunk = self._gather(by_kv, self.places.trunk if self.places.stems else self.places.trunk[:, :0])
        branch = self._gather(by_kv, self.places.branch)
        return trunk.view(*trunk.shape[:-1], self.shared, d), branch.view(*branch.shape[:-1], self.shared, d)

    def keys(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """`[tokens, kv, d]` to `[trees, kv, depth, d]` and `[trees, kv, most, length, d]`."""
        return self._gather(x, self.places.trunk), self._gather(x, self.places.branch)

    def pack(self, trunk: Tensor, branch: Tensor, width: int) -> Tensor:
        """Grids with `width` numbers a token and kv_head to `[tokens, kv, width]`; zeros for an empty trunk grid."""
        if not trunk.numel():
            trunk = trunk.new_zeros(self.trees, self.kv, self.depth, width)
        one = trunk.view(self.trees, self.kv, -1, width).transpose(1, 2).reshape(-1, self.kv, width)
        other = branch.view(self.trees, self.kv, -1, width).transpose(1, 2).reshape(-1, self.kv, width)
        return torch.cat([one, other]).index_select(0, self.places.at)

    def _gather(self, x: Tensor, places: Tensor) -> Tensor:
        """`[tokens, kv, width]` to `[trees, kv, *places, width]`."""
        _, kv, width = x.shape
        flat = x.reshape(-1, kv, width).index_select(0, places.flatten())
        by_kv = flat.view(len(places), -1, kv, width).transpose(1, 2).contiguous()
        return by_kv.view(len(places), kv, *places.shape[1:], width)


class _TreeAttention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, query: Tensor, key: Tensor, value: Tensor, places: Places, scaling: float) -> Tensor:
        grids = _Grids(places, query.shape[1], key.shape[1])
        d = query.shape[-1]
        (q_trunk, q_own), (k_trunk, k_own), (v_trunk, v_own) = (
            grids.queries(query), grids.keys(key), grids.keys(value),
        )  # fmt: skip
        groups = grids.trees * grids.kv
        k_stem, v_stem = k_trunk.view(groups, -1, d), v_trunk.view(groups, -1, d)
        native = required(query)
        stem = q_trunk.view(groups, -1, d) @ k_stem.transpose(1, 2)
        native.call(
            "tree_softmax", query.dtype, stem, stem, places.reach, groups, stem.shape[1], 0, grids.depth,
            grids.shared, grids.kv, scaling,
        )  # fmt: skip
        out_trunk = stem @ v_stem
        leaves = groups * grids.most
        on_trunk = q_own.view(groups, -1, d) @ k_stem.transpose(1, 2)
        on_own = q_own.view(leaves, -1, d) @ k_own.view(leaves, -1, d).transpose(1, 2)
        native.call(
            "tree_softmax", query.dtype, on_trunk, on_own, places.reach, groups, on_trunk.shape[1], grids.depth,
            grids.length, grids.shared, grids.kv, scaling,
        )  # fmt: skip
        out_own = on_trunk @ v_stem
        out_own.view(leaves, -1, d).baddbmm_(on_own, v_own.view(leaves, -1, d))
        ctx.save_for_backward(q_trunk, q_own, k_trunk, k_own, v_trunk, v_own, stem, on_trunk, on_own)
        ctx.grids, ctx.scaling = grids, scaling
        return grids.pack(out_trunk, out_own, grids.shared * d).view_as(query)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        q_trunk, q_own, k_trunk, k_own, v_trunk, v_own, stem, on_trunk, on_own = ctx.saved_tensors
        grids: _Grids = ctx.grids
        grad = grads[0].contiguous()
        d = grad.shape[-1]
        groups, leaves = grids.trees * grids.kv, grids.trees * grids.kv * grids.most
        g_trunk, g_own = _only_tokens(grids, *grids.queries(grad))
        k_stem, v_stem = k_trunk.view(groups, -1, d), v_trunk.view(groups, -1, d)
        q_stem, q_leaf = q_trunk.view(groups, -1, d), q_own.view(leaves, -1, d)
        g_stem, g_leaf = g_trunk.view(groups, -1, d), g_own.view(leaves, -1, d)
        native = required(grad)

        slope = g_stem @ v_stem.transpose(1, 2)
        native.call(
            "tree_softmax_backward", grad.dtype, stem, stem, slope, slope, groups, slope.shape[1], 0, grids.depth,
            ctx.scaling,
        )  # fmt: skip
        on_stem = q_own.view(groups, -1, d), g_own.view(groups, -1, d)
        slope_trunk = on_stem[1] @ v_stem.transpose(1, 2)
        slope_own = g_leaf @ v_own.view(leaves, -1, d).transpose(1, 2)
        native.call(
            "tree_softmax_backward", grad.dtype, on_trunk, on_own, slope_trunk, slope_own, groups,
            on_trunk.shape[1], grids.depth, grids.length, ctx.scaling,
        )  # fmt: skip
        grad_q_own = slope_trunk @ k_stem
        grad_q_own.view(leaves, -1, d).baddbmm_(slope_own, k_own.view(leaves, -1, d))
        grad_k_stem = (slope.transpose(1, 2) @ q_stem).baddbmm_(slope_trunk.transpose(1, 2), on_stem[0])
        grad_v_stem = (stem.transpose(1, 2) @ g_stem).baddbmm_(on_trunk.transpose(1, 2), on_stem[1])
        grad_k_own, grad_v_own = slope_own.transpose(1, 2) @ q_leaf, on_own.transpose(1, 2) @ g_leaf
        grad_q = grids.pack(slope @ k_stem, grad_q_own, grids.shared * d).view_as(grad)
        return grad_q, grids.pack(grad_k_stem, grad_k_own, d), grids.pack(grad_v_stem, grad_v_own, d), None, None


def _only_tokens(grids: _Grids, trunk: Tensor, branch: Tensor) -> tuple[Tensor, Tensor]:
    """Zeros at the places of gradients' grids where no token stands."""
    filled = torch.zeros(grids.places.trunk.numel() + grids.places.branch.numel(), dtype=torch.bool)
    filled[grids.places.at] = True
    if not filled.all():
        stem, leaf = filled[: grids.places.trunk.numel()], filled[grids.places.trunk.numel() :]
        if trunk.numel():
            trunk.mul_(stem.view(grids.trees, 1, grids.depth, 1, 1))
        branch.mul_(leaf.view(grids.trees, 1, grids.most, grids.length, 1, 1))
    return trunk, branch
