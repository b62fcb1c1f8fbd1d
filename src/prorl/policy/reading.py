"""Reading a model folder by `transformers`: quietly, without running code that lies in it, and refused in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, GenerationConfig

from prorl.errors import UserError, lines_of
from prorl.policy.check import check_config, check_tokenizer, check_weights
from prorl.policy.quiet import quiet_transformers

_FOREIGN: dict[str, Any] = {"trust_remote_code": False}
"""Without it the library asks a person at the terminal."""


def read_model(path: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    """Model and tokenizer of a folder, on the CPU. Raises UserError for what groups as trees can't serve."""
    with _refusing(path), torch.device("cpu"):  # whatever the default device: who wants it moves it
        config, tokenizer = _read_config(path)
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            path, config=config, dtype=dtype, output_loading_info=True, ignore_mismatched_sizes=True, **_FOREIGN
        )
    model, found = loaded
    check_weights(path, found)
    check_tokenizer(path, tokenizer, model)
    return model, tokenizer


def read_shape(path: Path) -> tuple[Any, Any]:
    """Model and tokenizer of a folder; the model's parameters hold no numbers. Raises UserError as `read_model`."""
    with _refusing(path):
        config, tokenizer = _read_config(path)
        with torch.device("meta"):
            model: Any = AutoModelForCausalLM.from_config(config, **_FOREIGN)  # type: ignore[no-untyped-call]
        if (path / "generation_config.json").is_file():
            model.generation_config = GenerationConfig.from_pretrained(path)
    check_tokenizer(path, tokenizer, model)
    return model, tokenizer


def _read_config(path: Path) -> tuple[Any, Any]:
    """Config and tokenizer."""
    config = AutoConfig.from_pretrained(path, **_FOREIGN)
    check_config(path, config)
    return config, AutoTokenizer.from_pretrained(path, **_FOREIGN)


@contextmanager
def _refusing(path: Path) -> Iterator[None]:
    """Whatever the library stumbles over in a folder is the folder's fault. Raises UserError."""
    try:
        with quiet_transformers():
            yield
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, ImportError, StrictDataclassError
    ) as error:  # fmt: skip
        if "trust_remote_code" in str(error):
            reason = "it needs code of its own, which is never run; choose a model that transformers has code for"
            raise UserError(f"model {path}: {reason}") from None
        said = lines_of(error)
        reason = " ".join(line.strip() for line in said) if isinstance(error, StrictDataclassError) else said[0]
        raise UserError(
            f"model {path}: {reason}; give a folder with a causal language model and its tokenizer"
        ) from None
