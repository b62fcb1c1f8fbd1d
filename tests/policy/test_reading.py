"""What the library stumbles over in a model folder is refused in one line, with weights and without."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers as lib

from prorl.errors import UserError
from prorl.policy.model import Policy

from .folders import reconfigure, refusal


@pytest.mark.parametrize("method", ["bitsandbytes", "gptq", "awq", "fp8"])
def test_quantised_weights_are_refused(model: Path, method: str) -> None:
    reconfigure(model, quantization_config={"quant_method": method, "bits": 4, "load_in_4bit": True})
    assert f"its weights are quantised ({method})" in refusal(model)


def test_sizes_that_are_no_numbers_are_named(model: Path) -> None:
    reconfigure(model, hidden_size="64")
    assert "hidden_size" in refusal(model)


@pytest.mark.parametrize("known", [True, False], ids=["known", "unknown"])
def test_code_in_the_folder_is_never_run_or_asked_for(
    model: Path, known: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where the library has code of its own for the model, that is taken."""

    def ask(prompt: str = "") -> str:
        raise AssertionError(f"a question was asked: {prompt}")

    monkeypatch.setattr("builtins.input", ask)
    (model / "x.py").write_text("raise SystemExit('code of a model folder was run')\n")
    reconfigure(
        model,
        model_type="llama" if known else "mymodel",
        auto_map={"AutoConfig": "x.Config", "AutoModelForCausalLM": "x.Model"},
    )
    if known:
        assert Policy.load(model, torch.float32).vocabulary == 101
    else:
        assert "it needs code of its own, which is never run" in refusal(model)
    assert capsys.readouterr().out == ""


def test_a_tokenizer_with_tokens_that_the_model_does_not_embed(model: Path) -> None:
    tokenizer = lib.AutoTokenizer.from_pretrained(model)
    tokenizer.add_tokens(["<think>", "</think>"])
    tokenizer.save_pretrained(model)
    assert "its tokenizer has token 102 ('</think>'), and its embedding 101 rows" in refusal(model)


@pytest.mark.parametrize(
    "changes",
    [
        {"hidden_size": "64"},
        {"model_type": "mymodel", "auto_map": {"AutoConfig": "x.Config"}},
        {"quantization_config": {"quant_method": "gptq", "bits": 4}},
        {"rope_parameters": {"rope_type": "dynamic", "rope_theta": 1e4, "factor": 2.0}},
        {"model_type": "nosuch"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_model_is_refused_without_its_weights_as_with_them(model: Path, changes: dict[str, Any]) -> None:
    reconfigure(model, **changes)
    with pytest.raises(UserError) as refused:
        Policy.without_weights(model)
    assert str(refused.value) == refusal(model)
