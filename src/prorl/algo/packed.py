"""Packed layout: the tokens of several samples laid end to end, with no padding anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from prorl.algo.ratio import at_least_float32


@dataclass(frozen=True)
class Segments:
    """Which sample every token belongs to.

    `index` is `[tokens]` int64 with values in `[0, count)`; `count` is the number of samples, those of no tokens
    included. Sums run over a segment's tokens in their order, so on a CPU a segment's sum is the same number, bit for
    bit, whatever it is packed with.
    """

    index: Tensor
    count: int

    @staticmethod
    def of_lengths(lengths: Tensor) -> Segments:
        """Samples of the given lengths, `[samples]` in tokens, laid end to end. A length may be 0."""
        samples = torch.arange(lengths.numel(), device=lengths.device)
        return Segments(torch.repeat_interleave(samples, lengths), lengths.numel())

    def lengths(self) -> Tensor:
        """Tokens in each sample, `[samples]` int64."""
        return torch.bincount(self.index, minlength=self.count)

    def sum(self, x: Tensor) -> Tensor:
        """Sum of `x` `[tokens]` over each sample, `[samples]`; 0 for a sample of no tokens. Booleans are counted."""
        x = x.long() if x.dtype == torch.bool else x
        x = at_least_float32(x) if x.is_floating_point() else x
        return x.new_zeros(self.count).index_add(0, self.index, x)

    def mean(self, x: Tensor, keep: Tensor | None = None) -> Tensor:
        """Mean of `x` `[tokens]` over the kept tokens of each sample, `[samples]`; 0 where none is kept.

        What `x` holds at a token that isn't kept doesn't matter: it may be NaN.
        """
        x = at_least_float32(x)
        if keep is None:
            return self.sum(x) / self.lengths().clamp(min=1)
        return self.sum(torch.where(keep, x, 0.0)) / self.sum(keep).clamp(min=1)

    def spread(self, y: Tensor) -> Tensor:
        """Give every token the value of its sample: `[samples]` to `[tokens]`."""
        return y.index_select(0, self.index)

    def sum_to_go(self, x: Tensor) -> Tensor:
        """At every token, the sum of `x` from it to the end of its sample, `[tokens]`. Samples must lie end to end."""
        parts = torch.split_with_sizes(x, self.lengths().tolist())
        return torch.cat([part.flip(0).cumsum(0).flip(0) for part in parts]) if parts else x
