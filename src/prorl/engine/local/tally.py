"""Sums over the tokens of a step, from which its report is made."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from prorl.algo.losses import TokenLoss
from prorl.engine.local.ranks import Ranks


class Tally:
    """Adds up rows; every mean of the report is over the tokens of the whole step."""

    def __init__(self) -> None:
        self.tokens = 0
        self.dropped = 0
        self.ratio_max = 0.0
        self.sums = dict.fromkeys(("loss", "kl", "entropy", "clipped_low", "clipped_high", "mismatch_kl"), 0.0)

    def add(
        self, loss: Tensor, kl: Tensor, entropies: Tensor, old: Tensor, sampler: Tensor, surrogate: TokenLoss
    ) -> None:
        """One row: its loss (a number) and its per-token values `[tokens]`."""
        self.tokens += len(kl)
        self.ratio_max = max(self.ratio_max, float(surrogate.log_ratio.max().exp()))
        apart = (old - sampler)[sampler.isfinite()]
        self.dropped += len(sampler) - len(apart)
        added = {
            "loss": loss,
            "kl": kl.sum(),
            "entropy": entropies.sum(),
            "clipped_low": surrogate.clipped_low.sum(),
            "clipped_high": surrogate.clipped_high.sum(),
            "mismatch_kl": (torch.expm1(apart) - apart).sum(),
        }
        for name, value in added.items():
            self.sums[name] += float(value)

    def add_up(self, ranks: Ranks) -> None:
        """Take in what the other processes added."""
        counts = [float(self.tokens), float(self.dropped)]
        added = ranks.sum(torch.tensor([*counts, *self.sums.values()], dtype=torch.float64)).tolist()
        self.tokens, self.dropped = int(added[0]), int(added[1])
        self.sums = dict(zip(self.sums, added[2:], strict=True))
        self.ratio_max = ranks.max(self.ratio_max)

    def means(self, updates: int) -> dict[str, Any]:
        """Means over tokens, counts and the largest ratio; the loss is the mean over the step's updates."""
        means = {name: value / max(self.tokens, 1) for name, value in self.sums.items()}
        means["loss"] = self.sums["loss"] / max(updates, 1)
        return means | {"ratio_max": self.ratio_max, "tokens": self.tokens, "dropped_tokens": self.dropped}
