"""A model that groups as trees can't serve, or whose files don't hold it, is refused in one line when it is loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as lib
from safetensors.torch import load_file, save_file
from transformers import PreTrainedConfig

from prorl.policy.model import Policy
from prorl.policy.nano import character_tokenizer

from .folders import reconfigure, refusal

SIZES: dict[str, Any] = {
    "vocab_size": 101, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 256, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
ALL_HEADS = {key: value for key, value in SIZES.items() if key != "num_key_value_heads"}
MAMBA = {"mamba_n_heads": 4, "mamba_d_head": 16, "mamba_d_ssm": 64, "mamba_d_state": 8, "mamba_n_groups": 1}
LATENT = {
    "n_routed_experts": 4, "n_group": 1, "topk_group": 1, "num_experts_per_tok": 2, "moe_intermediate_size": 16,
    "kv_lora_rank": 8, "q_lora_rank": 8, "qk_nope_head_dim": 8, "qk_rope_head_dim": 8, "v_head_dim": 8,
}  # fmt: skip
ROPE = {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}
LONG = {
    "rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 4, "long_factor": [2.0] * 4,
    "original_max_position_embeddings": 64,
}  # fmt: skip


def saved(config: PreTrainedConfig, path: Path) -> Path:
    """A folder with a random model of this config and a tokenizer."""
    torch.manual_seed(3)
    model = lib.AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for name, parameter in model.named_parameters():  # away from the near-uniform start
        if parameter.dim() > 1 and "A_log" not in name:
            parameter.data.normal_(0.0, 0.2)
    model.save_pretrained(path)
    character_tokenizer(128).save_pretrained(path)
    return path


def rename(path: Path, change: Callable[[str], str | None]) -> None:
    """Save the weights under other names; None leaves one out."""
    weights = load_file(path / "model.safetensors")
    changed = {change(name): tensor for name, tensor in weights.items()}
    save_file({name: tensor for name, tensor in changed.items() if name}, path / "model.safetensors", {"format": "pt"})


@pytest.mark.parametrize("prefix", ["_orig_mod.", "base_model.model."])
def test_weights_saved_under_other_names_are_not_made_up(model: Path, prefix: str) -> None:
    rename(model, lambda name: prefix + name)
    said = refusal(model)
    assert "its files lack 21 weights, the first is lm_head.weight" in said
    assert f"the first is {prefix}model.embed_tokens.weight" in said


def test_a_config_with_more_layers_than_the_files_hold(model: Path) -> None:
    reconfigure(model, num_hidden_layers=3)
    assert "its files lack 9 weights, the first is model.layers.2.input_layernorm.weight" in refusal(model)


def test_a_single_missing_weight_is_enough(model: Path) -> None:
    rename(model, lambda name: None if name == "model.norm.weight" else name)
    assert "its files lack 1 weights, the first is model.norm.weight" in refusal(model)


def test_a_classifier_without_an_output_head(model: Path) -> None:
    reconfigure(model, tie_word_embeddings=False, architectures=["LlamaForSequenceClassification"])
    assert "its files lack 1 weights, the first is lm_head.weight" in refusal(model)


def test_weights_of_another_shape_than_the_config_says(model: Path) -> None:
    reconfigure(model, intermediate_size=100)
    said = refusal(model)
    assert "model.layers.0.mlp.down_proj.weight" in said
    assert "[64, 256]" in said
    assert "[64, 100]" in said


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (lib.MistralConfig(**SIZES, sliding_window=128), "sliding_window 128"),
        (lib.Phi3Config(**SIZES, sliding_window=128), "sliding_window 128"),
        (lib.Starcoder2Config(**SIZES, sliding_window=128), "sliding_window 128"),
        (lib.Gemma3TextConfig(**SIZES, head_dim=8), "sliding_attention"),
        (lib.Lfm2Config(**SIZES, layer_types=["conv", "full_attention"]), "conv"),
        (lib.Qwen3NextConfig(**SIZES, layer_types=["linear_attention", "full_attention"]), "linear_attention"),
        (lib.FalconH1Config(**SIZES, **MAMBA), "hybrid"),
        (lib.MambaConfig(vocab_size=101, hidden_size=32, state_size=4, num_hidden_layers=2), "linear_attention"),
        (lib.RwkvConfig(vocab_size=101, hidden_size=32, num_hidden_layers=2), "no attention"),
        (lib.JambaConfig(**SIZES, num_experts=2, mamba_dt_rank=4), "linear_attention"),
    ],
    ids=lambda value: value.model_type if isinstance(value, PreTrainedConfig) else None,
)
def test_layers_that_mix_tokens_otherwise_than_by_full_attention(
    config: PreTrainedConfig, words: str, tmp_path: Path
) -> None:
    assert words in refusal(saved(config, tmp_path))


def test_layers_of_a_nested_config_are_looked_at(tmp_path: Path) -> None:
    vision = lib.SiglipVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28
    )
    config = lib.Gemma3Config(
        text_config=lib.Gemma3TextConfig(**SIZES, head_dim=8), vision_config=vision, mm_tokens_per_image=4
    )
    lib.Gemma3ForConditionalGeneration(config).save_pretrained(tmp_path)
    character_tokenizer(128).save_pretrained(tmp_path)
    assert "sliding_attention" in refusal(tmp_path)


@pytest.mark.parametrize(
    "config",
    [
        lib.LlamaConfig(**SIZES),
        lib.Qwen2Config(**SIZES, sliding_window=16, use_sliding_window=False),
        lib.Qwen3Config(**SIZES, head_dim=8, sliding_window=16, use_sliding_window=False),
        lib.GemmaConfig(**SIZES, head_dim=8),
        lib.SmolLM3Config(**SIZES),
        lib.Olmo2Config(**SIZES),
        lib.MistralConfig(**SIZES, sliding_window=None),
        lib.Phi3Config(**SIZES, sliding_window=512),
        lib.GPTNeoXConfig(**ALL_HEADS),
        lib.GPT2Config(**ALL_HEADS),
        lib.PhiConfig(**SIZES),
        lib.Glm4Config(**SIZES, head_dim=8),
        lib.LlamaConfig(**SIZES, rope_parameters={"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}),
    ],
    ids=lambda config: config.model_type,
)
def test_what_attends_in_full_is_loaded(config: PreTrainedConfig, tmp_path: Path) -> None:
    assert Policy.load(saved(config, tmp_path), torch.float32).vocabulary == 101


@pytest.mark.parametrize(
    "config", [lib.LlamaConfig(**SIZES, rope_parameters=ROPE), lib.Phi3Config(**SIZES, rope_scaling=LONG)]
)
def test_positions_that_depend_on_the_longest_of_a_row_are_refused(config: PreTrainedConfig, tmp_path: Path) -> None:
    kind = config.rope_parameters["rope_type"]
    assert f"positions of type {kind}" in refusal(saved(config, tmp_path))


@pytest.mark.parametrize(
    "config",
    [
        lib.BloomConfig(**ALL_HEADS),
        lib.FalconConfig(**ALL_HEADS, alibi=True),
        lib.GPTJConfig(**ALL_HEADS, rotary_dim=4),
        lib.DiffLlamaConfig(**SIZES),
        lib.StableLmConfig(**SIZES),
        lib.DeepseekV3Config(**SIZES, **LATENT),
        lib.DogeConfig(**SIZES),  # its layers make a mask of their own
    ],
    ids=lambda config: config.model_type,
)
def test_attention_that_does_not_go_by_the_layout_is_refused(config: PreTrainedConfig, tmp_path: Path) -> None:
    assert "groups as trees" in refusal(saved(config, tmp_path))
