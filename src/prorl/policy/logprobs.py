"""Log-probabilities of chosen tokens, without ever holding the logits of a whole batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from prorl.kernels import head
from prorl.kernels.sums import add_up
from prorl.kernels.vocabulary import bend, measure

CHUNK_ELEMENTS = 25_000_000
"""Logits held at once: 50 MB in bf16."""


def token_logprobs(
    hidden: Tensor, targets: Tensor, weight: Tensor, bias: Tensor | None, temperature: float
) -> tuple[Tensor, Tensor]:
    """Log-probabilities of `targets` and the entropies of the distributions that they come from, in nats, fp32.

    hidden `[targets, hidden size]`, targets `[targets]`, weight `[vocabulary, hidden size]` and bias `[vocabulary]` of
    the output head, to two tensors `[targets]`. The distribution is softmax(logits / temperature). Logits are made
    piece by piece and made again in the backward pass; both outputs carry gradients.
    """
    if head.fits(hidden, weight, bias):
        return head.token_logprobs(hidden, targets, weight, temperature)
    logprobs, entropies = _TokenLogprobs.apply(hidden, targets, weight, bias, temperature)  # type: ignore[no-untyped-call]
    return logprobs, entropies


class _TokenLogprobs(torch.autograd.Function):
    """With p = softmax(z): d log p_t / dz = onehot(t) - p, and d entropy / dz = -p (log p + entropy)."""

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, targets: Tensor, weight: Tensor, bias: Tensor | None, temperature: float
    ) -> tuple[Tensor, Tensor]:
        logprobs = hidden.new_empty(len(targets), dtype=torch.float32)
        entropies, normalizers = torch.empty_like(logprobs), torch.empty_like(logprobs)
        for at, logits, rest in _logits(hidden, weight, bias):
            measure(logits, rest, targets[at], logprobs[at], normalizers[at], entropies[at], temperature)
        ctx.save_for_backward(hidden, targets, weight, bias, normalizers, entropies)
        ctx.temperature = temperature
        return logprobs, entropies

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        hidden, targets, weight, bias, normalizers, entropies = ctx.saved_tensors
        grad_logprobs, grad_entropies = (grad.float().contiguous() for grad in grads)
        grad_hidden = torch.empty_like(hidden)
        grad_weight = torch.zeros_like(weight, dtype=torch.float32) if ctx.needs_input_grad[2] else None
        grad_bias = torch.zeros_like(bias, dtype=torch.float32) if bias is not None else None
        for at, logits, rest in _logits(hidden, weight, bias):
            slope = bend(
                logits, rest, targets[at], normalizers[at], entropies[at], grad_logprobs[at], grad_entropies[at],
                ctx.temperature,
            )  # fmt: skip
            grad_bias = grad_bias + slope.float().sum(0) if grad_bias is not None else None
            grad_hidden[at] = slope @ weight
            if grad_weight is not None:
                _add_product(grad_weight, slope, hidden[at])
        return (
            grad_hidden,
            None,
            grad_weight.to(weight.dtype) if grad_weight is not None else None,
            grad_bias.to(bias.dtype) if grad_bias is not None else None,
            None,
        )


def _logits(hidden: Tensor, weight: Tensor, bias: Tensor | None) -> Iterator[tuple[slice, Tensor, Tensor | None]]:
    """Logits chunk by chunk, each in the memory of the one before it, and what rounding took from them.

    Both passes need both: slopes of rounded logits under the normalisers of whole ones would be those of no
    distribution, and of a token that is all but sure they would be noise.
    """
    parts = chunks(len(hidden), weight.shape[0])
    memory = hidden.new_empty(max((at.stop - at.start for at in parts), default=0), weight.shape[0])
    rests = torch.empty_like(memory) if hidden.dtype != torch.float32 else None
    for at in parts:
        logits = torch.mm(hidden[at], weight.t(), out=memory[: at.stop - at.start])
        if bias is not None:
            logits.add_(bias)
        rest = None
        if rests is not None:
            rest = torch.addmm(logits, hidden[at], weight.t(), beta=-1, out=rests[: len(logits)])
            rest = rest if bias is None else rest.add_(bias)
        yield at, logits, rest


def _add_product(total: Tensor, slope: Tensor, hidden: Tensor) -> None:
    """total += slope' hidden, in fp32 whatever the factors are."""
    if slope.dtype == torch.float32:
        total.addmm_(slope.t(), hidden)
    else:
        add_up(total, slope.t() @ hidden)


def chunks(rows: int, vocabulary: int) -> list[slice]:
    """Rows in parts whose logits have at most `CHUNK_ELEMENTS` elements."""
    size = max(1, CHUNK_ELEMENTS // vocabulary)
    return [slice(first, min(first + size, rows)) for first in range(0, rows, size)]
