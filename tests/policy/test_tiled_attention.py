"""Attention of packed trees by tiles against one branch after the other in fp64, forward and back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor
from transformers import LlamaConfig, LlamaForCausalLM

from prorl.kernels.library import tiles
from prorl.policy.fuse import fuse
from prorl.policy.model import Policy
from prorl.policy.tiled_attention import TOKENS, tiled_attention
from prorl.policy.tree import PackedTrees, Tree

pytestmark = pytest.mark.skipif(
    tiles(torch.zeros(1, dtype=torch.bfloat16), 32) is None, reason="this processor has no tile unit (AMX)"
)
Sizes = list[tuple[int, list[int]]]
"""Of each tree: tokens of its trunk, and target tokens of its branches (the last of a branch is not computed)."""
TREES: dict[str, Sizes] = {
    "single tokens": [(1, []), (1, [1]), (1, [2] * 9), (2, [3] * 9)],
    "no branches": [(33, []), (1, []), (31, [])],
    "short": [(200, [10] * 16), (32, [2, 1, 10])],
    "ragged": [(33, [1, 2, 10, 32, 34, 129]), (1, [129, 2]), (32, []), (31, [34, 1])],
    "long trunk": [(700, [34, 1, 129, 10]), (31, [10])],
    "several slabs": [(60, [129] * 10), (TOKENS + 100, [10, 40]), (5, [3, TOKENS + 9, 1])],
}
HEADS = [(9, 3, 64), (4, 2, 32), (1, 1, 128), (8, 1, 96), (5, 5, 32)]


def packed(sizes: Sizes) -> PackedTrees:
    return PackedTrees.of([Tree([0] * depth, [[0] * length for length in lengths]) for depth, lengths in sizes])


def made(tokens: int, heads: int, kv: int, d: int) -> list[Tensor]:
    """Queries, keys, values, and slopes along the output."""
    drawn = torch.Generator().manual_seed(tokens)
    spread = (2.0, 1.0, 1.0, 1.0)
    return [
        (torch.randn(tokens, size, d, generator=drawn) * by).bfloat16()
        for size, by in zip((heads, kv, kv, heads), spread, strict=True)
    ]


def causal(query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
    """The last tokens' queries on all tokens' keys up to their own."""
    shared = query.shape[1] // key.shape[1]
    key, value = (x.repeat_interleave(shared, 1) for x in (key, value))
    before = len(key) - len(query)
    scores = torch.einsum("ihd,jhd->hij", query, key) * scaling
    seen = torch.ones(len(query), len(key), dtype=torch.bool).tril(before)
    return torch.einsum("hij,jhd->ihd", scores.masked_fill(~seen, -torch.inf).softmax(-1), value)


def plainly(query: Tensor, key: Tensor, value: Tensor, trees: PackedTrees, scaling: float) -> Tensor:
    parts = []
    for trunk, branches in zip(trees.trunks, trees.branches, strict=True):
        for before, own in [(range(0), trunk), *((trunk, branch) for branch in branches if branch)]:
            seen = [*before, *own]
            parts.append(causal(query[own.start : own.stop], key[seen], value[seen], scaling))
    return torch.cat(parts)


def results(inputs: list[Tensor], trees: PackedTrees, scaling: float) -> list[Tensor]:
    """The output and the gradients of queries, keys and values."""
    *leaves, slopes = [x.detach().requires_grad_() for x in inputs]
    out = tiled_attention(*leaves, trees.slabs, scaling)
    return [out, *torch.autograd.grad(out, leaves, slopes)]


def assert_near(found: Tensor, wanted: Tensor) -> None:
    """Within the rounding of weights and slopes to bf16, over all numbers and in every row."""
    error = found.double() - wanted
    assert error.norm() < 1e-2 * wanted.norm()
    rows, typical = wanted.norm(dim=-1), wanted.norm() / wanted[..., 0].numel() ** 0.5
    assert (error.norm(dim=-1) < 0.03 * (rows + typical)).all()


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("heads", HEADS, ids=str)
@pytest.mark.parametrize("name", TREES)
def test_output_and_gradients_are_those_of_the_plain_way(name: str, heads: tuple[int, int, int]) -> None:
    trees = packed(TREES[name])
    inputs = made(len(trees.input_ids), *heads)
    found = results(inputs, trees, 0.2)
    *leaves, slopes = [x.double().requires_grad_() for x in inputs]
    out = plainly(*leaves, trees, 0.2)
    for one, other in zip(found, [out, *torch.autograd.grad(out, leaves, slopes)], strict=True):
        assert_near(one, other)


@pytest.mark.usefixtures("threads")
@pytest.mark.parametrize("name", TREES)
def test_bits_depend_neither_on_neighbours_nor_on_the_number_of_threads(name: str) -> None:
    trees = packed(TREES[name])
    inputs = made(len(trees.input_ids), 9, 3, 64)
    together = results(inputs, trees, 0.2)
    first = 0
    for tree in TREES[name]:
        alone = packed([tree])
        here = slice(first, first + len(alone.input_ids))
        first = here.stop
        torch.set_num_threads(1)
        for one, all_of_them in zip(results([x[here] for x in inputs], alone, 0.2), together, strict=True):
            assert torch.equal(one, all_of_them[here])


def test_inputs_may_lie_in_wider_rows_or_otherwise() -> None:
    trees = packed(TREES["ragged"])
    query, key, value, slopes = made(len(trees.input_ids), 4, 2, 32)
    wanted = results([query, key, value, slopes], trees, 0.2)
    wider = torch.cat([value, value], 1)[:, :2]
    turned = key.transpose(0, 1).contiguous().transpose(0, 1)
    found = results([query, turned, wider, slopes.transpose(1, 2).contiguous().transpose(1, 2)], trees, 0.2)
    for one, other in zip(found, wanted, strict=True):
        assert torch.equal(one, other)


def test_large_scores_leave_one_key() -> None:
    """Where the softmax is one-hot, the output is that key's value and nothing overflows."""
    trees = packed([(700, [40])])
    query, key, value, slopes = made(len(trees.input_ids), 2, 1, 32)
    out, *gradients = results([query * 100, key, value, slopes], trees, 1.0)
    wanted = plainly((query * 100).double(), key.double(), value.double(), trees, 1.0)
    assert (out.double() - wanted).abs().median() < 1e-2
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_slabs_hold_every_token_once_and_cut_no_branch() -> None:
    for sizes in TREES.values():
        trees = packed(sizes)
        bounds = trees.slabs.bounds.tolist()
        assert [first for _, _, first, _ in bounds] == [0, *(end for *_, end in bounds[:-1])]
        assert all(first < end for *_, first, end in bounds)
        assert bounds[-1][-1] == len(trees.input_ids) == len(trees.slabs.begins)
        whole = [part for trunk, own in zip(trees.trunks, trees.branches, strict=True) for part in (trunk, *own)]
        cuts = {part.stop for part in whole} | {end for _, stem, _, end in bounds if end < stem}
        assert all(end in cuts for *_, end in bounds)
        single = {range(first, end) for _, _, first, end in bounds if end - first > TOKENS}
        assert single <= {branch for own in trees.branches for branch in own}


def test_a_model_computes_the_same_bits_with_and_without_gradients() -> None:
    """What makes a KL of exactly zero possible right after a reset."""
    torch.manual_seed(3)
    config = LlamaConfig(
        vocab_size=97, hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=32,
    )  # fmt: skip
    model = LlamaForCausalLM(config).bfloat16().eval()
    model.set_attn_implementation("tree")
    fuse(model)
    policy = Policy(model, None, None, frozenset({1}))
    trees = PackedTrees.of([Tree([5, 6, 7], [[8, 9, 10], [11]]), Tree([9] * 40, [[12, 13] * 20, [14]])])
    with torch.no_grad():
        without, _ = policy.logprobs(trees, 1.0)
    with_gradients, _ = policy.logprobs(trees, 1.0)
    assert with_gradients.requires_grad
    assert "slabs" in trees.__dict__  # attention went this way
    assert torch.equal(without, with_gradients)
