"""Pieces of a decoder layer, each one pass forward and one pass back. For tensors that `library` takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from prorl.kernels.library import required
from prorl.kernels.sums import weight_gradient


def rms_norm(x: Tensor, weight: Tensor, epsilon: float, offset: float = 0.0, round_first: bool = True) -> Tensor:
    """(offset + weight) * x / sqrt(mean(x²) + epsilon) over the last dimension, in fp32 inside.

    `round_first`: x / sqrt(…) is rounded to x's type before it is scaled, as Llama's is and Gemma's isn't.
    Raises ValueError for a weight of another type or width than x.
    """
    _demand("weight", weight, x.dtype, x.shape[-1:])
    return _RMSNorm.apply(x, weight, epsilon, offset, round_first)  # type: ignore[no-any-return, no-untyped-call]


def silu_mul(gate: Tensor, up: Tensor) -> Tensor:
    """silu(gate) * up; both `[..., width]` with the same distance between rows."""
    if gate.stride() != up.stride():
        gate, up = gate.contiguous(), up.contiguous()
    return _SiluMul.apply(gate, up)  # type: ignore[no-any-return, no-untyped-call]


def rotary(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """x `[tokens, heads, d]` turned by cosine and sine `[tokens, d]`, dimension i paired with i + d/2.

    Raises ValueError for a cosine or sine of another shape, or of another type than x.
    """
    for name, table in (("cosine", cosine), ("sine", sine)):
        _demand(name, table, x.dtype, (x.shape[0], x.shape[2]))
    return _Rotary.apply(x, cosine.contiguous(), sine.contiguous())  # type: ignore[no-any-return, no-untyped-call]


def _demand(name: str, given: Tensor, dtype: torch.dtype, shape: Sequence[int]) -> None:
    """A kernel reads by address and would go on past the end of what is too short."""
    if given.dtype != dtype or tuple(given.shape) != tuple(shape):
        raise ValueError(f"{name} is {given.dtype} {tuple(given.shape)}, and is to be {dtype} {tuple(shape)}")


def linears(x: Tensor, weights: Sequence[Tensor], biases: Sequence[Tensor | None]) -> tuple[Tensor, ...]:
    """x W' + b of several linear layers with the same input: x `[tokens, inputs]`, W `[outputs, inputs]`."""
    return _Linears.apply(x, *weights, *biases)  # type: ignore[no-any-return, no-untyped-call]


class _Linears(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, *layers: Tensor | None) -> tuple[Tensor, ...]:
        weights = [layer for layer in layers[: len(layers) // 2] if layer is not None]
        biases = layers[len(layers) // 2 :]
        ctx.save_for_backward(x, *weights)
        ctx.biased = [bias is not None for bias in biases]
        return tuple(linear(x, weight, bias) for weight, bias in zip(weights, biases, strict=True))

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, *weights = ctx.saved_tensors
        grad_x = grads[0] @ weights[0]
        for grad, weight in zip(grads[1:], weights[1:], strict=True):
            grad_x.addmm_(grad, weight)
        own = [weight_gradient(grad, x, weight) for grad, weight in zip(grads, weights, strict=True)]
        return grad_x, *own, *(grad.sum(0) if has else None for grad, has in zip(grads, ctx.biased, strict=True))


class _RMSNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, epsilon: float, offset: float, round_first: bool) -> Tensor:
        x = x.contiguous()
        width = x.shape[-1]
        y = torch.empty_like(x)
        inverse = x.new_empty(x.numel() // width, dtype=torch.float32)
        native = required(x)
        native.call("rms_norm", x.dtype, x, weight, y, inverse, len(inverse), width, epsilon, offset, round_first)
        ctx.save_for_backward(x, weight, inverse)
        ctx.offset = offset
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, inverse = ctx.saved_tensors
        width = x.shape[-1]
        grad, grad_x = grads[0].contiguous(), torch.empty_like(x)
        parts = torch.zeros(torch.get_num_threads(), width)
        native = required(x)
        native.call(
            "rms_norm_backward", x.dtype, x, weight, inverse, grad, grad_x, parts, len(inverse), width, ctx.offset
        )
        return grad_x, parts.sum(0).to(weight.dtype), None, None, None


class _SiluMul(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, gate: Tensor, up: Tensor) -> Tensor:
        y = torch.empty(gate.shape, dtype=gate.dtype)
        rows, width, stride = _rows(gate)
        native = required(gate)
        native.call("silu_mul", gate.dtype, gate, up, y, rows, width, stride)
        ctx.save_for_backward(gate, up)
        return y

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        gate, up = ctx.saved_tensors
        grad = grads[0].contiguous()
        grad_gate, grad_up = torch.empty_like(grad), torch.empty_like(grad)
        rows, width, stride = _rows(gate)
        native = required(gate)
        native.call("silu_mul_backward", gate.dtype, gate, up, grad, grad_gate, grad_up, rows, width, stride)
        return grad_gate, grad_up


class _Rotary(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        ctx.save_for_backward(cosine, sine)
        return _turn(x, cosine, sine, back=False)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        cosine, sine = ctx.saved_tensors
        return _turn(grads[0].contiguous(), cosine, sine, back=True), None, None


def _turn(x: Tensor, cosine: Tensor, sine: Tensor, back: bool) -> Tensor:
    tokens, heads, d = x.shape
    if x.stride(2) != 1 or x.stride(1) != d:
        x = x.contiguous()
    y = torch.empty(x.shape, dtype=x.dtype)
    native = required(x)
    native.call("rotary", x.dtype, x, cosine, sine, y, tokens, heads, d, x.stride(0), back)
    return y


def _rows(x: Tensor) -> tuple[int, int, int]:
    """Number, width and distance of the rows of `[..., width]`."""
    width = x.shape[-1]
    rows = x.numel() // width
    return rows, width, x.stride(-2) if x.dim() > 1 else width
