"""Attention over groups as trees: the prompt (trunk) is computed once for all its completions (branches).

Tokens of many trees lie packed in one row `[1, tokens]`, without padding, so that the linear layers see no waste;
only attention unpacks them. It plugs into any Hugging Face causal LM as the attention implementation `tree`, with the
layout passed to the forward call as `tree=`. Two layouts know how to attend: `PackedTrees` (whole trees, for training
and for prefilling trunks) and `prorl.policy.branches.GrowingBranches` (one new token a branch, for decoding).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface

from prorl.errors import UserError

IMPLEMENTATION = "tree"


class Layout(Protocol):
    """Where the tokens of a packed row belong, and so what they may attend to."""

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """query `[heads, tokens, d]`, key and value `[kv_heads, tokens, d]` to `[tokens, heads, d]`."""


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
    `targets`: `[targets]`, those branch tokens, tree by tree, branch by branch, in order.
    """

    input_ids: Tensor
    positions: Tensor
    sources: Tensor
    targets: Tensor
    trunk_ends: Tensor
    """`[trees]`: packed index of the last token of every trunk."""
    _trunk: _Grid
    _branch: _Grid
    _trunk_bias: Tensor
    _own_bias: Tensor
    _trees: int
    keep_keys: bool = False
    trunk_keys: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    """With `keep_keys`: per layer the trunks' keys and values, `[trees, kv_heads, longest trunk, d]`."""

    @property
    def trunk_bias(self) -> Tensor:
        """`[trees, longest trunk]`: 0 on a trunk's tokens, -inf behind its end."""
        return self._trunk_bias

    @staticmethod
    def of(trees: Sequence[Tree], keep_keys: bool = False) -> PackedTrees:
        """Lay out trees of any sizes. Every trunk has at least one token."""
        ids: list[int] = []
        positions: list[int] = []
        sources: list[int] = []
        targets: list[int] = []
        ends: list[int] = []
        longest_trunk = max(len(tree.trunk) for tree in trees)
        most = max(len(tree.branches) for tree in trees)
        longest = max((len(branch) - 1 for tree in trees for branch in tree.branches), default=0)
        trunk = _GridBuilder()
        own = _GridBuilder()
        for number, tree in enumerate(trees):
            depth = len(tree.trunk)
            trunk.add(len(ids), number * longest_trunk, depth)
            ids += tree.trunk
            positions += range(depth)
            end = len(ids) - 1
            ends.append(end)
            for index, branch in enumerate(tree.branches):
                own.add(len(ids), (number * most + index) * longest, max(len(branch) - 1, 0))
                sources += [end, *range(len(ids), len(ids) + len(branch) - 1)][: len(branch)]
                targets += branch
                ids += branch[:-1]
                positions += range(depth, depth + len(branch) - 1)
        depths = torch.tensor([len(tree.trunk) for tree in trees])
        causal = torch.full((longest, longest), -torch.inf).triu(1)
        return PackedTrees(
            input_ids=torch.tensor(ids),
            positions=torch.tensor(positions),
            sources=torch.tensor(sources, dtype=torch.long),
            targets=torch.tensor(targets, dtype=torch.long),
            trunk_ends=torch.tensor(ends),
            _trunk=trunk.build((len(trees), longest_trunk)),
            _branch=own.build((len(trees), most, longest)),
            _trunk_bias=_bias(torch.arange(longest_trunk)[None] < depths[:, None]),
            _own_bias=causal,
            _trees=len(trees),
            keep_keys=keep_keys,
        )

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        """Trunks attend causally to themselves; branches to their trunk and, causally, to themselves."""
        trunk_key, trunk_value = self._trunk.unpack(key), self._trunk.unpack(value)
        out = scaled_dot_product_attention(
            self._trunk.unpack(query), trunk_key, trunk_value, is_causal=True, scale=scaling, enable_gqa=True
        )
        if self.keep_keys:
            self.trunk_keys.append((trunk_key, trunk_value))
        result = self._trunk.pack(out, query.shape[1])
        if self._branch.inside.numel():
            branches = self._attend_branches(query * scaling, key, value, trunk_key, trunk_value)
            result = result + self._branch.pack(branches, query.shape[1])
        return result

    def _attend_branches(
        self, query: Tensor, key: Tensor, value: Tensor, trunk_key: Tensor, trunk_value: Tensor
    ) -> Tensor:
        """`[trees, heads, branches, own length, d]`, softmax over trunk and own part together."""
        q = self._branch.unpack(query)
        k, v = self._branch.unpack(key), self._branch.unpack(value)
        trees, heads, most, length, d = q.shape
        kv, shared = k.shape[1], heads // k.shape[1]
        q = q.reshape(trees, kv, shared, most, length, d)
        depth = trunk_key.shape[2]
        on_trunk = (q.reshape(trees, kv, shared * most * length, d) @ trunk_key.transpose(2, 3)).float()
        on_trunk = on_trunk + self._trunk_bias[:, None, None, :]
        on_own = (q @ k[:, :, None].transpose(4, 5)).float() + self._own_bias
        weights = torch.cat([on_trunk.reshape(trees, kv, shared, most, length, depth), on_own], -1).softmax(-1)
        weights = weights.to(value.dtype)
        from_trunk = weights[..., :depth].reshape(trees, kv, shared * most * length, depth) @ trunk_value
        from_own = weights[..., depth:] @ v[:, :, None]
        return (from_trunk.view_as(from_own) + from_own).reshape(trees, heads, most, length, d)


