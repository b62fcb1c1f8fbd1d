"""What is done with logits `[rows, vocabulary]`, over softmax(logits / temperature); with kernels, or in PyTorch.

Logits in bf16 come in two parts, the logits and `rest`, what rounding took from them: at the size that logits have,
neighbouring bf16 numbers are 1/8 apart, and log-probabilities of two passes over the same text would differ by that.
"""

from __future__ import annotations

import torch
from torch import Tensor

from prorl.kernels.library import library

_BLOCK = 128


def draw(logits: Tensor, rest: Tensor | None, uniform: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Tokens `[rows]` and their log-probabilities `[rows]`, fp32, by the inverse of the cumulative distribution.

    `uniform`: `[rows]` in [0, 1), fp64. The logits may be used up.
    """
    native = library(logits)
    if native is None or not logits.is_contiguous():
        return _draw_plainly(_whole(logits, rest).div_(temperature), uniform)
    tokens, logprobs = torch.empty(len(logits), dtype=torch.long), torch.empty(len(logits))
    native.call("draw", logits.dtype, logits, rest, uniform, tokens, logprobs, *logits.shape, float(temperature))
    return tokens, logprobs


def measure(
    logits: Tensor,
    rest: Tensor | None,
    targets: Tensor,
    logprobs: Tensor,
    normalizers: Tensor,
    entropies: Tensor,
    temperature: float,
) -> None:
    """Fill in, `[rows]` in nats: log-probabilities of the targets, logs of the normalisers, entropies."""
    native = library(logits)
    if native is not None:
        native.call(
            "logprobs", logits.dtype, logits, rest, targets, logprobs, normalizers, entropies, *logits.shape,
            float(temperature),
        )  # fmt: skip
        return
    z = _whole(logits, rest).div_(temperature)
    torch.logsumexp(z, -1, out=normalizers)
    torch.sub(z.gather(1, targets[:, None])[:, 0], normalizers, out=logprobs)
    probabilities = (z - normalizers[:, None]).exp_()
    torch.sub(normalizers, probabilities.mul_(z.clamp_min_(torch.finfo(z.dtype).min)).sum(-1), out=entropies)


def bend(
    logits: Tensor,
    rest: Tensor | None,
    targets: Tensor,
    normalizers: Tensor,
    entropies: Tensor,
    grad_logprobs: Tensor,
    grad_entropies: Tensor,
    temperature: float,
) -> Tensor:
    """The loss's slope along the logits, from those along log-probabilities and entropies; uses the logits up."""
    native = library(logits)
    if native is not None:
        native.call(
            "logprobs_backward", logits.dtype, logits, rest, targets, normalizers, entropies, grad_logprobs,
            grad_entropies, *logits.shape, float(temperature),
        )  # fmt: skip
        return logits
    logs = _whole(logits, rest).div_(temperature).sub_(normalizers[:, None])
    slope = logs.exp()
    logs = logs.clamp_min_(torch.finfo(logs.dtype).min)
    slope *= -(grad_logprobs[:, None] + grad_entropies[:, None] * (logs + entropies[:, None]))
    slope.scatter_add_(1, targets[:, None], grad_logprobs[:, None])
    return slope.div_(temperature).to(logits.dtype)


def _whole(logits: Tensor, rest: Tensor | None) -> Tensor:
    """In fp32, and never the same memory."""
    return logits.float() + rest if rest is not None else logits.float().clone()


def _draw_plainly(logits: Tensor, uniform: Tensor) -> tuple[Tensor, Tensor]:
    """In two levels: sums of blocks first, then inside one block, so that the vocabulary is passed over a few times."""
    rows, vocabulary = logits.shape
    weights = logits.sub_(logits.amax(-1, keepdim=True)).exp_()
    if vocabulary % _BLOCK:
        weights = torch.nn.functional.pad(weights, (0, -vocabulary % _BLOCK))
    blocks = weights.view(rows, -1, _BLOCK)
    upto = blocks.sum(-1).double().cumsum(-1)
    total = upto[:, -1:]
    aim = uniform[:, None] * total
    block = torch.searchsorted(upto, aim, right=True).clamp_max_(upto.shape[1] - 1)
    before = torch.where(block > 0, upto.gather(1, (block - 1).clamp_min(0)), torch.zeros_like(total))
    inside = blocks[torch.arange(rows), block[:, 0]].double()
    within = torch.searchsorted(inside.cumsum(-1), aim - before, right=True)
    last = (inside > 0).long().cumsum(-1).argmax(-1, keepdim=True)
    place = torch.minimum(within, last)
    logprob = inside.gather(1, place).log() - total.log()
    return (block * _BLOCK + place)[:, 0], logprob[:, 0].float()
