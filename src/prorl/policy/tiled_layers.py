"""A Llama-like model's layers for one new token a branch, by kernels of the processor's tile unit.

Between two products nothing but bf16 hidden states is written: norms, biases, gates and residuals are taken along.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from prorl.kernels.library import SIDE, required, tiles
from prorl.kernels.pages import Pages
from prorl.policy.branches import CacheShape
from prorl.policy.fuse import is_llama
from prorl.policy.tiled_branches import TiledBranches, in_tiles

MOST_D = 512
"""Largest size of a head."""


def can_tile(model: Any, cache: CacheShape) -> bool:
    """Whether the model has the parts, the type and the sizes that the kernels know; not yet that it is right."""
    weight = model.get_input_embeddings().weight
    if tiles(weight, weight.shape[1]) is None or cache.d % SIDE or cache.d > MOST_D:
        return False
    decoder = model.get_decoder()
    parts = ("layers", "norm", "rotary_emb", "embed_tokens")
    if not all(hasattr(decoder, part) for part in parts) or getattr(decoder, "embedding_multiplier", 1.0) != 1.0:
        return False
    return all(is_llama(layer) and _known(layer, cache) for layer in decoder.layers)


def _known(layer: Any, cache: CacheShape) -> bool:
    attention: Any = getattr(layer, "self_attn", None)
    feed: Any = getattr(layer, "mlp", None)
    linears: list[Any] = [
        *(getattr(attention, name, None) for name in ("q_proj", "k_proj", "v_proj", "o_proj")),
        *(getattr(feed, name, None) for name in ("gate_proj", "up_proj", "down_proj")),
    ]
    if any(type(linear) is not nn.Linear for linear in linears) or hasattr(attention, "q_norm"):
        return False
    fit = all(size % SIDE == 0 for linear in linears for size in linear.weight.shape)
    biased = any(linear.bias is not None for linear in linears[4:6])
    norms = all(hasattr(getattr(layer, name, None), "variance_epsilon") for name in _NORMS)
    shared = attention.q_proj.out_features // (cache.kv_heads * cache.d)
    return fit and norms and not biased and shared <= SIDE // 2 and hasattr(attention, "scaling")


_NORMS = ("input_layernorm", "post_attention_layernorm")


class TiledLayers:
    """All layers, their weights packed."""

    def __init__(self, model: Any, cache: CacheShape) -> None:
        self.cache = cache
        layers = model.get_decoder().layers
        weights = [m.weight for layer in layers for m in layer.modules() if isinstance(m, nn.Linear)]
        pages = Pages(sum(weight.numel() for weight in weights), weights[0].dtype)
        self.layers = [_Layer(layer, cache, pages) for layer in layers]
        first = self.layers[0]
        self.widths = (first.qkv.outputs, first.out.inputs, first.gate.outputs)
        """Of what a layer computes: queries, keys and values; what attention mixes; the gated numbers."""

    def __call__(self, embedded: Tensor, cosine: Tensor, sine: Tensor, branches: TiledBranches) -> Tensor:
        """`[rows, hidden size]` of the rows that `branches` took, before the last norm; cosine and sine `[rows, d]`."""
        rows, width = embedded.shape
        hidden, qkv, mixed, inner = (embedded.new_empty(in_tiles(rows), size) for size in (width, *self.widths))
        hidden[:rows] = embedded
        for number, layer in enumerate(self.layers):
            layer.attend(hidden, qkv, mixed, cosine, sine, branches, number)
            layer.feed(hidden, inner)
        return hidden[:rows]


class _Layer:
    def __init__(self, layer: Any, cache: CacheShape, pages: Pages) -> None:
        attention, feed = layer.self_attn, layer.mlp
        self.cache, self.scaling = cache, float(attention.scaling)
        self.norms = [getattr(layer, name).weight.detach() for name in _NORMS]
        self.epsilons = [float(getattr(layer, name).variance_epsilon) for name in _NORMS]
        self.qkv = _Packed([attention.q_proj, attention.k_proj, attention.v_proj], pages)
        self.out = _Packed([attention.o_proj], pages)
        self.gate, self.up = _Packed([feed.gate_proj], pages), _Packed([feed.up_proj], pages)
        self.down = _Packed([feed.down_proj], pages)
        self.native = required(self.out.weight)

    def attend(
        self, hidden: Tensor, qkv: Tensor, mixed: Tensor, cosine: Tensor, sine: Tensor, branches: TiledBranches,
        number: int,
    ) -> None:  # fmt: skip
        """hidden += attention(norm(hidden)); `qkv` and `mixed` are written over."""
        kv, d = self.cache.kv_heads, self.cache.d
        native, padded, dtype = self.native, len(hidden), hidden.dtype
        native.call(
            "norm_linear", dtype, hidden, self.norms[0], self.qkv.weight, self.qkv.bias, qkv, padded,
            self.qkv.inputs, self.qkv.outputs, self.epsilons[0],
        )  # fmt: skip
        native.call(
            "decode_attention", dtype, qkv, cosine, sine, *branches.trunks[number], *branches.own[number],
            branches.rows, branches.row_lengths, branches.row_depths, branches.starts, mixed, len(branches.starts) - 1,
            self.out.inputs // d, kv, d, branches.depth, branches.room, branches.n, self.scaling,
        )  # fmt: skip
        native.call(
            "add_linear", dtype, mixed, self.out.weight, self.out.bias, hidden, padded, self.out.inputs,
            self.out.outputs,
        )  # fmt: skip

    def feed(self, hidden: Tensor, inner: Tensor) -> None:
        """hidden += down(silu(gate(norm(hidden))) * up(norm(hidden))); `inner` is written over."""
        native, padded, dtype = self.native, len(hidden), hidden.dtype
        native.call(
            "norm_gate", dtype, hidden, self.norms[1], self.gate.weight, self.up.weight, inner, padded,
            self.gate.inputs, self.gate.outputs, self.epsilons[1],
        )  # fmt: skip
        native.call(
            "add_linear", dtype, inner, self.down.weight, self.down.bias, hidden, padded, self.down.inputs,
            self.down.outputs,
        )  # fmt: skip


class _Packed:
    """One or several linear layers of the same input, side by side."""

    def __init__(self, layers: Sequence[nn.Linear], pages: Pages) -> None:
        weights = [layer.weight.detach() for layer in layers]
        whole = torch.cat(weights) if len(weights) > 1 else weights[0].contiguous()
        self.outputs, self.inputs = whole.shape
        self.weight = pages.take(self.outputs, self.inputs)
        required(whole).call("pack_linear", whole.dtype, whole, self.weight, self.outputs, self.inputs)
        self.bias = None
        if any(layer.bias is not None for layer in layers):
            self.bias = torch.cat([
                layer.bias.detach() if layer.bias is not None else layer.weight.new_zeros(len(layer.weight))
                for layer in layers
            ])  # fmt: skip
