"""Sums over the tokens of a step, from which its report is made."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from prorl.algo.losses import TokenLoss
from prorl.engine.local.batch import Batch
from prorl.engine.local.ranks import Ranks


class Tally:
    """Adds up rows; every mean of the report is over the kept tokens of the whole step."""

    def __init__(self) -> None:
        self.ratio_max = 0.0
        self.sums = dict.fromkeys(("loss", "kl", "entropy", "clipped_low", "clipped_high", "mismatch_kl"), 0.0)

    def add(
        self, loss: Tensor, kl: Tensor, entropies: Tensor, old: Tensor, sampler: Tensor, keep: Tensor,
        surrogate: TokenLoss,
    ) -> None:  # fmt: skip
        """One row: its loss (a number) and its per-token values `[tokens]`."""
        if keep.any():
            self.ratio_max = max(self.ratio_max, float(surrogate.log_ratio[keep].max().exp()))
        apart = (old - sampler)[sampler.isfinite()]
        added = {
            "loss": loss,
            "kl": kl[keep].sum(),
            "entropy": entropies[keep].sum(),
            "clipped_low": surrogate.clipped_low[keep].sum(),
            "clipped_high": surrogate.clipped_high[keep].sum(),
            "mismatch_kl": (torch.expm1(apart) - apart).sum(),
        }
        for name, value in added.items():
            self.sums[name] += float(value)

    def add_up(self, ranks: Ranks) -> None:
        """Take in what the other processes added."""
        added = ranks.sum(torch.tensor(list(self.sums.values()), dtype=torch.float64)).tolist()
        self.sums = dict(zip(self.sums, added, strict=True))
        self.ratio_max = ranks.max(self.ratio_max)

    def means(self, updates: Sequence[Batch]) -> dict[str, Any]:
        """Means over the tokens of the step's updates, counts and the largest ratio; NaN where no token was kept.

        The loss is the mean over the updates. The mismatch is of all tokens with a sampler log-probability: without
        those that a correction drops, just the large ones would go unseen.
        """
        corrected = [batch.corrected for batch in updates]
        tokens = sum(len(each.keep) for each in corrected)
        kept = sum(int(each.keep.sum()) for each in corrected)
        nonfinite = sum(each.dropped_nonfinite for each in corrected)
        means = {name: _over(value, kept) for name, value in self.sums.items()}
        return means | {
            "loss": self.sums["loss"] / max(len(updates), 1),
            "mismatch_kl": _over(self.sums["mismatch_kl"], tokens - nonfinite),
            "ratio_max": self.ratio_max if kept else math.nan,
            "tokens": tokens,
            "dropped_tokens": nonfinite,
            "out_of_bounds": _over(sum(each.out_of_bounds for each in corrected), tokens),
            "dropped": _over(tokens - kept, tokens),
            "dropped_samples": sum(each.dropped_samples for each in corrected),
        }


def _over(value: float, count: int) -> float:
    return value / count if count else math.nan
