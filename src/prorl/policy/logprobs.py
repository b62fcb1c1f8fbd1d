"""Log-probabilities of chosen tokens, without ever holding the logits of a whole batch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

CHUNK_ELEMENTS = 25_000_000
"""Logits held at once (100 MB in fp32)."""


def token_logprobs(
    hidden: Tensor, targets: Tensor, head: Callable[[Tensor], Tensor], temperature: float, vocabulary: int
) -> tuple[Tensor, Tensor]:
    """Log-probabilities of `targets` and the entropies of the distributions that they come from, in nats, fp32.

    hidden `[targets, hidden size]`, targets `[targets]` to two tensors `[targets]`. The distribution is
    softmax(logits / temperature). Logits are made chunk by chunk and made again in the backward pass.
    """
    rows = max(1, CHUNK_ELEMENTS // vocabulary)
    logprobs, entropies = [], []
    for part, wanted in zip(torch.split(hidden, rows), torch.split(targets, rows), strict=True):
        if torch.is_grad_enabled():
            of_part, entropy = checkpoint(_of_chunk, part, wanted, head, temperature, use_reentrant=False)
        else:
            of_part, entropy = _of_chunk(part, wanted, head, temperature)
        logprobs.append(of_part)
        entropies.append(entropy)
    return torch.cat(logprobs), torch.cat(entropies)


def _of_chunk(
    hidden: Tensor, targets: Tensor, head: Callable[[Tensor], Tensor], temperature: float
) -> tuple[Tensor, Tensor]:
    logits = head(hidden).float() / temperature
    logprobs = logits.log_softmax(-1)
    entropy = -(logprobs.exp() * logprobs).sum(-1)
    return logprobs.gather(1, targets[:, None])[:, 0], entropy
