"""Off-policy correction: the sampler's probabilities are not quite the trainer's, though the weights are the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from prorl.algo.packed import Segments
from prorl.algo.ratio import log_ratio
from prorl.errors import UserError

Kind = Literal["none", "tis", "icepop", "sequence_mask"]

BOUNDS: Mapping[str, tuple[float, float]] = {
    "none": (0.0, torch.inf),
    "tis": (0.0, 2.0),
    "icepop": (0.5, 5.0),
    "sequence_mask": (0.999, 1.002),
}
"""Bounds (low, high) of the ratio for each kind, used where none are given."""


@dataclass(frozen=True)
class Correction:
    """What to do to the policy loss of every token; tensors are `[tokens]`, none carries a gradient."""

    weights: Tensor
    """Multiplies the token's policy loss; 0 where not kept."""
    keep: Tensor
    """Which tokens are in the loss at all: pass it to `token_weights`, so that the denominator has the same tokens."""
    finite: Tensor
    """Which tokens have a usable sampler log-probability: `keep` before bounds were looked at."""
    log_ratio: Tensor
    """log(trainer / sampler) in nats; NaN where not finite."""
    dropped_nonfinite: int
    """Tokens dropped because the sampler's log-probability is missing (NaN) or infinite."""
    out_of_bounds: int
    """Usable tokens whose ratio (in `sequence_mask`: whose sample's ratio) is out of bounds: clamped or dropped."""
    dropped_samples: int
    """Samples with tokens of which none is kept."""


@torch.no_grad()
def correction(
    trainer_logprobs: Tensor,
    sampler_logprobs: Tensor,
    segments: Segments,
    kind: Kind,
    low: float | None = None,
    high: float | None = None,
) -> Correction:
    """Importance weights rho = exp(trainer - sampler), both `[tokens]` in nats under the weights that sampled.

    - `none`: weight 1.
    - `tis` (truncated importance sampling): rho clamped to [low, high].
    - `icepop`: rho; tokens with rho outside [low, high] are dropped.
    - `sequence_mask`: rho; samples whose geometric mean of rho is outside [low, high] are dropped whole.

    A bound that is None is that of `BOUNDS`. Tokens whose sampler log-probability is not finite are dropped and
    counted whatever the kind, and are in no mean. Log-ratios are fp32, clamped to +-20. Raises UserError for an
    unknown kind or bounds that aren't 0 <= low <= 1 <= high.
    """
    if kind not in get_args(Kind):
        raise UserError(f"off-policy correction is {kind!r}; use one of {', '.join(get_args(Kind))}")
    low = BOUNDS[kind][0] if low is None else low
    high = BOUNDS[kind][1] if high is None else high
    if not 0 <= low <= 1 <= high:
        raise UserError(f"{kind} correction: bounds [{low}, {high}] must enclose 1 and start at 0 or more")
    finite = sampler_logprobs.isfinite()
    logs = torch.where(finite, log_ratio(trainer_logprobs, sampler_logprobs), torch.nan)
    ratio = logs.exp()
    judged = segments.spread(segments.mean(logs, finite)).exp() if kind == "sequence_mask" else ratio
    outside = finite & ((judged < low) | (judged > high))
    keep = finite & ~outside if kind in ("icepop", "sequence_mask") else finite
    if kind == "none":
        ratio = torch.ones_like(ratio)
    if kind == "tis":
        ratio = ratio.clamp(low, high)
    emptied = (segments.lengths() > 0) & (segments.sum(keep) == 0)
    return Correction(
        weights=torch.where(keep, ratio, 0.0),
        keep=keep,
        finite=finite,
        log_ratio=logs,
        dropped_nonfinite=int((~finite).sum()),
        out_of_bounds=int(outside.sum()),
        dropped_samples=int(emptied.sum()),
    )
