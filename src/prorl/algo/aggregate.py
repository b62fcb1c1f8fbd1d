"""From values per token to one loss: every token's weight, fixed before the batch is split."""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from prorl.algo.packed import Segments
from prorl.algo.ratio import at_least_float32
from prorl.errors import UserError

Aggregation = Literal["token_mean", "sequence_mean", "constant_length"]


def token_weights(
    segments: Segments, how: Aggregation, keep: Tensor | None = None, max_length: int | None = None
) -> Tensor:
    """The weight of every token in the loss of one update, `[tokens]` fp32.

    Computed once over the whole batch of an update. The loss of any part of it is `weighted_sum` over that part, and
    parts add up to the whole, however the batch is cut into micro-batches, rows or ranks.

    - `token_mean` (DAPO, arXiv 2503.14476 eq. 8): 1 / kept tokens.
    - `sequence_mean` (GRPO, arXiv 2402.03300 eq. 3): 1 / (samples x kept tokens of its sample).
    - `constant_length` (Dr.GRPO, arXiv 2503.20783): 1 / (samples x `max_length`).

    `keep` `[tokens]` is the only mask: a token that isn't kept has weight 0 and is counted nowhere, and a sample with
    no kept token is no sample. If nothing is kept all weights are 0. Raises UserError for an unknown `how` or a
    missing `max_length`.
    """
    if how not in get_args(Aggregation):
        raise UserError(f"loss aggregation is {how!r}; use one of {', '.join(get_args(Aggregation))}")
    keep = torch.ones_like(segments.index, dtype=torch.bool) if keep is None else keep
    kept = segments.sum(keep)
    samples = (kept > 0).sum().clamp(min=1)
    if how == "token_mean":
        return keep.float() / keep.sum().clamp(min=1)
    if how == "sequence_mean":
        return keep.float() / (samples * segments.spread(kept.clamp(min=1)))
    if max_length is None or max_length < 1:
        raise UserError(f"constant_length aggregation needs a max_length of 1 or more, not {max_length}")
    return keep.float() / (samples * max_length)


def weighted_sum(values: Tensor, weights: Tensor) -> Tensor:
    """Sum of `values` by `weights`, both `[tokens]`; a scalar. A token of weight 0 adds 0, though its value be NaN."""
    return torch.where(weights != 0, at_least_float32(values) * weights, 0.0).sum()
