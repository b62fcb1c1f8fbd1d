"""Attention of whole trees by the tensor library's own kernels: on any device, for any length, in any floating type."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from prorl.policy.grids import Places


def flash_attention(query: Tensor, key: Tensor, value: Tensor, places: Places, scaling: float) -> Tensor:
    """query `[tokens, heads, d]`, key and value `[tokens, kv_heads, d]` to `[tokens, heads, d]`.

    Trunks are rows of one causal call. Branches are rows of another, each with a copy of its trunk before itself.
    """
    _, most, length = places.branch.shape
    q, k, v = (x[places.trunk] for x in (query, key, value))
    trunk = _attention(q, k, v, scaling, causal=True) if places.stems else torch.zeros_like(q)
    grown_key, grown_value = (
        torch.cat([stem[:, None].expand(-1, most, -1, -1, -1), own[places.branch]], 2).flatten(0, 1)
        for stem, own in ((k, key), (v, value))
    )
    seen = _seen(places.reach, places.trunk.shape[1], most, length)
    out = _attention(query[places.branch].flatten(0, 1), grown_key, grown_value, scaling, seen=seen)
    return torch.cat([trunk.reshape(-1, *query.shape[1:]), out.reshape(-1, *query.shape[1:])])[places.at]


def _attention(
    query: Tensor, key: Tensor, value: Tensor, scaling: float, causal: bool = False, seen: Tensor | None = None
) -> Tensor:
    """query `[rows, tokens, heads, d]`, key and value `[rows, length, kv_heads, d]`; `[rows, tokens, heads, d]`."""
    out = scaled_dot_product_attention(
        query.transpose(1, 2), key.transpose(1, 2), value.transpose(1, 2),
        attn_mask=seen, is_causal=causal, scale=scaling, enable_gqa=True,
    )  # fmt: skip
    return out.transpose(1, 2)


def _seen(reach: Tensor, depth: int, most: int, length: int) -> Tensor:
    """`[trees * most or 1, 1, length, depth + length]` (bool): what a branch's tokens may look at."""
    reach = reach[:1] if bool((reach == reach[0]).all()) else reach.repeat_interleave(most)
    trunk = torch.arange(depth) < reach[:, None]
    own = torch.ones(length, length, dtype=torch.bool).tril()
    shape = (len(reach), length, -1)
    return torch.cat([trunk[:, None].expand(shape), own.expand(shape)], 2)[:, None]
