"""How the next token of every open branch is computed: by the model's own code, or by kernels of the tile unit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor

from prorl.policy.branches import Branches, CacheShape
from prorl.policy.packed import can_pack, packed
from prorl.policy.tiled_branches import TiledBranches, in_tiles
from prorl.policy.tiled_layers import TiledLayers, can_tile
from prorl.policy.tree import PackedTrees, Tree

PACK_FROM_TOKENS = 24
"""Packing the weights for the model's own code pays from so many tokens in a row on (docs/performance.md)."""
TOLERANCE = 5e-2
"""Largest difference of a trial, relative to the largest value."""


class Decoder(Protocol):
    """Computes hidden states `[rows, hidden size]` of one new token `[rows]` for each row that `branches` took."""

    def tree_bytes(self, n: int, depth: int, capacity: int) -> int:
        """Bytes of the keys and values of one tree with n branches."""

    def branches(self, trees: int, n: int, depth: int, capacity: int) -> Any:
        """Room for branches, as `Branches` has it."""

    def advance(self, tokens: Tensor, positions: Tensor, branches: Any) -> Tensor:
        """The hidden states after these tokens."""


class ModelDecoder:
    """The model's own forward call."""

    def __init__(self, model: Any, cache: CacheShape) -> None:
        self.model, self.cache = model, cache

    def tree_bytes(self, n: int, depth: int, capacity: int) -> int:
        """Every token takes its own."""
        return self.cache.bytes_per_token() * (depth + n * capacity)

    def branches(self, trees: int, n: int, depth: int, capacity: int) -> Branches:
        """Keys and values in rows."""
        return Branches(self.cache, trees, n, depth, capacity)

    def advance(self, tokens: Tensor, positions: Tensor, branches: Branches) -> Tensor:
        """Through all layers."""
        return forward(self.model, tokens, positions, branches)


class TiledDecoder:
    """The same layers by kernels, on weights packed when this is made: they must not change meanwhile."""

    def __init__(self, model: Any, cache: CacheShape) -> None:
        self.model, self.cache = model, cache
        self.layers = TiledLayers(model, cache)

    def tree_bytes(self, n: int, depth: int, capacity: int) -> int:
        """Trunk and branches take whole tiles."""
        return self.cache.bytes_per_token() * (in_tiles(depth) + n * in_tiles(capacity))

    def branches(self, trees: int, n: int, depth: int, capacity: int) -> TiledBranches:
        """Keys and values in tiles."""
        return TiledBranches(self.cache, trees, n, depth, capacity)

    def advance(self, tokens: Tensor, positions: Tensor, branches: TiledBranches) -> Tensor:
        """Through all layers."""
        decoder = self.model.get_decoder()
        embedded = decoder.embed_tokens(tokens)
        cosine, sine = decoder.rotary_emb(embedded[None], positions[None])
        return decoder.norm(self.layers(embedded, cosine[0], sine[0], branches))  # type: ignore[no-any-return]


@contextmanager
def decoding(model: Any, cache: CacheShape, tiled: bool, tokens: int) -> Iterator[Decoder]:
    """The fastest decoder that is right here for `tokens` tokens in a row; weights must not change meanwhile.

    `tiled`: whether a trial has shown that kernels compute what this model computes.
    """
    if tiled and can_tile(model, cache):
        yield TiledDecoder(model, cache)
    elif tokens >= PACK_FROM_TOKENS and can_pack(model):
        with packed(model):
            yield ModelDecoder(model, cache)
    else:
        yield ModelDecoder(model, cache)


@torch.no_grad()
def try_tiles(model: Any, cache: CacheShape) -> bool:
    """Whether kernels give the model's own hidden states, on two tokens after a trunk of three."""
    if not can_tile(model, cache):
        return False
    whole = PackedTrees.of([Tree([1, 2, 3], [[2, 1, 0]])])
    wanted = forward(model, whole.input_ids, whole.positions, whole)[3:].float()
    trunk = PackedTrees.of([Tree([1, 2, 3])], keep_keys=True)
    forward(model, trunk.input_ids, trunk.positions, trunk)
    decoder = TiledDecoder(model, cache)
    branches = decoder.branches(1, 1, 3, 2)
    branches.plant(0, trunk.keys, torch.arange(3))
    found = [decoder.advance(torch.tensor([token]), branches.take(torch.tensor([0])), branches) for token in (2, 1)]
    apart = (torch.cat(found).float() - wanted).abs().max()
    return bool(apart <= TOLERANCE * wanted.abs().max())


def forward(model: Any, input_ids: Tensor, positions: Tensor, layout: Any) -> Tensor:
    """Last hidden states `[tokens, hidden size]` of a packed row, by the model's own code."""
    out = model.get_decoder()(input_ids=input_ids[None], position_ids=positions[None], use_cache=False, tree=layout)
    return out.last_hidden_state[0]  # type: ignore[no-any-return]
