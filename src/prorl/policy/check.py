"""Whether groups as trees can serve a model: asked when it is loaded, and answered in one line where they can't."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from prorl.errors import UserError, lines_of
from prorl.policy.branches import CacheShape
from prorl.policy.decoding import forward


def check_weights(path: Path, found: Mapping[str, Any]) -> None:
    """Raises UserError if the files at `path` lack weights of their model, or hold them in another shape.

    `found`: what the library says of loading it; it fills what is missing with random numbers.
    """
    missing, other, misshapen = (sorted(found[f"{kind}_keys"]) for kind in ("missing", "unexpected", "mismatched"))
    if misshapen:
        name, held, wanted = misshapen[0]
        raise UserError(
            f"model {path}: {name} is {list(held)} in its files and {list(wanted)} by its config.json; "
            "put the two together that belong together"
        )
    if missing:
        instead = f" (they hold {len(other)} that it doesn't know, the first is {other[0]})" if other else ""
        raise UserError(
            f"model {path}: its files lack {len(missing)} weights, the first is {missing[0]}{instead}; "
            "save the whole causal language model, by save_pretrained and without what wraps it"
        )


def check_tokenizer(path: Path, tokenizer: Any, model: Any) -> None:
    """Raises UserError if the tokenizer makes tokens that the model has no embedding for."""
    last, rows = max(tokenizer.get_vocab().values()), model.get_input_embeddings().weight.shape[0]
    if last >= rows:
        raise UserError(
            f"model {path}: its tokenizer has token {last} ({tokenizer.convert_ids_to_tokens(last)!r}), and its "
            f"embedding {rows} rows; put the two together that belong together, or resize the model's embedding"
        )


def check_config(path: Path, config: Any) -> None:
    """Raises UserError for weights, layers, positions or logits that groups as trees do not support."""
    quantised = getattr(config, "quantization_config", None)
    if quantised is not None:
        method = quantised.get("quant_method") if isinstance(quantised, Mapping) else None
        raise UserError(
            f"model {path}: its weights are quantised ({method or 'quantization_config'}), which can't be trained; "
            "choose a copy in bf16, fp16 or fp32"
        )
    text = config.get_text_config()
    kinds, window = getattr(text, "layer_types", None), getattr(text, "sliding_window", None)
    other = sorted(set(kinds or ()) - {"full_attention"})
    if kinds is None and window and window < text.max_position_embeddings:
        other = [f"sliding_window {window}"]
    if not other and getattr(text, "num_attention_heads", None) is None:
        other = ["no attention"]
    if other:
        raise UserError(
            f"model {path}: it has layers of {other[0]}, which groups as trees do not support; "
            "choose one with full attention in all layers"
        )
    rope = getattr(text, "rope_parameters", None) or getattr(text, "rope_scaling", None) or {}
    for part in (rope, *rope.values()):  # one for all layers, or one for each kind of layers
        if isinstance(part, Mapping) and part.get("rope_type") in ("dynamic", "longrope"):
            raise UserError(
                f"model {path}: it has positions of type {part['rope_type']}, which change with the longest completion "
                "of a row; choose a model with another rope_type"
            )
    for name in ("final_logit_softcapping", "logits_scaling", "logit_scale"):
        if getattr(text, name, None) not in (None, 1.0):
            raise UserError(f"model {path}: its logits are transformed by {name}, which is not supported")


@torch.no_grad()
def check_attention(path: Path, model: Any, cache: CacheShape) -> None:
    """Raises UserError if not every layer of the model asks a layout to attend, once, with keys as `cache` has them."""
    asked, token = _Asked(), torch.zeros(1, dtype=torch.long, device=model.device)
    try:
        forward(model, token, token, asked)
    except (UserError, AttributeError, TypeError, ValueError, RuntimeError) as error:
        raise UserError(
            f"model {path}: it doesn't compute with groups as trees ({lines_of(error)[0]}); choose a Llama-like model"
        ) from None
    if asked.sizes != {layer: [(cache.kv_heads, cache.d)] * 2 for layer in range(cache.layers)}:
        raise UserError(
            f"model {path}: {type(model).__name__} doesn't leave the attention of all layers to groups as trees; "
            "choose a Llama-like model"
        )


class _Asked:
    """A layout that only notes the sizes of the keys and values of a layer, `(kv_heads, d)` each."""

    def __init__(self) -> None:
        self.sizes: dict[int, list[tuple[int, ...]]] = {}

    def attend(self, layer: int, query: Tensor, key: Tensor, value: Tensor, scaling: float) -> Tensor:
        self.sizes.setdefault(layer, []).extend([tuple(key.shape[1:]), tuple(value.shape[1:])])
        return value.repeat_interleave(query.shape[1] // value.shape[1], 1)
