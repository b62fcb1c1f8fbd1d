"""Trees against the plain, padded way of computing the same thing."""

from __future__ import annotations

import random

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    GemmaConfig,
    Glm4Config,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
)  # fmt: skip

from prorl.errors import UserError
from prorl.policy import tree
from prorl.policy.fuse import fuse
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
    "gemma": GemmaConfig(**SIZES, head_dim=16),
    "phi3": Phi3Config(**SIZES, sliding_window=None, pad_token_id=0),
    "glm4": Glm4Config(**SIZES, head_dim=16, pad_token_id=0),
    "granite": GraniteConfig(**SIZES, attention_multiplier=1),  # a whole number where others have a fraction
}
FUSED = {
    "llama": (5, 2, 2), "qwen2": (5, 2, 2), "qwen3": (9, 2, 2), "mistral": (5, 2, 2), "gemma": (5, 0, 2),
    "phi3": (5, 0, 0), "glm4": (9, 0, 0), "granite": (5, 2, 2),
}  # fmt: skip
"""Norms, feed-forward layers and attentions that compute in fewer passes; Gemma's gate is not silu."""


SKEWED = 3
"""The seed of trees that have far longer completions among short ones."""


def a_policy(family: str, fused: bool = True) -> Policy:
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(FAMILIES[family], dtype=torch.float32)
    for parameter in model.parameters():  # away from the near-uniform start
        parameter.data.normal_(0.0, 0.2)
    model.set_attn_implementation("tree")
    if fused:
        assert tuple(fuse(model.eval()).values()) == FUSED[family]
    return Policy(model.eval(), None, None, frozenset({1}))


def ragged_trees(seed: int) -> list[Tree]:
    rng = random.Random(seed)

    def ids(low: int, high: int) -> list[int]:
        return [rng.randrange(97) for _ in range(rng.randint(low, high))]

    trees = [Tree(ids(1, 12), [ids(1, 7) for _ in range(rng.randint(1, 4))]) for _ in range(rng.randint(1, 4))]
    if seed == SKEWED:
        trees += [Tree(ids(1, 12), [ids(1, 7), ids(1, 7), ids(60, 90), ids(1, 7), ids(30, 50)]) for _ in range(2)]
    return trees


def unfuse(model) -> None:
    """Give every module the forward of its class again."""
    for module in model.modules():
        module.__dict__.pop("forward", None)


def plain_logprobs(policy: Policy, trees: list[Tree], temperature: float) -> torch.Tensor:
    """One forward pass a completion, causal attention, full logits: slow and plainly right."""
    unfuse(policy.model)
    policy.model.set_attn_implementation("eager")
    parts = []
    for one in trees:
        for branch in one.branches:
            ids = torch.tensor([[*one.trunk, *branch]])
            logs = (policy.model(ids).logits[0] / temperature).log_softmax(-1)
            at = torch.arange(len(one.trunk) - 1, ids.shape[1] - 1)
            parts.append(logs[at, ids[0, len(one.trunk) :]])
    policy.model.set_attn_implementation("tree")
    return torch.cat(parts)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("way", ["dense", "flash", "unfused"])
def test_logprobs_and_gradients_equal_the_plain_way(
    family: str, seed: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "flash":
        monkeypatch.setattr(tree, "DENSE_UP_TO", 0)
    policy, trees = a_policy(family, fused=way != "unfused"), ragged_trees(seed)
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
    one = Tree([1, 2, 3], [[4], [5, 6, 7]])
    assert one.tokens == 3 + 0 + 2
    assert len(PackedTrees.of([one]).input_ids) == one.tokens


def test_attention_that_trees_cannot_serve_is_refused(tmp_path) -> None:
    config = MistralConfig(**SIZES, sliding_window=4, layer_types=["sliding_attention"] * 2)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    from prorl.policy.nano import character_tokenizer

    character_tokenizer(128).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="sliding_attention"):
        Policy.load(tmp_path, torch.float32)


def test_what_a_trial_does_not_confirm_stays_as_it_is() -> None:
    """A gate by another function, and a norm that also shifts, keep their own forward."""
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(LlamaConfig(**SIZES, hidden_act="gelu"), dtype=torch.float32)

    class ShiftingRMSNorm(torch.nn.RMSNorm):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x) + 0.01

    model.model.norm = ShiftingRMSNorm(32, eps=1e-6)
    model.set_attn_implementation("tree")
    assert fuse(model) == {"norm": 4, "feed_forward": 0, "attention": 2}
    assert "forward" not in model.model.norm.__dict__
    assert "forward" not in model.model.layers[0].mlp.__dict__


def test_a_fused_model_still_serves_those_who_know_nothing_of_trees() -> None:
    policy = a_policy("qwen3")
    ids = torch.tensor([[5, 6, 7, 8]])
    policy.model.set_attn_implementation("eager")
    found = policy.model(ids).logits
    unfuse(policy.model)
    torch.testing.assert_close(found, policy.model(ids).logits, atol=1e-5, rtol=1e-5)


def test_recomputing_layers_changes_nothing(tiny_model) -> None:
    trees = PackedTrees.of(ragged_trees(2))
    gradients = []
    for recompute in (False, True):
        policy = Policy.load(tiny_model, torch.float32)
        policy.recompute(recompute)
        values, _ = policy.logprobs(trees, 1.0)
        saved = values.grad_fn
        gradients.append(torch.autograd.grad(values.sum(), list(policy.parameters.values())))
        assert saved is not None
    for one, other in zip(*gradients, strict=True):
        assert torch.equal(one, other)


def test_recomputing_with_dropout_is_refused(tmp_path) -> None:
    from prorl.policy.nano import character_tokenizer

    config = LlamaConfig(**{**SIZES, "vocab_size": 101}, attention_dropout=0.1)
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    character_tokenizer(97).save_pretrained(tmp_path)
    with pytest.raises(UserError, match="attention_dropout"):
        Policy.load(tmp_path, torch.float32).recompute(True)
