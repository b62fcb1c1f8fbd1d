"""Weights of linear layers in the order that the processor's matrix unit reads them, for as long as they stand still.

Sampling multiplies by the same weights at every token. A plain linear call reorders them each time; packed, and with
those that share an input joined into one, they are reordered once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from prorl.kernels.layers import linears

_JOINED = (("q_proj", "k_proj", "v_proj"), ("o_proj",), ("gate_proj", "up_proj"), ("down_proj",))


class PackedLinear:
    """One or several linear layers of the same input, side by side."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        weights = [layer.weight.detach() for layer in layers]
        self.sizes = [len(weight) for weight in weights]
        self.weight = torch.ops.mkldnn._reorder_linear_weight(torch.cat(weights))
        self.bias = None if layers[0].bias is None else torch.cat([layer.bias.detach() for layer in layers])

    def __call__(self, x: Tensor) -> Tensor:
        """`[..., input]` to `[..., sum of the layers' outputs]`."""
        result: Tensor = torch.ops.mkldnn._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return result

    def less(self, x: Tensor, other: Tensor) -> Tensor:
        """What calling it gives, less `other`, rounded only then."""
        result: Tensor = torch.ops.mkldnn._linear_pointwise.binary(x, other, self.weight, self.bias, "sub")
        return result


def project(module: Any, x: Tensor, names: tuple[str, ...]) -> Sequence[Tensor]:
    """The outputs of the module's linear layers `names` for one input `[..., input]`."""
    packed: dict[tuple[str, ...], PackedLinear] | None = getattr(module, "packed", None)
    if packed is not None and names in packed:
        out = packed[names](x)
        return torch.split(out, packed[names].sizes, -1) if len(names) > 1 else (out,)
    layers = [getattr(module, name) for name in names]
    if any(type(layer) is not nn.Linear for layer in layers):
        return [layer(x) for layer in layers]
    if torch.is_grad_enabled() and layers[0].weight.requires_grad:
        flat = linears(x.view(-1, x.shape[-1]), [layer.weight for layer in layers], [layer.bias for layer in layers])
        return [out.view(*x.shape[:-1], -1) for out in flat]
    return [linear(x, layer.weight, layer.bias) for layer in layers]


def has_bf16_products() -> bool:
    """Whether the tensor library has bf16 products for this CPU; without, it makes them a hundred times as slowly."""
    return bool(torch._C._has_mkldnn) and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def can_pack(model: Any) -> bool:
    """Whether the tensor library packs the weights of this model: in bf16, on a CPU that it has bf16 products for."""
    weight = next(model.parameters())
    return weight.dtype == torch.bfloat16 and weight.device.type == "cpu" and has_bf16_products()


@contextmanager
def packed(model: Any) -> Iterator[None]:
    """Pack the fused modules' linear layers and the output head; the weights must not change meanwhile."""
    modules = [module for module in model.modules() if getattr(module.forward, "__module__", "") == _FUSED]
    head = model.get_output_embeddings()
    try:
        for module in modules:
            module.packed = {
                names: PackedLinear([getattr(module, name) for name in names])
                for names in _JOINED
                if all(type(getattr(module, name, None)) is nn.Linear for name in names)
            }
        head.packed = PackedLinear([head])
        yield
    finally:
        for module in (*modules, head):
            if hasattr(module, "packed"):
                del module.packed


_FUSED = "prorl.policy.fuse"
