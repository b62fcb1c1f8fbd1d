"""Repetition: how much of a completion it has said before, and a reward shaper that makes it pay for that."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from prorl.algo.packed import Segments
from prorl.algo.shaping import Completions
from prorl.errors import UserError


@dataclass(frozen=True)
class Repetition:
    """Subtract `weight` times the share of a completion's `n`-grams that it has had before.

    0 when all n-grams are different, towards `weight` for an endless loop (the share used by Yeo et al., arXiv
    2502.03373). n and weight are our own choice.
    """

    n: int = 20
    weight: float = 0.5

    def __post_init__(self) -> None:
        if self.n < 1:
            raise UserError(f"repetition looks at {self.n}-grams; n must be 1 or more")
        if not self.weight >= 0:
            raise UserError(f"the repetition penalty is {self.weight}; it must be 0 or more")

    def __call__(self, rewards: Tensor, completions: Completions) -> Tensor:
        if completions.tokens is None:
            raise UserError("the repetition penalty needs the completions' tokens")
        return rewards - self.weight * repeated_share(completions.tokens, completions.lengths, self.n).to(rewards)


def repeated_share(tokens: Tensor, lengths: Tensor, n: int) -> Tensor:
    """Share of n-grams that repeat an earlier one of the same completion, `[samples]` fp32; 0 for fewer than n tokens.

    `tokens` `[tokens]` are the completions end to end, `lengths` `[samples]` how long each is.
    """
    samples = Segments.of_lengths(lengths)
    if tokens.numel() < n:
        return torch.zeros(lengths.numel(), device=tokens.device)
    owner = samples.index.unfold(0, n, 1)
    within = owner[:, 0] == owner[:, -1]
    grams = torch.cat([owner[:, :1], tokens.unfold(0, n, 1)], dim=1)[within]
    total = torch.bincount(grams[:, 0], minlength=samples.count)
    different = torch.bincount(torch.unique(grams, dim=0)[:, 0], minlength=samples.count)
    return (total - different) / total.clamp(min=1)
