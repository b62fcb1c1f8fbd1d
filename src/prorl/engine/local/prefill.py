"""Computing prompts before their completions: what several prompts begin with is computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from prorl.policy.model import Policy
from prorl.policy.tree import PackedTrees, Tree

LEAST_SHARED = 16
"""Shorter common beginnings are not worth a tree of their own."""


@dataclass(frozen=True)
class Prefilled:
    """Prompts after their forward pass. `keys`: by layer, of all packed tokens (`PackedTrees.keys`)."""

    keys: list[tuple[Tensor, Tensor]]
    tokens: list[Tensor]
    """By prompt: the packed places of its tokens, in order."""
    hidden: Tensor
    """`[prompts, hidden size]`: the last hidden state of each, from which the first token is drawn."""


def prefill(policy: Policy, prompts: Sequence[Sequence[int]]) -> Prefilled:
    """One forward pass over all prompts. Those with a common beginning are branches of a tree with that trunk."""
    trees, members = [], []
    for prefix, some in families(prompts):
        if prefix:
            # The last token of a branch is not computed, since in training it predicts nothing; here it is a dummy.
            trees.append(Tree(prompts[some[0]][:prefix], [[*prompts[i][prefix:], 0] for i in some]))
        else:
            trees.append(Tree(prompts[some[0]]))
        members.append((prefix, some))
    packed = PackedTrees.of(trees, keep_keys=True)
    with torch.no_grad():
        hidden = policy.hidden(packed.input_ids, packed.positions, packed)
    places: dict[int, Tensor] = {}
    at = 0
    for prefix, some in members:
        trunk = torch.arange(at, at + (prefix or len(prompts[some[0]])))
        at += len(trunk)
        for i in some:
            own = torch.arange(at, at + len(prompts[i]) - len(trunk))
            at += len(own)
            places[i] = torch.cat([trunk, own])
    tokens = [places[i] for i in range(len(prompts))]
    return Prefilled(packed.keys, tokens, hidden[torch.stack([place[-1] for place in tokens])])


def families(prompts: Sequence[Sequence[int]]) -> list[tuple[int, list[int]]]:
    """Prompts by what they begin with: (tokens shared, numbers of the prompts); 0 shared for a prompt on its own.

    Neighbours in sorted order share most, so a family grows while it keeps at least half of its first pair's prefix.
    A prompt that ends with the shared beginning keeps its last token as its own.
    """
    order = sorted(range(len(prompts)), key=lambda i: tuple(prompts[i]))
    found: list[tuple[int, list[int]]] = []
    for i in order:
        if found:
            shared, some = found[-1]
            common = _common(prompts[some[-1]], prompts[i])
            kept = min(shared, common) if len(some) > 1 else common
            if kept >= LEAST_SHARED and (len(some) == 1 or 2 * kept >= shared):
                found[-1] = (kept, [*some, i])
                continue
        found.append((0, [i]))
    return [(shared if len(some) > 1 else 0, some) for shared, some in found]


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    most = min(len(one), len(other)) - 1
    return next((i for i in range(most) if one[i] != other[i]), most)
