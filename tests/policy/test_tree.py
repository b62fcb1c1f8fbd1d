"""Trees against the plain, padded way of computing the same thing."""

from __future__ import annotations

import random

import pytest
import torch
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config, Qwen3Config

from prorl.errors import UserError
from prorl.policy.model import Policy
from prorl.policy.tree import PackedTrees, Tree

SIZES = {
    "vocab_size": 97, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 256,
}  # fmt: skip
FAMILIES = {
    "llama": LlamaConfig(**SIZES, tie_word_embeddings=True),
    "qwen2": Qwen2Config(**SIZES),
    "qwen3": Qwen3Config(**SIZES, head_dim=16),
    "mistral": MistralConfig(**SIZES, sliding_window=None),
}


def a_policy(family: str) -> Policy:
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(FAMILIES[family], dtype=torch.float32)
    for parameter in model.parameters():  # away from the near-uniform start
        parameter.data.normal_(0.0, 0.2)
    model.set_attn_implementation("tree")
    return Policy(model.eval(), None, None, frozenset({1}))


def ragged_trees(seed: int) -> list[Tree]:
    rng = random.Random(seed)

    def ids(low: int, high: int) -> list[int]:
        return [rng.randrange(97) for _ in range(rng.randint(low, high))]

    return [Tree(ids(1, 12), [ids(1, 7) for _ in range(rng.randint(1, 4))]) for _ in range(rng.randint(1, 4))]


def plain_logprobs(policy: Policy, trees: list[Tree], temperature: float) -> torch.Tensor:
    """One forward pass a completion, causal attention, full logits: slow and plainly right."""
    policy.model.set_attn_implementation("eager")
    parts = []
    for tree in trees:
        for branch in tree.branches:
            ids = torch.tensor([[*tree.trunk, *branch]])
            logs = (policy.model(ids).logits[0] / temperature).log_softmax(-1)
            at = torch.arange(len(tree.trunk) - 1, ids.shape[1] - 1)
            parts.append(logs[at, ids[0, len(tree.trunk) :]])
    policy.model.set_attn_implementation("tree")
    return torch.cat(parts)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(4))
def test_logprobs_and_gradients_equal_the_plain_way(family: str, seed: int) -> None:
    policy, trees = a_policy(family), ragged_trees(seed)
    found, _ = policy.logprobs(PackedTrees.of(trees), temperature=1.3)
    expected = plain_logprobs(policy, trees, temperature=1.3)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-5)
    weights = torch.randn(len(found), generator=torch.Generator().manual_seed(seed))
    names, parameters = zip(*policy.parameters.items(), strict=True)
    by_tree = torch.autograd.grad((weights * found).sum(), parameters)
    by_hand = torch.autograd.grad((weights * expected).sum(), parameters)
    for name, one, other in zip(names, by_tree, by_hand, strict=True):
        torch.testing.assert_close(one, other, atol=2e-5, rtol=1e-4, msg=lambda text, name=name: f"{name}: {text}")


def test_a_branch_does_not_see_its_siblings() -> None:
    policy = a_policy("llama")
    alone, _ = policy.logprobs(PackedTrees.of([Tree([5, 6, 7], [[8, 9, 10]])]), 1.0)
    among, _ = policy.logprobs(PackedTrees.of([Tree([5, 6, 7], [[11, 12], [8, 9, 10], [13]])]), 1.0)
    torch.testing.assert_close(among[2:5], alone, atol=1e-6, rtol=0)


def test_with_and_without_gradients_the_bits_are_the_same() -> None:
    """What makes a KL of exactly zero possible right after a reset."""
    policy, packed = a_policy("llama"), PackedTrees.of(ragged_trees(9))
    with torch.no_grad():
        without, _ = policy.logprobs(packed, 1.0)
    with_gradients, _ = policy.logprobs(packed, 1.0)
    assert torch.equal(without, with_gradients)


def test_packed_tokens_are_counted_without_the_last_of_each_branch() -> None:
    tree = Tree([1, 2, 3], [[4], [5, 6, 7]])
    assert tree.tokens == 3 + 0 + 2
    assert len(PackedTrees.of([tree]).input_ids) == tree.tokens


def test_attention_that_trees_cannot_serve_is_refused(tmp_path) -> None:
    config = MistralConfig(**SIZES, sliding_window=4, layer_types=["sliding_attention"] * 2)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    from prorl.policy.nano import character_tokenizer

    character_tokenizer(128).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="sliding-window"):
        Policy.load(tmp_path, torch.float32)
