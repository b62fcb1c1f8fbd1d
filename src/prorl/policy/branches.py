"""Decoding layout: every branch holds its own keys and values, its trunk's stand once beside them."""

from __future__ import annotations

import torch
from torch import Tensor

from prorl.policy.tree import PackedTrees


class GrowingBranches:
    """`trees × n` branches that grow by one token a forward call, in step.

    Rows of a forward call are the branches still `active`; a branch keeps its place in the grid when others finish.
    A tree whose branches have all finished is dropped by `drop_finished`.
    """

    def __init__(self, prefilled: PackedTrees, n: int, capacity: int) -> None:
        """`prefilled`: trunks after a forward call with `keep_keys`; `capacity`: most tokens a branch will hold."""
        self.n, self.capacity, self.length = n, capacity, 0
        self.trunks = [(key.contiguous(), value.contiguous()) for key, value in prefilled.trunk_keys]
        self.trunk_bias = prefilled.trunk_bias
        key, _ = self.trunks[0]
        trees, kv, _, d = key.shape
        shape = (trees * n, kv, capacity, d)
        self.own = [(key.new_zeros(shape), key.new_zeros(shape)) for _ in self.trunks]
        self.active = torch.arange(trees * n)

    def grow(self) -> None:
        """Make room for the next token of every active branch; call before each forward."""
        if self.length == self.capacity:
            raise IndexError(f"branches already hold {self.capacity} tokens")
        self.length += 1

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """One new token of every active branch attends to its trunk, its earlier tokens and itself."""
        rows, last = self.active, self.length - 1
        own_key, own_value = self.own[layer]
        own_key[rows, :, last] = key.transpose(0, 1)
        own_value[rows, :, last] = value.transpose(0, 1)
        trunk_key, trunk_value = self.trunks[layer]
        trees, kv, depth, d = trunk_key.shape
        heads = query.shape[0]
        shared = heads // kv
        q = query.new_zeros(trees * self.n, heads, d)
        q[rows] = query.transpose(0, 1) * scaling
        by_tree = q.view(trees, self.n, kv, shared, d).transpose(1, 2).reshape(trees, kv, self.n * shared, d)
        on_trunk = (by_tree @ trunk_key.transpose(2, 3)).float() + self.trunk_bias[:, None, None, :]
        on_trunk = on_trunk.view(trees, kv, self.n, shared, depth).transpose(1, 2)
        held = own_key[:, :, : self.length], own_value[:, :, : self.length]
        on_own = (q.view(-1, kv, shared, d) @ held[0].transpose(2, 3)).float()
        on_own = on_own.view(trees, self.n, kv, shared, self.length)
        weights = torch.cat([on_trunk, on_own], -1).softmax(-1).to(q.dtype)
        from_trunk = weights[..., :depth].transpose(1, 2).reshape(trees, kv, self.n * shared, depth) @ trunk_value
        from_trunk = from_trunk.view(trees, kv, self.n, shared, d).transpose(1, 2)
        from_own = weights[..., depth:].reshape(-1, kv, shared, self.length) @ held[1]
        out = from_trunk.reshape(-1, heads, d) + from_own.reshape(-1, heads, d)
        return out[rows]

    def finish(self, finished: Tensor) -> None:
        """Take the active rows marked in `finished` `[active]` (bool) out of the batch."""
        self.active = self.active[~finished]

    def drop_finished(self) -> None:
        """Free the trees that have no active branch left, when they are at least half of all."""
        trees = self.trunk_bias.shape[0]
        kept = torch.unique(self.active // self.n)
        if 2 * len(kept) > trees or not len(kept):
            return
        rows = (kept[:, None] * self.n + torch.arange(self.n)).flatten()
        self.trunks = [(key[kept], value[kept]) for key, value in self.trunks]
        self.trunk_bias = self.trunk_bias[kept]
        self.own = [(key[rows], value[rows]) for key, value in self.own]
        moved = torch.full((trees * self.n,), -1)
        moved[rows] = torch.arange(len(rows))
        self.active = moved[self.active]
