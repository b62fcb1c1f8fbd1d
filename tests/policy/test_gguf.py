"""A GGUF file becomes the model it was made from, up to quantisation, with the tokenizer the model was trained with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Protocol

import gguf
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from prorl.errors import UserError
from prorl.policy.folder import check_folder
from prorl.policy.gguf import convert, hugging_face_name


class TinyGguf(Protocol):
    """What the fixture `tiny_gguf` gives."""

    path: Path
    weights: dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def converted(tiny_gguf: TinyGguf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("converted") / "model"
    convert(tiny_gguf.path, folder)
    return folder


def test_every_tensor_is_the_one_that_was_quantised_rounded_to_16_bits(tiny_gguf: TinyGguf, converted: Path) -> None:
    tensors = load_file(converted / "model.safetensors")
    assert tensors.keys() == tiny_gguf.weights.keys()
    for name, held in tiny_gguf.weights.items():
        assert torch.equal(tensors[name], held.to(torch.bfloat16)), name


def test_the_folder_is_a_plain_model(converted: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(check_folder(converted))
    assert model.dtype == torch.bfloat16
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.generation_config.eos_token_id == 2
    config = json.loads((converted / "config.json").read_text())
    assert "quantization_config" not in config
    assert (config["rms_norm_eps"], config["rope_parameters"]["rope_theta"]) == (1e-5, 10000.0)
    assert (config["hidden_size"], config["intermediate_size"], config["max_position_embeddings"]) == (64, 96, 512)
    assert (config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]) == (4, 2, 16)


def test_every_digit_is_cut_off_on_its_own_before_merging(converted: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(converted)

    def pieces(text: str) -> list[str]:
        return [tokenizer.decode([token]) for token in tokenizer(text)["input_ids"]]

    # Without the rule, the last blank before a digit would be cut off with the digit: "\n", "\n", "1", "2".
    assert pieces("the\n\n12  3") == ["the", "\n\n", "1", "2", "  ", "3"]
    assert pieces("x the 7") == ["x", " the", " ", "7"]


def test_any_text_comes_back_exactly_and_marks_are_single_tokens(converted: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(converted)
    for text in ("né 日本\t 12,345 . 's", "<|im_start|>user\nthe<|im_end|>"):
        assert tokenizer.decode(tokenizer(text)["input_ids"]) == text
    assert tokenizer("<|im_end|>")["input_ids"] == [2]
    assert (tokenizer.eos_token, tokenizer.pad_token_id, tokenizer.model_max_length) == ("<|im_end|>", 2, 512)
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "a"}], tokenize=False)
    assert chat == "<|im_start|>user\na<|im_end|>\n"


def test_other_families_tokenizers_and_tensors_are_refused(tmp_path: Path, tiny_gguf: TinyGguf) -> None:
    other = tmp_path / "other.gguf"
    writer = gguf.GGUFWriter(other, "mamba")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(UserError, match=r"other\.gguf.*plain Llama.*'mamba'"):
        convert(other, tmp_path / "model")
    unknown = shutil.copy(tiny_gguf.path, tmp_path / "unknown.gguf")
    unknown.write_bytes(unknown.read_bytes().replace(b"smollm", b"smaller"[:6]))
    with pytest.raises(UserError, match="don't know the tokenizer 'gpt2' with rule 'smalle'"):
        convert(unknown, tmp_path / "model")
    with pytest.raises(UserError, match=r"blk\.0\.ffn_gate_exps\.weight"):
        hugging_face_name("blk.0.ffn_gate_exps.weight", other)
    assert not (tmp_path / "model").exists()
