"""The sizes of a model from its files alone: no weights are read, no torch is imported."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

from prorl.policy.catalogue import entries
from prorl.recipe.memory import ModelShape

_QWEN2_1_5B = ModelShape(1_777_088_000, 28, 1536, 8960, 12, 2, 128, 151936)
KNOWN = {
    "deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B": _QWEN2_1_5B,
    "nvidia/Nemotron-Research-Reasoning-Qwen-1.5B": _QWEN2_1_5B,
}
"""Models of the shipped recipes, from the `config.json` on their pages, so that these can be estimated without them."""
_NAMES = {
    "layers": ("num_hidden_layers", "n_layer"),
    "hidden": ("hidden_size", "n_embd"),
    "heads": ("num_attention_heads", "n_head"),
    "vocabulary": ("vocab_size",),
}
"""What families call the sizes without which nothing can be told."""


def shape_of(model: str) -> ModelShape | None:
    """The shape of a catalogue model, a local folder or a model in the Hub's cache.

    None if it isn't on this machine, or its config leaves sizes out, and nothing else is known.
    """
    path = _folder(model)
    parameters = sum(_parameters(file) for file in path.glob("*.safetensors")) if path is not None else 0
    if path is None or not parameters:
        return KNOWN.get(model.partition("@")[0])
    config: dict[str, Any] = json.loads((path / "config.json").read_text(encoding="utf-8"))
    config |= config.get("text_config") or {}
    sizes = {size: _first(config, names) for size, names in _NAMES.items()}
    if not all(sizes.values()):
        return None
    return ModelShape(
        parameters=parameters,
        intermediate=_first(config, ("intermediate_size", "n_inner", "ffn_dim")) or 4 * sizes["hidden"],
        key_value_heads=config.get("num_key_value_heads") or sizes["heads"],
        head_size=config.get("head_dim") or sizes["hidden"] // sizes["heads"],
        **sizes,
    )


def _folder(model: str) -> Path | None:
    """Where the model's config lies on this machine."""
    listed = next((listed.path for listed in entries() if listed.entry.name == model and listed.cached), None)
    path = listed or Path(model).expanduser()
    if (path / "config.json").is_file():
        return path
    from huggingface_hub import try_to_load_from_cache  # takes a moment to import
    from huggingface_hub.errors import HFValidationError

    name, _, revision = model.partition("@")
    try:
        config = try_to_load_from_cache(name, "config.json", revision=revision or None)
    except HFValidationError:
        return None
    return Path(config).parent if isinstance(config, str) else None


def _first(config: dict[str, Any], names: tuple[str, ...]) -> int:
    """The size that stands there under one of these names; 0 if none does."""
    return next((int(config[name]) for name in names if config.get(name)), 0)


def _parameters(file: Path) -> int:
    """Elements of all tensors of a safetensors file, from its header."""
    with open(file, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
