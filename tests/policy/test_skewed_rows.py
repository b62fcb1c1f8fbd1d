"""One long completion among short ones: the others aren't padded to its length."""

from __future__ import annotations

import pytest
import torch

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


def attended(rows: list[list[Tree]]) -> tuple[torch.Tensor, list[torch.Tensor], int]:
    """What comes out row by row, its gradients along queries, keys and values, and the bytes that are kept for them."""
    generator = torch.Generator().manual_seed(0)
    tokens = sum(tree.tokens for tree in TREES)
    inputs = [torch.randn(tokens, heads, D, generator=generator) for heads in (HEADS, KV, KV)]
    along = torch.randn(tokens, HEADS, D, generator=generator)
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    outs, first = [], 0
    grads: list[list[torch.Tensor]] = [[], [], []]
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        for row in rows:
            at = slice(first, first + sum(tree.tokens for tree in row))
            first = at.stop
            leaves = [x[at].clone().requires_grad_() for x in inputs]
            out = PackedTrees.of(row).attend(0, *leaves, scaling=0.25)
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
