"""The output head and the distribution over the vocabulary in one pass, where the processor has a tile unit.

Logits never reach memory and are never rounded to bf16. hidden is `[rows, width]`, weight `[vocabulary, width]`, both
bf16 and contiguous; the distribution is softmax(hidden weight' / temperature).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from prorl.kernels.library import SIDE, required, tiles
from prorl.kernels.sums import sum_of

DRAWN_BLOCK, MEASURED_BLOCK = 64, 512
"""Tokens of the vocabulary whose sums are kept together: small where one block is looked at again."""


def fits(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> bool:
    """Whether the functions here can work on these."""
    same = hidden.dtype == weight.dtype and weight.is_contiguous()
    return bias is None and same and tiles(weight, weight.shape[1]) is not None


def draw(hidden: Tensor, weight: Tensor, uniform: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Tokens `[rows]` and their log-probabilities `[rows]`, fp32, by the inverse of the cumulative distribution.

    `uniform`: `[rows]` in [0, 1), fp64.
    """
    hidden = hidden.contiguous()
    most, total, _ = _sums(hidden, weight, DRAWN_BLOCK, temperature)
    tokens, logprobs = torch.empty(len(hidden), dtype=torch.long), torch.empty(len(hidden))
    required(weight).call(
        "head_draw", weight.dtype, weight, hidden, most, total, uniform, tokens, logprobs, len(hidden), *weight.shape,
        DRAWN_BLOCK, float(temperature),
    )  # fmt: skip
    return tokens, logprobs


def token_logprobs(hidden: Tensor, targets: Tensor, weight: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Log-probabilities of `targets` and entropies, `[rows]` each, in nats, fp32. Both carry gradients."""
    logprobs, entropies = _TokenLogprobs.apply(hidden, targets, weight, temperature)  # type: ignore[no-untyped-call]
    return logprobs, entropies


class _TokenLogprobs(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, hidden: Tensor, targets: Tensor, weight: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
        hidden = hidden.contiguous()
        sums = _sums(hidden, weight, MEASURED_BLOCK, temperature)
        logprobs, normalizers, entropies = (torch.empty(len(hidden)) for _ in range(3))
        required(weight).call(
            "head_logprobs", weight.dtype, weight, hidden, *sums, targets, logprobs, normalizers, entropies,
            len(hidden), weight.shape[1], len(sums[0]), float(temperature),
        )  # fmt: skip
        ctx.save_for_backward(hidden, targets, weight, normalizers, entropies)
        ctx.temperature = temperature
        return logprobs, entropies

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        hidden, targets, weight, normalizers, entropies = ctx.saved_tensors
        along = [grad.float().contiguous() for grad in grads]
        kept = sum_of(weight) if ctx.needs_input_grad[2] else None
        own = torch.empty(weight.shape) if ctx.needs_input_grad[2] and kept is None else None
        total, add = kept or (own, False)
        gradient = torch.zeros((len(hidden) + SIDE - 1) // SIDE * SIDE, hidden.shape[1])
        required(weight).call(
            "head_backward", weight.dtype, weight, hidden, targets, normalizers, entropies, *along, gradient, total,
            len(hidden), *weight.shape, add, float(ctx.temperature),
        )  # fmt: skip
        to_weight = own.to(weight.dtype) if own is not None else None
        return gradient[: len(hidden)].to(hidden.dtype), None, to_weight, None


def _sums(hidden: Tensor, weight: Tensor, block: int, temperature: float) -> tuple[Tensor, ...]:
    """Of every block and row the largest logit, the sum of e^z and of z e^z: `[blocks, rows]` each."""
    blocks = -(-weight.shape[0] // block)
    sums = tuple(torch.empty(blocks, len(hidden)) for _ in range(3))
    required(weight).call(
        "head_sums", weight.dtype, weight, hidden, *sums, len(hidden), *weight.shape, block, float(temperature)
    )
    return sums
