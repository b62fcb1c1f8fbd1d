"""Weights in the processor's order: the same products, and only for as long as they stand still."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch

from prorl.policy.decoding import PACK_FROM_TOKENS, Decoder, ModelDecoder, decoding
from prorl.policy.model import Policy
from prorl.policy.packed import can_pack, packed
from prorl.policy.tree import PackedTrees, Tree

PACKS = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
needs_packing = pytest.mark.skipif(not PACKS, reason="the tensor library has no bf16 products for this processor")


@pytest.fixture
def policy(tiny_model: Path) -> Policy:
    return Policy.load(tiny_model, torch.bfloat16)


def hidden(policy: Policy) -> torch.Tensor:
    trees = PackedTrees.of([Tree([5, 6, 7, 8], [[9, 10, 11], [12, 13]])])
    with torch.no_grad():
        return policy.hidden(trees.input_ids, trees.positions, trees)


@needs_packing
def test_hidden_states_and_logits_are_the_same(policy: Policy) -> None:
    before = hidden(policy)
    plain = policy.head(before)
    with packed(policy.model):
        torch.testing.assert_close(hidden(policy), before, atol=0.05, rtol=0.02)
        ordered = policy.head(before)
    for one, other in zip(plain, ordered, strict=True):
        assert one is not None
        torch.testing.assert_close(other, one, atol=1e-2, rtol=1e-2)
    exact = before.float() @ policy.model.get_output_embeddings().weight.float().T
    for logits, rest in (plain, ordered):
        torch.testing.assert_close(logits.float() + rest.float(), exact, atol=1e-4, rtol=1e-4)


@needs_packing
def test_packed_weights_are_really_used_and_then_forgotten(policy: Policy) -> None:
    before = hidden(policy)
    held = copy.deepcopy(policy.model.state_dict())
    with packed(policy.model):
        with torch.no_grad():
            for parameter in policy.parameters.values():
                if parameter.dim() == 2 and parameter is not policy.model.get_input_embeddings().weight:
                    parameter.zero_()
        torch.testing.assert_close(hidden(policy), before, atol=0.05, rtol=0.02)
    assert not torch.allclose(hidden(policy), before, atol=0.05)
    policy.model.load_state_dict(held)
    assert torch.equal(hidden(policy), before)


@needs_packing
def test_they_are_forgotten_after_an_error_too(policy: Policy) -> None:
    def fail_inside() -> None:
        with packed(policy.model):
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail_inside()
    assert not any(hasattr(module, "packed") for module in policy.model.modules())


def test_fp32_is_not_packed(tiny_model: Path) -> None:
    assert not can_pack(Policy.load(tiny_model, torch.float32).model)


def test_where_the_library_has_no_bf16_products_nothing_is_packed(
    policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoder() -> Decoder:
        with decoding(policy.model, policy.cache_shape, tiled=False, tokens=PACK_FROM_TOKENS) as found:
            assert hasattr(policy.model.get_output_embeddings(), "packed") == can_pack(policy.model)
        return found

    assert can_pack(policy.model) == PACKS
    assert isinstance(decoder(), ModelDecoder)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: False)
    assert not can_pack(policy.model)
    assert isinstance(decoder(), ModelDecoder)
