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


def shape_of(model: str) -> ModelShape | None:
    """The shape of a catalogue model or local folder; None if it isn't on this machine and nothing else is known."""
    path = next((listed.path for listed in entries() if listed.entry.name == model and listed.cached), Path(model))
    if not (path / "config.json").is_file():
        return KNOWN.get(model.partition("@")[0])
    config: dict[str, Any] = json.loads((path / "config.json").read_text(encoding="utf-8"))
    heads = config["num_attention_heads"]
    return ModelShape(
        parameters=sum(_parameters(file) for file in path.glob("*.safetensors")),
        layers=config["num_hidden_layers"],
        hidden=config["hidden_size"],
        intermediate=config["intermediate_size"],
        heads=heads,
        key_value_heads=config.get("num_key_value_heads") or heads,
        head_size=config.get("head_dim") or config["hidden_size"] // heads,
        vocabulary=config["vocab_size"],
    )


def _parameters(file: Path) -> int:
    """Elements of all tensors of a safetensors file, from its header."""
    with open(file, "rb") as stream:
        (length,) = struct.unpack("<Q", stream.read(8))
        header = json.loads(stream.read(length))
    return sum(math.prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
