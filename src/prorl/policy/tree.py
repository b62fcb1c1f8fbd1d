"""Attention over groups as trees: the prompt (trunk) is computed once for all its completions (branches).

Tokens of many trees lie packed in one row `[1, tokens]`, without padding, so that the linear layers see no waste;
only attention unpacks them. It plugs into any Hugging Face causal LM as the attention implementation `tree`, with the
layout passed to the forward call as `tree=`. Two layouts know how to attend: `PackedTrees` (whole trees, for training
and for prefilling trunks) and `prorl.policy.branches.Branches` (one new token a branch, for decoding).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from prorl.errors import UserError
from prorl.kernels.library import library, tiles
from prorl.policy.flash_attention import flash_attention
from prorl.policy.grids import Grids, taken
from prorl.policy.tiled_attention import Slabs, tiled_attention
from prorl.policy.tree_attention import tree_attention

IMPLEMENTATION = "tree"
DENSE_UP_TO = 512
"""Tokens of a trunk or branch up to which dense products are faster than flash attention, and small enough to keep."""


class Layout(Protocol):
    """Where the tokens of a packed row belong, and so what they may attend to."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """query `[tokens, heads, d]`, key and value `[tokens, kv_heads, d]` to `[tokens, heads, d]`."""


@dataclass(frozen=True)
class Tree:
    """Token ids of one prompt and of the completions that share it."""

    trunk: Sequence[int]
    branches: Sequence[Sequence[int]] = ()

    @property
    def tokens(self) -> int:
        """Packed tokens that the tree costs; the last token of a branch predicts nothing and is not computed."""
        return len(self.trunk) + sum(max(len(branch) - 1, 0) for branch in self.branches)


@dataclass
class PackedTrees:
    """Whole trees in one row: for each tree its trunk, then its branches without their last tokens.

    `input_ids`, `positions`: `[tokens]`. `sources`: `[targets]`, the packed token that predicts each branch token;
    `targets`: `[targets]`, those branch tokens, tree by tree, branch by branch, in order. `trunks` and `branches`: by
    tree, the packed tokens.
    """

    input_ids: Tensor
    positions: Tensor
    sources: Tensor
    targets: Tensor
    trunks: Sequence[range]
    branches: Sequence[Sequence[range]]
    keep_keys: bool = False
    keys: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    """With `keep_keys`: per layer the keys and values of all tokens, `[tokens, kv_heads, d]` each."""

    @staticmethod
    def of(trees: Sequence[Tree], keep_keys: bool = False) -> PackedTrees:
        """Lay out trees of any sizes. Every trunk has at least one token."""
        ids: list[int] = []
        positions: list[int] = []
        sources: list[int] = []
        targets: list[int] = []
        trunks: list[range] = []
        branches: list[list[range]] = []
        for tree in trees:
            depth = len(tree.trunk)
            trunks.append(range(len(ids), len(ids) + depth))
            branches.append([])
            ids += tree.trunk
            positions += range(depth)
            for branch in tree.branches:
                own = range(len(ids), len(ids) + max(len(branch) - 1, 0))
                branches[-1].append(own)
                sources += [trunks[-1][-1], *own][: len(branch)]
                targets += branch
                ids += branch[:-1]
                positions += range(depth, depth + len(own))
        return PackedTrees(
            input_ids=torch.tensor(ids),
            positions=torch.tensor(positions),
            sources=torch.tensor(sources, dtype=torch.long),
            targets=torch.tensor(targets, dtype=torch.long),
            trunks=trunks,
            branches=branches,
            keep_keys=keep_keys,
        )

    @cached_property
    def slabs(self) -> Slabs:
        return Slabs.of(self.trunks, self.branches)

    @cached_property
    def grids(self) -> Grids:
        return Grids.of(self.trunks, self.branches)

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """Trunks attend causally to themselves; branches to their trunk and, causally, to themselves."""
        if self.keep_keys:
            self.keys.append((key, value))
        if tiles(query, query.shape[-1]) is not None:
            return tiled_attention(query, key, value, self.slabs, scaling)
        attends = tree_attention if library(query) is not None else flash_attention
        parts = [
            (attends if places.longest <= DENSE_UP_TO else flash_attention)(
                taken(query, at), taken(key, at), taken(value, at), places, scaling
            )
            for at, places in self.grids.grids
        ]
        out = torch.cat(parts) if len(parts) > 1 else parts[0]
        return out if self.grids.order is None else out.index_select(0, self.grids.order)


def _tree_attention(
    module: Any,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    scaling: float | None = None,
    tree: Layout | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    if tree is None:
        raise UserError(f"{type(module).__name__} does not hand its attention the tree layout; use a Llama-like model")
    if kwargs.get("softcap") is not None or kwargs.get("s_aux") is not None:
        raise UserError(
            f"{type(module).__name__} caps or sinks its attention scores, which groups as trees don't support"
        )
    if attention_mask is not None:
        raise UserError(f"{type(module).__name__} masks its attention by itself, which groups as trees don't support")
    scale = query.shape[-1] ** -0.5 if scaling is None else float(scaling)
    q, k, v = (x[0].transpose(0, 1) for x in (query, key, value))
    return tree.attend(module.layer_idx, q, k, v, scale)[None], None


def _no_mask(*_: Any, **__: Any) -> None:
    """The layout says who may see whom; no mask tensor is ever built."""


AttentionInterface.register(IMPLEMENTATION, _tree_attention)
AttentionMaskInterface.register(IMPLEMENTATION, _no_mask)
