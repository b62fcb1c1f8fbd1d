"""What a policy makes of conversations and settings, whatever its model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, GPTNeoXConfig

from prorl.errors import UserError
from prorl.policy.model import Policy
from prorl.policy.nano import character_tokenizer
from prorl.tasks.contract import Message

REFUSING = (
    "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
    "{% for m in messages %}{{ m['content'] }}{% endfor %}"
)


def test_a_chat_template_that_refuses_a_conversation_is_said_in_one_line(tiny_model: Path) -> None:
    policy = Policy.load(tiny_model, torch.float32)
    policy.tokenizer.chat_template = REFUSING
    assert policy.decode(policy.encode([Message("user", "1+1?")])) == "1+1?"
    with pytest.raises(UserError) as refused:
        policy.encode([Message("system", "Add."), Message("user", "1+1?")])
    said = str(refused.value)
    assert said.startswith(f"model {tiny_model}: its chat template refuses a conversation of system, user")
    assert "System role not supported" in said
    assert "\n" not in said


def test_a_broken_chat_template_is_said_in_one_line(tiny_model: Path) -> None:
    policy = Policy.load(tiny_model, torch.float32)
    policy.tokenizer.chat_template = "{% for m in messages %}"
    with pytest.raises(UserError, match="its chat template refuses"):
        policy.encode([Message("user", "1+1?")])


def test_dropout_of_a_classifier_that_is_not_there_does_not_hinder_recomputing(tmp_path: Path) -> None:
    config = GPTNeoXConfig(
        vocab_size=101, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4
    )
    assert config.classifier_dropout > 0
    AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    character_tokenizer(128).save_pretrained(tmp_path)
    policy = Policy.load(tmp_path, torch.float32)
    policy.recompute(True)
    assert policy.model.is_gradient_checkpointing
