"""Modules of a decoder layer made to compute in fewer passes, where a trial shows that they compute the same.

No model code is replaced: a module keeps its weights, its name and its place; its `forward` is exchanged for one that
uses `prorl.kernels`. What a trial doesn't confirm stays as it is, so an unknown architecture is slower and not wrong.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from prorl.kernels.layers import rms_norm, rotary, silu_mul
from prorl.kernels.library import library
from prorl.policy.packed import project
from prorl.policy.tree import PackedTrees, Tree

TOLERANCE = {torch.float32: 3e-5, torch.bfloat16: 0.25}
"""Largest difference of a trial's number, relative to it and the root mean square of all. A trial of a model in bf16 is
repeated on an fp32 copy: with small weights a rotation more or less is hidden by rounding."""


def fuse(model: Any) -> dict[str, int]:
    """Exchange what can be exchanged; how many modules of each kind were."""
    counts = dict.fromkeys(("norm", "feed_forward", "attention"), 0)
    like = next(model.parameters())
    if library(like) is None:
        return counts
    rotate = getattr(model.get_decoder(), "rotary_emb", None)
    for module in model.modules():
        kind = _kind(module) if all(weight.dtype == like.dtype for weight in module.parameters()) else None
        if kind is not None and _exchange(module, kind, rotate):
            counts[kind] += 1
    return counts


def is_llama(layer: Any) -> bool:
    """Whether a decoder layer has the pieces of a Llama's and no others, and the trials of all of them have passed."""
    parts = dict(layer.named_children())
    alike = all(getattr(parts[name].forward, "__func__", None) is own for name, own in _LLAMA.items() if name in parts)
    return parts.keys() == _LLAMA.keys() and alike and getattr(layer, "residual_multiplier", 1.0) == 1.0


def _kind(module: nn.Module) -> str | None:
    if type(module).__name__.endswith("RMSNorm") and hasattr(module, "weight"):
        return "norm"
    if all(hasattr(module, name) for name in ("gate_proj", "up_proj", "down_proj", "act_fn")):
        return "feed_forward"
    if all(hasattr(module, name) for name in ("q_proj", "k_proj", "v_proj", "o_proj", "head_dim", "scaling")):
        return None if _clips(module) else "attention"
    return None


def _clips(attention: Any) -> bool:
    """Whether it cuts off large queries, keys and values (OLMo), which a trial on small ones doesn't show."""
    return getattr(getattr(attention, "config", None), "clip_qkv", None) is not None


def _exchange(module: Any, kind: str, rotate: Any) -> bool:
    """Give the module the first of the kind's forwards that passes the trial; False if none does."""
    trial, forwards = _TRIALS[kind]
    tried = [module, *_exact_copies(module)]
    try:
        wanted = [trial(each, rotate) for each in tried]
    except (AttributeError, TypeError, ValueError):
        return False
    for forward in forwards:
        for each in tried:
            each.forward = MethodType(forward, each)
        try:
            found = [trial(each, rotate) for each in tried]
        except (AttributeError, TypeError, ValueError, RuntimeError):
            continue
        if all(map(_near, found, wanted)):
            return True
    del module.forward  # its class's own shows again
    return False


def _exact_copies(module: Any) -> list[Any]:
    """A copy of the module in fp32, if it isn't in fp32 itself."""
    if all(weight.dtype == torch.float32 for weight in module.parameters()):
        return []
    config = getattr(module, "config", None)
    return [copy.deepcopy(module, {id(config): config}).float()]


def _near(found: Tensor, wanted: Tensor) -> bool:
    if found.shape != wanted.shape:
        return False
    found, exact = found.float(), wanted.float()
    size = exact.abs() + exact.square().mean().sqrt().clamp_min(1e-6)
    return bool(((found - exact).abs() <= TOLERANCE[wanted.dtype] * size).all())


def _norm(self: Any, x: Tensor) -> Tensor:
    return rms_norm(x, self.weight, _epsilon(self))


def _offset_norm(self: Any, x: Tensor) -> Tensor:
    return rms_norm(x, self.weight, _epsilon(self), offset=1.0, round_first=False)


def _epsilon(module: Any) -> float:
    return float(module.variance_epsilon if hasattr(module, "variance_epsilon") else module.eps)


def _feed_forward(self: Any, x: Tensor) -> Tensor:
    gate, up = project(self, x, ("gate_proj", "up_proj"))
    return project(self, silu_mul(gate, up), ("down_proj",))[0]


def _attention(
    self: Any, hidden_states: Tensor, position_embeddings: tuple[Tensor, Tensor], tree: Any = None, **rest: Any
) -> tuple[Tensor, Any]:
    if tree is None:  # somebody uses the model in another way
        result: tuple[Tensor, Any] = type(self).forward(self, hidden_states, position_embeddings, **rest)
        return result
    tokens, d = hidden_states.shape[1], self.head_dim
    projected = project(self, hidden_states, ("q_proj", "k_proj", "v_proj"))
    query, key, value = (x[0].view(tokens, -1, d) for x in projected)
    if hasattr(self, "q_norm"):
        query, key = self.q_norm(query), self.k_norm(key)
    cosine, sine = (x[0] for x in position_embeddings)
    query, key = rotary(query, cosine, sine), rotary(key, cosine, sine)
    out = tree.attend(self.layer_idx, query, key, value, float(self.scaling))
    return project(self, out.reshape(1, tokens, -1), ("o_proj",))[0], None


def _input(size: int, like: Tensor, rows: int = 7) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, rows, size, generator=generator).to(like.dtype)


@torch.no_grad()
def _try_norm(module: Any, _: Any) -> Tensor:
    result: Tensor = module(_input(module.weight.shape[0], module.weight))
    return result


@torch.no_grad()
def _try_feed_forward(module: Any, _: Any) -> Tensor:
    result: Tensor = module(_input(module.gate_proj.in_features, module.gate_proj.weight))
    return result


@torch.no_grad()
def _try_attention(module: Any, rotate: Any) -> Tensor:
    """On a tree with two branches, at the positions that they have."""
    trees = PackedTrees.of([Tree([0, 0, 0], [[0, 0, 0], [0, 0, 0]])])
    x = _input(module.q_proj.in_features, module.q_proj.weight)
    embeddings = rotate(x, trees.positions[None])
    result: Tensor = module(hidden_states=x, position_embeddings=embeddings, attention_mask=None, tree=trees)[0]
    return result


_TRIALS: dict[str, tuple[Callable[[Any, Any], Tensor], tuple[Callable[..., Any], ...]]] = {
    "norm": (_try_norm, (_norm, _offset_norm)),
    "feed_forward": (_try_feed_forward, (_feed_forward,)),
    "attention": (_try_attention, (_attention,)),
}
_LLAMA = {
    "input_layernorm": _norm,
    "self_attn": _attention,
    "post_attention_layernorm": _norm,
    "mlp": _feed_forward,
}
