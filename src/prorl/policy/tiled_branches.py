"""Branches whose keys and values lie as the processor's tile unit reads them; see `prorl.policy.branches`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from prorl.kernels.library import SIDE
from prorl.policy.branches import CacheShape, Places

COLUMNS = 16
"""Columns of a tile; see `kernels/source/decode_attention.cpp` for the order of numbers."""


class TiledBranches(Places):
    """Places for `trees × n` branches, in bf16."""

    def __init__(self, cache: CacheShape, trees: int, n: int, depth: int, capacity: int) -> None:
        """`depth`: tokens of the longest trunk to come; `capacity`: most tokens a branch will hold."""
        super().__init__(trees, n, capacity)
        self.depth, self.room = in_tiles(depth), in_tiles(capacity)
        trunk = (trees, cache.kv_heads, self.depth * cache.d)
        own = (trees * n, cache.kv_heads, self.room * cache.d)
        kinds = range(cache.layers)
        # Zeros, since what stands in a tile's padding is multiplied by weights of 0 and must be a number.
        self.trunks = [(torch.zeros(trunk, dtype=cache.dtype), torch.zeros(trunk, dtype=cache.dtype)) for _ in kinds]
        self.own = [(torch.zeros(own, dtype=cache.dtype), torch.zeros(own, dtype=cache.dtype)) for _ in kinds]
        self.starts = torch.zeros(1, dtype=torch.long)

    def plant(self, place: int, keys: Sequence[tuple[Tensor, Tensor]], tokens: Tensor) -> None:
        """Begin a tree whose trunk are the packed `tokens` `[depth]` of a prefilled row with `keys` (`PackedTrees`)."""
        self.begin(place, len(tokens))
        for (trunk_key, trunk_value), (key, value) in zip(self.trunks, keys, strict=True):
            for trunk, row, across in (trunk_key, key, True), (trunk_value, value, False):
                put = _tiles_of(row[tokens], across)
                trunk[place, :, : put.shape[1]] = put

    def take(self, rows: Tensor) -> Tensor:
        """Make room for one more token of each of `rows` `[rows]`; their positions `[rows]` in the sequence."""
        positions = super().take(rows)
        _, counts = torch.unique_consecutive(rows // self.n, return_counts=True)
        self.starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        return positions


def _tiles_of(x: Tensor, across: bool) -> Tensor:
    """`[tokens, kv, d]` to keys or values `[kv, numbers]`, with zeros after the last token."""
    tokens, kv, d = x.shape
    x = torch.nn.functional.pad(x, (0, 0, 0, 0, 0, in_tiles(tokens) - tokens))
    if across:  # tiles of 16 tokens and 32 numbers, which go in pairs
        tiles = x.view(-1, COLUMNS, kv, d // SIDE, SIDE // 2, 2).permute(2, 0, 3, 4, 1, 5)
    else:  # tiles of 32 tokens, which go in pairs, and 16 numbers
        tiles = x.view(-1, SIDE // 2, 2, kv, d // COLUMNS, COLUMNS).permute(3, 0, 4, 1, 5, 2)
    return tiles.reshape(kv, -1)


def in_tiles(count: int) -> int:
    """Tokens that so many take room for."""
    return -(-count // SIDE) * SIDE
