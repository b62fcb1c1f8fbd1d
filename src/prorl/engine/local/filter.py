"""Top-k and top-p: only for evaluation, since what they cut off would be missing from a policy gradient."""

from __future__ import annotations

import torch
from torch import Tensor

from prorl.engine.protocol import Sampling


def keep_likely(logits: Tensor, sampling: Sampling) -> Tensor:
    """Logits `[rows, vocabulary]` with -inf for all but the `top_k` largest, and then for all but the smallest set of
    tokens whose probability (at the sampling temperature) reaches `top_p`; the most likely token always stays."""
    ordered, order = logits.float().sort(-1, descending=True)
    drop = torch.zeros_like(ordered, dtype=torch.bool)
    if sampling.top_k is not None:
        drop[:, sampling.top_k :] = True
    if sampling.top_p < 1.0:
        probabilities = (ordered / sampling.temperature).masked_fill(drop, -torch.inf).softmax(-1)
        drop |= probabilities.cumsum(-1) - probabilities >= sampling.top_p
    drop[:, 0] = False
    return logits.masked_fill(torch.zeros_like(drop).scatter_(1, order, drop), -torch.inf)
