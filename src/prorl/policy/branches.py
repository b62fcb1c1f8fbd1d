"""Decoding layout: every branch holds its own keys and values, its trunk's stand once beside them.

There are places for a fixed number of trees, each with n branches; a tree takes a place when it begins and leaves it
when its last branch has ended, so that the next one may begin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from prorl.kernels.library import library


@dataclass(frozen=True, slots=True)
class CacheShape:
    """Sizes of a model's keys and values, and their type."""

    layers: int
    kv_heads: int
    d: int
    dtype: torch.dtype

    def bytes_per_token(self) -> int:
        """Keys and values of one token in all layers."""
        return 2 * self.layers * self.kv_heads * self.d * self.dtype.itemsize


class Places:
    """Who is where: places for `trees × n` branches. Branch b of the tree at place t is row `t * n + b`.

    The rows of a forward call are `rows`: set them by `take`, which makes room for one more token of each.
    """

    def __init__(self, trees: int, n: int, capacity: int) -> None:
        self.n, self.capacity = n, capacity
        self.depths = torch.zeros(trees, dtype=torch.long)
        self.lengths = torch.zeros(trees * n, dtype=torch.long)
        """Tokens that each row holds."""
        self.rows = self.row_depths = self.row_lengths = torch.zeros(0, dtype=torch.long)
        """The rows of the forward call, the tokens of their trunks, and their own, the newest included."""

    def begin(self, place: int, depth: int) -> None:
        """A tree with a trunk of `depth` tokens takes a place."""
        self.depths[place] = depth
        self.lengths[place * self.n : (place + 1) * self.n] = 0

    def take(self, rows: Tensor) -> Tensor:
        """Make room for one more token of each of `rows` `[rows]`; their positions `[rows]` in the sequence."""
        self.rows = rows
        self.lengths[rows] += 1
        self.row_depths, self.row_lengths = self.depths[rows // self.n], self.lengths[rows]
        if int(self.row_lengths.max()) > self.capacity:
            raise IndexError(f"a branch already holds {self.capacity} tokens")
        return self.row_depths + self.row_lengths - 1


class Branches(Places):
    """Places whose keys and values lie in rows, for the model's own forward call."""

    def __init__(self, cache: CacheShape, trees: int, n: int, depth: int, capacity: int) -> None:
        """`depth`: tokens of the longest trunk to come; `capacity`: most tokens a branch will hold."""
        super().__init__(trees, n, capacity)
        trunk, own = (trees, cache.kv_heads, depth, cache.d), (trees * n, cache.kv_heads, capacity, cache.d)
        kinds = range(cache.layers)
        self.trunks = [(torch.zeros(trunk, dtype=cache.dtype), torch.zeros(trunk, dtype=cache.dtype)) for _ in kinds]
        self.own = [(torch.empty(own, dtype=cache.dtype), torch.empty(own, dtype=cache.dtype)) for _ in kinds]

    def plant(self, place: int, keys: Sequence[tuple[Tensor, Tensor]], tokens: Tensor) -> None:
        """Begin a tree whose trunk are the packed `tokens` `[depth]` of a prefilled row with `keys` (`PackedTrees`)."""
        for (trunk_key, trunk_value), (key, value) in zip(self.trunks, keys, strict=True):
            trunk_key[place, :, : len(tokens)] = key[tokens].transpose(0, 1)
            trunk_value[place, :, : len(tokens)] = value[tokens].transpose(0, 1)
        self.begin(place, len(tokens))

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """The new token of every taken row attends to its trunk, its earlier tokens and itself."""
        own_key, own_value = self.own[layer]
        trunk_key, trunk_value = self.trunks[layer]
        trees, kv, depth, d = trunk_key.shape
        rows, heads = query.shape[:2]
        native = library(query)
        grid = query.new_zeros(trees, kv, self.n, heads // kv, d)
        if native is not None:
            native.call(
                "place_branches", query.dtype, query.contiguous(), key.contiguous(), value.contiguous(), own_key,
                own_value, grid, self.rows, self.row_lengths, rows, heads, kv, d, own_key.shape[2], self.n,
            )  # fmt: skip
        else:
            own_key[self.rows, :, self.row_lengths - 1] = key
            own_value[self.rows, :, self.row_lengths - 1] = value
            grid[self.rows // self.n, :, self.rows % self.n] = query.view(rows, kv, heads // kv, d)
        scores = grid.view(trees, kv, -1, d) @ trunk_key.transpose(2, 3)
        own = torch.zeros_like(grid)
        if native is not None:
            native.call(
                "attend_branches", query.dtype, query.contiguous(), own_key, own_value, self.rows, self.row_lengths,
                self.row_depths, scores, own, rows, heads, kv, d, own_key.shape[2], self.n, depth, scaling,
            )  # fmt: skip
        else:
            scores = self._attend_plainly(grid, scores, own_key, own_value, own, scaling)
        own.view(trees * kv, -1, d).baddbmm_(scores.view(trees * kv, -1, depth), trunk_value.flatten(0, 1))
        if native is None:
            return own[self.rows // self.n, :, self.rows % self.n].reshape(-1, heads, d)
        out = query.new_empty(query.shape)
        native.call("gather_branches", query.dtype, own, out, self.rows, rows, heads, kv, d, self.n)
        return out

    def _attend_plainly(
        self, grid: Tensor, scores: Tensor, own_key: Tensor, own_value: Tensor, own: Tensor, scaling: float
    ) -> Tensor:
        """What the kernel does: fills `own` with the branches' part of the output; returns the trunks' weights."""
        trees, kv, n, shared, d = grid.shape
        longest = int(self.row_lengths.max())
        held_key, held_value = (
            torch.where(self._holds(longest)[:, None, :, None], held[:, :, :longest], 0.0)
            .view(trees, n, kv, longest, d).transpose(1, 2)
            for held in (own_key, own_value)
        )  # fmt: skip
        on_own = (grid @ held_key.transpose(3, 4)).float() * scaling
        on_own = on_own.masked_fill(~self._holds(longest).view(trees, 1, n, 1, longest), -torch.inf)
        reach = torch.arange(scores.shape[-1]) < self.depths[:, None]
        on_trunk = (scores.float() * scaling).masked_fill(~reach[:, None, None], -torch.inf)
        on_trunk = on_trunk.view(trees, kv, n, shared, -1)
        weights = torch.cat([on_trunk, on_own], -1).softmax(-1).nan_to_num(0.0).to(grid.dtype)
        depth = scores.shape[-1]
        own.copy_(weights[..., depth:] @ held_value)
        return weights[..., :depth].reshape(trees, kv, n * shared, depth)

    def _holds(self, longest: int) -> Tensor:
        """`[rows of all places, longest]`: whether a row holds a token there."""
        return torch.arange(longest) < self.lengths[:, None]
