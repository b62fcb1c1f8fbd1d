"""Is this folder a language model? Asked before anything slow starts, so that the answer can name what is missing."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import SafetensorError, safe_open

from prorl.errors import UserError

TOKENIZERS = ("tokenizer.json", "tokenizer.model", "vocab.json", "spiece.model")
WEIGHTS = ("model.safetensors", "model.safetensors.index.json")


def check_folder(folder: Path) -> Path:
    """Return `folder` if it holds a config, a tokenizer and complete safetensors weights; else raise `UserError`."""
    config = folder / "config.json"
    if not config.is_file():
        if (folder / "adapter_config.json").is_file():
            raise UserError(f"{folder} holds an adapter, not a model: merge it into its base model and save that")
        raise UserError(f"{folder} is no model folder: it has no config.json (expected a Hugging Face model folder)")
    if "model_type" not in _read_json(config):
        raise UserError(f"{config} names no model_type: it is not the config of a language model")
    if not any((folder / name).is_file() for name in TOKENIZERS):
        raise UserError(f"{folder} has no tokenizer (expected tokenizer.json): save the tokenizer into the same folder")
    for shard in _shards(folder):
        _check_shard(shard)
    return folder


def _shards(folder: Path) -> list[Path]:
    single, index = (folder / name for name in WEIGHTS)
    if single.is_file():
        return [single]
    if not index.is_file():
        raise UserError(
            f"{folder} has no weights (expected model.safetensors): "
            "save the model in safetensors format with save_pretrained"
        )
    shards = _read_json(index).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise UserError(f"{index} has no weight_map: download the model again")
    return [folder / name for name in sorted(set(shards.values()))]


def _check_shard(shard: Path) -> None:
    if not shard.is_file():
        raise UserError(f"{shard.parent} is incomplete: {shard.name} is missing; download the model again")
    try:
        with safe_open(shard, framework="numpy"):  # reads the header and compares it with the file's size
            pass
    except (SafetensorError, OSError) as error:
        raise UserError(f"{shard} is damaged or cut short ({error}): download the model again") from error


def _read_json(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read as JSON ({error})") from error
    if not isinstance(content, dict):
        raise UserError(f"{path} should hold a JSON object, not a {type(content).__name__}")
    return content
