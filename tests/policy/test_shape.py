"""Sizes of models from their files, whatever their config calls them and wherever they lie."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from huggingface_hub import constants
from transformers import (
    AutoModelForCausalLM,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3TextConfig,
    GPT2Config,
    SiglipVisionConfig,
)

from prorl.policy.shape import KNOWN, shape_of
from prorl.recipe.memory import ModelShape

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_the_names_of_gpt_2(tmp_path: Path) -> None:
    model = AutoModelForCausalLM.from_config(GPT2Config(vocab_size=97, n_embd=32, n_layer=3, n_head=4, n_positions=64))
    model.save_pretrained(tmp_path)
    found = shape_of(str(tmp_path))
    assert found == ModelShape(model.num_parameters(), 3, 32, 4 * 32, 4, 4, 8, 97)


def test_sizes_of_a_nested_config(tmp_path: Path) -> None:
    text = Gemma3TextConfig(
        vocab_size=97, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16,
    )  # fmt: skip
    vision = SiglipVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28
    )
    with torch.device("cpu"):
        model = Gemma3ForConditionalGeneration(
            Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4)
        )
    model.save_pretrained(tmp_path)
    found = shape_of(str(tmp_path))
    assert found == ModelShape(model.num_parameters(), 2, 32, 48, 4, 2, 16, 97)


def test_sizes_that_a_config_leaves_out_are_not_known(tiny_model: Path, tmp_path: Path) -> None:
    path = shutil.copytree(tiny_model, tmp_path / "model")
    (path / "config.json").write_text('{"model_type": "llama"}')
    assert shape_of(str(path)) is None


def test_a_path_from_home(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tiny_model.parent))
    assert shape_of(f"~/{tiny_model.name}") == shape_of(str(tiny_model)) is not None


def test_a_model_in_the_cache_of_the_hub(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    for name in ("lab/open", next(iter(KNOWN))):
        repository = tmp_path / f"models--{name.replace('/', '--')}"
        (repository / "refs").mkdir(parents=True)
        (repository / "refs" / "main").write_text(COMMIT)
        shutil.copytree(tiny_model, repository / "snapshots" / COMMIT)
    assert shape_of("lab/open") == shape_of(f"lab/open@{COMMIT}") == shape_of(str(tiny_model)) is not None
    assert shape_of("lab/open@other") is None
    assert shape_of("lab/none") is None
    assert shape_of("not a name") is None
    (repository / "snapshots" / COMMIT / "model.safetensors").unlink()
    assert shape_of(next(iter(KNOWN))) == next(iter(KNOWN.values()))  # the config alone says nothing of parameters


def test_showing_a_recipe_with_a_model_of_unknown_sizes(tiny_model: Path, tmp_path: Path) -> None:
    path = shutil.copytree(tiny_model, tmp_path / "model")
    (path / "config.json").write_text('{"model_type": "llama"}')
    done = subprocess.run(
        [sys.executable, "-c", "from prorl.cli.main import main; main()", "recipe", "show", "quickstart",
         f"model={path}"], env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "not known" in done.stdout
