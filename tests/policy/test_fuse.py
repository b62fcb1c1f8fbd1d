"""What only looks like a Llama keeps its own forward, however near a trial in bf16 would find it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import transformers as lib
from torch import nn

from prorl.policy.decoding import forward
from prorl.policy.fuse import fuse, is_llama
from prorl.policy.tree import IMPLEMENTATION, PackedTrees, Tree

SIZES: dict[str, Any] = {
    "vocab_size": 97, "hidden_size": 512, "intermediate_size": 256, "num_hidden_layers": 4, "num_attention_heads": 8,
    "num_key_value_heads": 2, "head_dim": 64, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 1,
}  # fmt: skip
LLAMAS = [
    lib.LlamaConfig(**SIZES),
    lib.MistralConfig(**SIZES, sliding_window=None),
    lib.Qwen2Config(**SIZES),
    lib.GraniteConfig(**SIZES),
]


def model_of(config: lib.PreTrainedConfig, dtype: torch.dtype = torch.bfloat16) -> nn.Module:
    torch.manual_seed(3)
    model = lib.AutoModelForCausalLM.from_config(config, dtype=dtype).eval()
    model.set_attn_implementation(IMPLEMENTATION)
    return model


@pytest.mark.parametrize("config", LLAMAS, ids=lambda config: config.model_type)
def test_a_layer_whose_pieces_compute_what_llamas_do_is_a_llamas(config: lib.PreTrainedConfig) -> None:
    model = model_of(config)
    assert fuse(model)["attention"] == 4
    assert all(is_llama(layer) for layer in model.model.layers)


@pytest.mark.parametrize(
    ("config", "llamas"),
    [
        (lib.SmolLM3Config(**SIZES, no_rope_layer_interval=2), [True, False, True, False]),
        (lib.HunYuanDenseV1Config(**SIZES), [False] * 4),
        (lib.HeliumConfig(**SIZES), [False] * 4),
        (lib.Ernie4_5Config(**SIZES), [False] * 4),
    ],
    ids=lambda value: value.model_type if isinstance(value, lib.PreTrainedConfig) else None,
)
def test_positions_and_norms_of_other_kinds_are_seen(config: lib.PreTrainedConfig, llamas: list[bool]) -> None:
    """Weights are as small as models begin with, so that all of it is nearly an average of the values."""
    model = model_of(config)
    assert fuse(model)["attention"] == sum(llamas)
    assert [is_llama(layer) for layer in model.model.layers] == llamas


def test_a_layer_that_scales_its_branches_is_no_llamas() -> None:
    model = model_of(lib.GraniteConfig(**SIZES, residual_multiplier=0.99))
    assert fuse(model)["attention"] == 4
    assert not any(is_llama(layer) for layer in model.model.layers)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@torch.no_grad()
def test_norms_in_another_type_than_what_they_scale_keep_their_own_forward(dtype: torch.dtype) -> None:
    model = model_of(lib.LlamaConfig(**SIZES), dtype)
    model.model.norm.float()
    assert fuse(model)["norm"] == (9 if dtype == torch.float32 else 8)


@torch.no_grad()
def test_queries_keys_and_values_are_clipped_where_a_model_clips_them() -> None:
    """What a trial's own input doesn't reach, outlying features of a trained model do."""
    model = model_of(lib.OlmoConfig(**SIZES, clip_qkv=2.0), torch.float32)
    model.model.embed_tokens.weight[:, :4] += 1.0
    for layer in model.model.layers:
        layer.self_attn.v_proj.weight[:, :4] += 0.1
    trees = PackedTrees.of([Tree(range(50), [range(50, 97)])])
    wanted = forward(model, trees.input_ids, trees.positions, trees)
    assert fuse(model)["attention"] == 0
    torch.testing.assert_close(forward(model, trees.input_ids, trees.positions, trees), wanted, atol=1e-5, rtol=1e-5)