@dataclass
class _Grid:
    """A padded view of some tokens of a packed row: token `inside[i]` stands at flat place `places[i]` of `shape`.

    `shape` is `[trees, ...]`; unpacked tensors carry the heads behind the trees and the head size last.
    """

    inside: Tensor
    places: Tensor
    shape: tuple[int, ...]

    def unpack(self, packed: Tensor) -> Tensor:
        """`[heads, tokens, d]` to `[trees, heads, ..., d]`, zeros where there is no token."""
        heads, _, d = packed.shape
        flat = packed.new_zeros(heads, _product(self.shape), d)
        flat = flat.index_copy(1, self.places, packed.index_select(1, self.inside))
        return flat.view(heads, *self.shape, d).transpose(0, 1)

    def pack(self, grid: Tensor, tokens: int) -> Tensor:
        """`[trees, heads, ..., d]` to `[tokens, heads, d]`, zeros for tokens outside this grid."""
        heads, d = grid.shape[1], grid.shape[-1]
        flat = grid.transpose(0, 1).reshape(heads, -1, d).transpose(0, 1)
        return flat.new_zeros(tokens, heads, d).index_copy(0, self.inside, flat.index_select(0, self.places))


class _GridBuilder:
    def __init__(self) -> None:
        self.inside: list[int] = []
        self.places: list[int] = []

    def add(self, first_token: int, first_place: int, count: int) -> None:
        self.inside += range(first_token, first_token + count)
        self.places += range(first_place, first_place + count)

    def build(self, shape: tuple[int, ...]) -> _Grid:
        return _Grid(torch.tensor(self.inside, dtype=torch.long), torch.tensor(self.places, dtype=torch.long), shape)


def _bias(allowed: Tensor) -> Tensor:
    return torch.zeros(allowed.shape).masked_fill_(~allowed, -torch.inf)


def _product(shape: Sequence[int]) -> int:
    result = 1
    for size in shape:
        result *= size
    return result


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
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    return tree.attend(module.layer_idx, query[0], key[0], value[0], scale)[None], None


def _no_mask(*_: Any, **__: Any) -> None:
    """The layout says who may see whom; no mask tensor is ever built."""


AttentionInterface.register(IMPLEMENTATION, _tree_attention)
AttentionMaskInterface.register(IMPLEMENTATION, _no_mask)
