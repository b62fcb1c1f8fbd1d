"""The completions of one update, laid end to end, with all that the loss needs of each token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from prorl.algo.aggregate import Aggregation, token_weights
from prorl.algo.correction import Correction, correction
from prorl.algo.packed import Segments
from prorl.engine.local.rows import Row
from prorl.engine.protocol import TrainingGroup
from prorl.recipe.objective import Objective


class Batch:
    """Tensors are `[tokens]` over all completions of the update, in order; a row's part is a slice of them.

    `rows` are those that this process computes; the tensors hold the tokens of all.

    `weights` hold the loss's denominators, taken over the whole update before it is cut into rows. A token whose
    sampler log-probability isn't finite, or that the off-policy correction drops, is in no sum (`keep`).
    """

    def __init__(
        self, groups: Sequence[TrainingGroup], rows: Sequence[Row], aggregation: Aggregation, max_length: int
    ) -> None:
        completions = [c for group in groups for c in group.sampled.completions]
        self.rows = rows
        self.segments = Segments.of_lengths(torch.tensor([len(c.tokens) for c in completions]))
        self.advantages = self.segments.spread(torch.tensor([a for group in groups for a in group.advantages]))
        self.sampler = torch.tensor([p for c in completions for p in c.logprobs])
        self.old: Tensor | None = None
        """Log-probabilities under the weights that began the step; None: those of the forward pass itself."""
        self._aggregation, self._max_length = aggregation, max_length
        self._correct(correction(self.sampler, self.sampler, self.segments, "none"))

    def remember_old(self, old: Tensor, objective: Objective) -> None:
        """Take the step's first log-probabilities, and from them the off-policy correction."""
        settings = objective.correction
        self.old = old
        self._correct(correction(old, self.sampler, self.segments, settings.kind, settings.low, settings.high))

    def _correct(self, corrected: Correction) -> None:
        self.corrected = corrected
        self.correction, self.keep = corrected.weights, corrected.keep
        self.weights = token_weights(self.segments, self._aggregation, corrected.keep, self._max_length)
