"""Turning a GGUF file of the Llama family into a plain Hugging Face folder.

The file is read once and a tensor at a time, so this takes seconds and little memory. The weights come out as
bfloat16: what rounding changes (0.4 % of a value at most) is far below what 4-bit quantisation changed before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM

from prorl.errors import UserError
from prorl.policy.gguf_tokenizer import read_tokenizer
from prorl.policy.progress import Progress, silent

TOP = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}


def convert(source: Path, folder: Path, progress: Progress = silent) -> None:
    """Read the GGUF file `source` and write config, tokenizer and bfloat16 safetensors to `folder`.

    Raises `UserError` if the file is of another family, or scales its rotary positions.
    """
    progress("read")
    reader = gguf.GGUFReader(source)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    config = read_config(fields, source, tied=all(tensor.name != "output.weight" for tensor in reader.tensors))
    tensors = {}
    for count, tensor in enumerate(reader.tensors, start=1):
        name = hugging_face_name(tensor.name, source)
        values = gguf.dequantize(tensor.data, tensor.tensor_type)
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            values = _halves_from_pairs(values, values.shape[0] // config.head_dim)
        tensors[name] = torch.from_numpy(np.array(values)).to(torch.bfloat16)
        progress("dequantise", count, len(reader.tensors), "tensors")
    _check_complete(config, tensors, source)

    progress("save")
    tokenizer = read_tokenizer(fields, source)
    folder.mkdir(parents=True, exist_ok=True)
    config.save_pretrained(folder)
    GenerationConfig(  # type: ignore[no-untyped-call]
        bos_token_id=config.bos_token_id, eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id
    ).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    # safetensors makes its files readable by their owner alone; a shared cache needs the usual permissions.
    os.chmod(folder / "model.safetensors", (folder / "config.json").stat().st_mode)


def read_config(fields: dict[str, Any], source: Path, *, tied: bool) -> LlamaConfig:
    """The model's shape, from the metadata of a GGUF file. Token ids that the file doesn't name are None."""
    family = fields.get("general.architecture")
    if family != "llama" or fields.get("llama.rope.scaling.type", "none") != "none":
        raise UserError(f"{source.name}: only GGUF files of plain Llama models are read; this one is {family!r}")
    heads = fields["llama.attention.head_count"]
    return LlamaConfig(
        architectures=["LlamaForCausalLM"],
        vocab_size=len(fields["tokenizer.ggml.tokens"]),
        hidden_size=fields["llama.embedding_length"],
        intermediate_size=fields["llama.feed_forward_length"],
        num_hidden_layers=fields["llama.block_count"],
        num_attention_heads=heads,
        num_key_value_heads=fields.get("llama.attention.head_count_kv", heads),
        head_dim=fields.get("llama.attention.key_length", fields["llama.embedding_length"] // heads),
        max_position_embeddings=fields["llama.context_length"],
        rope_parameters={"rope_type": "default", "rope_theta": fields.get("llama.rope.freq_base", 10000.0)},
        # Stored as a 32-bit float; its shortest spelling is the number that was meant.
        rms_norm_eps=float(str(np.float32(fields["llama.attention.layer_norm_rms_epsilon"]))),
        bos_token_id=fields.get("tokenizer.ggml.bos_token_id"),
        eos_token_id=fields.get("tokenizer.ggml.eos_token_id"),
        pad_token_id=fields.get("tokenizer.ggml.padding_token_id"),
        tie_word_embeddings=tied,
        dtype=torch.bfloat16,
    )


def hugging_face_name(name: str, source: Path) -> str:
    """`blk.3.attn_q.weight` is `model.layers.3.self_attn.q_proj.weight`. Raises `UserError` for an unknown tensor."""
    match name.split("."):
        case [top, "weight"] if top in TOP:
            return f"{TOP[top]}.weight"
        case ["blk", layer, part, "weight"] if part in LAYER:
            return f"model.layers.{layer}.{LAYER[part]}.weight"
    raise UserError(f"{source.name}: don't know the tensor {name!r}; only plain Llama models are read")


def _halves_from_pairs(weight: np.ndarray[Any, Any], heads: int) -> np.ndarray[Any, Any]:
    """Undo GGUF's order of the rotary dimensions. `weight` is `[heads * head_dim, hidden]`.

    GGUF keeps the two numbers that turn together side by side; `transformers` keeps the first ones in the first half
    of a head and the second ones in the second half.
    """
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def _check_complete(config: LlamaConfig, tensors: dict[str, torch.Tensor], source: Path) -> None:
    with torch.device("meta"):
        expected = {name: tensor.shape for name, tensor in LlamaForCausalLM(config).state_dict().items()}
    if config.tie_word_embeddings:
        del expected["lm_head.weight"]
    found = {name: tensor.shape for name, tensor in tensors.items()}
    wrong = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
    if wrong:
        raise UserError(f"{source.name}: {len(wrong)} tensors are missing or misshapen, the first is {wrong[0]}")
