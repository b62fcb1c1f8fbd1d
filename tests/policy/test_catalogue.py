"""A model can be written as a catalogue name or a folder; what can't be had is one line with a remedy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from prorl.errors import UserError
from prorl.policy import catalogue
from prorl.policy.shape import shape_of


def test_a_folder_is_itself_also_when_written_from_home(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert catalogue.resolve(tiny_model) == tiny_model
    monkeypatch.setenv("HOME", str(tiny_model.parent))
    assert catalogue.resolve(f"~/{tiny_model.name}") == tiny_model
    shutil.copytree(tiny_model, tmp_path / "smollm2-135m")
    monkeypatch.chdir(tmp_path)
    assert catalogue.resolve("./smollm2-135m") == Path("smollm2-135m")


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("./smollm2-135", "no such folder; did you mean 'smollm2-135m'"),
        ("/no/such/folder", "no such folder; give a local model folder, or one of: smollm2-135m, nano"),
        ("a b", "neither a folder nor a valid Hugging Face id; give a local model folder"),
        (__file__, "is a file; give the folder"),
    ],
)
def test_what_cannot_be_a_model_is_named_with_a_remedy(model: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        catalogue.resolve(model)
    assert model in str(raised.value)
    assert "\n" not in str(raised.value)


def test_the_catalogue_lists_and_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRORL_CACHE", str(tmp_path))
    listed, _ = catalogue.entries()
    assert (listed.entry.name, listed.entry.licence, listed.cached) == ("smollm2-135m", "Apache-2.0", False)
    assert listed.path == tmp_path / "models" / "smollm2-135m"
    assert catalogue.remove("smollm2-135m") == 0
    listed.path.mkdir(parents=True)
    (listed.path / "half").write_bytes(bytes(10))
    assert not catalogue.entries()[0].cached
    assert catalogue.remove("smollm2-135m") == 10
    assert not listed.path.exists()
    with pytest.raises(UserError, match=r"no model 'smollm2' in the catalogue; did you mean 'smollm2-135m'"):
        catalogue.remove("smollm2")


def test_nano_is_made_once_on_first_use_and_is_what_the_catalogue_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRORL_CACHE", str(tmp_path))
    _, listed = catalogue.entries()
    assert (listed.entry.name, listed.cached) == ("nano", False)
    path = catalogue.resolve("nano")
    assert path == listed.path == tmp_path / "models" / "nano"
    assert catalogue.entries()[1].cached
    shape = shape_of("nano")
    assert shape is not None
    assert shape.parameters == listed.entry.parameters == 997_120
    assert (shape.layers, shape.hidden, shape.heads, shape.key_value_heads) == (4, 128, 4, 2)
    made = (path / "model.safetensors").stat()
    assert catalogue.resolve("nano") == path
    assert (path / "model.safetensors").stat() == made
    weights = (path / "model.safetensors").read_bytes()
    assert catalogue.remove("nano") > 4 * listed.entry.parameters
    assert not path.exists()
    assert (catalogue.resolve("nano") / "model.safetensors").read_bytes() == weights


def test_the_cache_is_where_it_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRORL_CACHE", "relative")
    monkeypatch.chdir(tmp_path)
    assert catalogue.models_folder() == tmp_path / "relative" / "models"
    monkeypatch.delenv("PRORL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert catalogue.models_folder() == tmp_path / "xdg" / "prorl" / "models"


def test_looking_up_a_cached_model_needs_no_torch() -> None:
    code = "import sys, prorl.policy.catalogue as c; c.entries(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_real_model_answers_a_question(smollm2: Path) -> None:
    listed = next(listed for listed in catalogue.entries() if listed.entry.name == "smollm2-135m")
    assert listed.cached
    assert listed.path == smollm2
    model, tokenizer = AutoModelForCausalLM.from_pretrained(smollm2), AutoTokenizer.from_pretrained(smollm2)
    assert model.dtype == torch.bfloat16
    assert model.lm_head.weight is model.model.embed_tokens.weight
    assert model.num_parameters() == listed.entry.parameters
    assert tokenizer.eos_token == "<|im_end|>"
    assert tokenizer.eos_token_id == model.generation_config.eos_token_id
    # As in training: a blank line is one token also before a number, and every digit is a token.
    assert [tokenizer.decode([token]) for token in tokenizer("\n\n12")["input_ids"]] == ["\n\n", "1", "2"]
    prompt = tokenizer.apply_chat_template(
        [{"role": "user", "content": "What is the capital of France?"}], add_generation_prompt=True, return_tensors="pt"
    )
    output = model.generate(**prompt, max_new_tokens=12, do_sample=False)[0, prompt["input_ids"].shape[1] :]
    assert tokenizer.decode(output) == "The capital of France is Paris.<|im_end|>"
