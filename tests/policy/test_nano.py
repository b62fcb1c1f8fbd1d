"""The model made on the spot is a normal model with an exact tokenizer."""

from __future__ import annotations

import json
import string
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from prorl.errors import UserError
from prorl.policy.nano import CHARACTERS, SPECIALS, make_nano


def test_text_comes_back_exactly_one_token_a_character(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    for text in (string.printable[:95], "  two  spaces , and 'quotes' n't .\n\n\tTab", " ", "\n"):
        ids = tokenizer(text)["input_ids"]
        assert len(ids) == len(text)
        assert tokenizer.decode(ids) == text
    assert len(tokenizer) == len(SPECIALS) + len(CHARACTERS)


def test_specials_are_single_tokens_and_the_turn_end_is_the_end(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    ids = tokenizer("<|im_start|>a<|im_end|>")["input_ids"]
    assert ids == [1, 4 + CHARACTERS.index("a"), 2]
    assert (tokenizer.eos_token, tokenizer.eos_token_id) == ("<|im_end|>", 2)
    assert tokenizer.pad_token_id == 0
    assert tokenizer.decode(ids, skip_special_tokens=True) == "a"
    assert tokenizer("é")["input_ids"] == [3]


def test_the_chat_template_is_chatml(tiny_model: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    messages = [{"role": "user", "content": "1+1"}]
    text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    assert text == "<|im_start|>user\n1+1<|im_end|>\n<|im_start|>assistant\n"


def test_the_model_loads_ties_its_embeddings_and_ends_where_the_tokenizer_does(tiny_model: Path) -> None:
    model = AutoModelForCausalLM.from_pretrained(tiny_model)
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.dtype == torch.float32
    assert model.generation_config.eos_token_id == model.config.eos_token_id == 2
    assert model(torch.tensor([[5, 6, 7]])).logits.shape == (1, 3, len(SPECIALS) + len(CHARACTERS))


def test_weights_depend_on_the_seed_alone_and_the_callers_randomness_is_untouched(tmp_path: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    first = make_nano(tmp_path / "a", seed=1)
    assert torch.equal(torch.rand(1), expected)
    second, other = make_nano(tmp_path / "b", seed=1), make_nano(tmp_path / "c", seed=2)
    weights = [(folder / "model.safetensors").read_bytes() for folder in (first, second, other)]
    assert weights[0] == weights[1] != weights[2]


def test_shape_arguments_reach_the_config(tmp_path: Path) -> None:
    config = json.loads(
        (make_nano(tmp_path / "m", layers=3, hidden=32, heads=2, kv_heads=1) / "config.json").read_text()
    )
    assert (config["num_hidden_layers"], config["hidden_size"]) == (3, 32)
    assert (config["num_attention_heads"], config["num_key_value_heads"]) == (2, 1)


def test_nothing_is_overwritten_and_impossible_shapes_are_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty"):
        make_nano(tmp_path)
    with pytest.raises(UserError, match="kv_heads must divide"):
        make_nano(tmp_path / "new", heads=4, kv_heads=3)
    assert [item.name for item in tmp_path.iterdir()] == ["notes.txt"]
