"""One long completion among short ones: the others aren't padded to its length."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from prorl.policy.tree import PackedTrees, Tree

HEADS, KV, D = 4, 2, 16
TREES = [
    Tree([1] * 9, [[2] * 12] * 8),
    Tree([1] * 30, [[2] * length for length in (5, 400, 12, 1)]),
    Tree([1] * 12, [[2] * 10] * 8),
    Tree([1] * 5),
    Tree([1] * 11, [[2] * 11] * 8),
]
APART = [[tree] for tree in TREES]


SKEWED = [
    Tree([1] * 200, [[2] * length for length in (21, 501, *[21] * 14)]),
    Tree([1] * 20, [[2] * 8] * 8),
    Tree([1] * 30, [[2] * length for length in (450, 9, 1, 9, 9, 9, 0, 9)]),
    Tree([1] * 30, [[2] * length for length in (9, 9, 600, 9, 9, 9, 60, 60, 9)]),
]


Attend = Callable[[list[Tree], Tensor, Tensor, Tensor], Tensor]


def by_layout(row: list[Tree], query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    return PackedTrees.of(row).attend(0, query, key, value, scaling=0.25)


def plainly(row: list[Tree], query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Every trunk and every branch by itself, behind a copy of its trunk."""
    key, value = (x.repeat_interleave(HEADS // KV, 1) for x in (key, value))
    packed, out = PackedTrees.of(row), torch.zeros_like(query)
    for trunk, branches in zip(packed.trunks, packed.branches, strict=True):
        for own in (trunk, *(branch for branch in branches if branch)):
            before = [] if own is trunk else list(trunk)
            seen = torch.tensor([*before, *own])
            scores = 0.25 * torch.einsum("qhd,khd->hqk", query[list(own)], key[seen])
            hidden = torch.ones(len(own), len(seen)).triu(1 + len(before)).bool()
            weights = scores.masked_fill(hidden, -torch.inf).softmax(-1)
            out = out.index_copy(0, torch.tensor(list(own)), torch.einsum("hqk,khd->qhd", weights, value[seen]))
    return out


def attended(rows: list[list[Tree]], attend: Attend = by_layout) -> tuple[Tensor, list[Tensor], int]:
    """What comes out row by row, its gradients along queries, keys and values, and the bytes that are kept for them."""
    generator = torch.Generator().manual_seed(0)
    tokens = sum(tree.tokens for row in rows for tree in row)
    inputs = [torch.randn(tokens, heads, D, generator=generator) for heads in (HEADS, KV, KV)]
    along = torch.randn(tokens, HEADS, D, generator=generator)
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    outs, first = [], 0
    grads: list[list[Tensor]] = [[], [], []]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        for row in rows:
            at = slice(first, first + sum(tree.tokens for tree in row))
            first = at.stop
            leaves = [x[at].clone().requires_grad_() for x in inputs]
            out = attend(row, *leaves)
            outs.append(out.detach())
            for found, grad in zip(grads, torch.autograd.grad((out * along[at]).sum(), leaves), strict=True):
                found.append(grad)
    return torch.cat(outs), [torch.cat(found) for found in grads], sum(kept.values())


@pytest.mark.usefixtures("with_and_without_kernels")
def test_it_is_attention_tree_by_tree() -> None:
    one_by_one, by_one, _ = attended(APART)
    together, grads, _ = attended([TREES])
    torch.testing.assert_close(together, one_by_one, atol=1e-5, rtol=1e-5)
    for found, wanted in zip(grads, by_one, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)


def test_what_is_kept_is_what_the_trees_take_apart_and_not_all_padded_to_the_longest() -> None:
    assert attended([TREES])[2] < 2 * attended(APART)[2]


@pytest.mark.usefixtures("with_and_without_kernels")
@pytest.mark.parametrize("trees", [SKEWED, SKEWED[:1], TREES[:2]], ids=["several", "one", "mixed"])
def test_branches_of_different_lengths_attend_as_they_would_alone(trees: list[Tree]) -> None:
    found, grads, _ = attended([trees])
    wanted, by_hand, _ = attended([trees], plainly)
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)
    for one, other in zip(grads, by_hand, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("trees", [SKEWED, SKEWED[:1]], ids=["several", "one"])
def test_branches_of_a_group_are_not_padded_to_its_longest(trees: list[Tree]) -> None:
    """Apart are the short ones with their trunk, and each long one with a copy of it."""
    short = [Tree(tree.trunk, [branch for branch in tree.branches if len(branch) < 30]) for tree in trees]
    long = [Tree(tree.trunk, [branch]) for tree in trees for branch in tree.branches if len(branch) >= 30]
    assert attended([trees])[2] < 1.5 * attended([[tree] for tree in short + long])[2]
