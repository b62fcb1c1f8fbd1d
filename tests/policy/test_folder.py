"""A folder that is no model is refused in one line that names what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from prorl.errors import UserError
from prorl.policy.folder import check_folder


@pytest.fixture
def model(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "model"))


def test_a_whole_model_is_returned_as_it_is(model: Path) -> None:
    assert check_folder(model) == model


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("config.json", "has no config.json"),
        ("tokenizer.json", "has no tokenizer"),
        ("model.safetensors", "has no weights"),
    ],
)
def test_a_missing_file_is_named(model: Path, missing: str, message: str) -> None:
    (model / missing).unlink()
    with pytest.raises(UserError, match=message) as raised:
        check_folder(model)
    assert str(model) in str(raised.value)


def test_weights_cut_short_or_replaced_by_a_pointer_are_found_without_loading(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    with pytest.raises(UserError, match=r"model\.safetensors is damaged or cut short"):
        check_folder(model)
    weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n")
    with pytest.raises(UserError, match=r"model\.safetensors is damaged or cut short"):
        check_folder(model)


def test_a_sharded_model_needs_every_shard(model: Path) -> None:
    (model / "model.safetensors").rename(model / "model-00001-of-00002.safetensors")
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match=r"model-00002-of-00002\.safetensors is missing"):
        check_folder(model)
    shutil.copy(model / "model-00001-of-00002.safetensors", model / "model-00002-of-00002.safetensors")
    assert check_folder(model) == model


def test_a_broken_config_another_kind_of_config_and_an_adapter_are_told_apart(model: Path) -> None:
    config = model / "config.json"
    config.write_text("{")
    with pytest.raises(UserError, match="cannot be read as JSON"):
        check_folder(model)
    config.write_text("[]")
    with pytest.raises(UserError, match="should hold a JSON object, not a list"):
        check_folder(model)
    config.write_text("{}")
    with pytest.raises(UserError, match="names no model_type"):
        check_folder(model)
    config.rename(model / "adapter_config.json")
    with pytest.raises(UserError, match="an adapter, not a model"):
        check_folder(model)
