"""Policy losses, per token. Minimising them raises the log-probability of what did better than expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from prorl.algo.packed import Segments
from prorl.algo.ratio import at_least_float32, log_ratio
from prorl.errors import UserError

Kind = Literal["clip", "gspo", "cispo", "reinforce"]


@dataclass(frozen=True)
class TokenLoss:
    """A policy loss and what the clipping did to it. All `[tokens]`; all but `values` carry no gradient."""

    values: Tensor
    """To be minimised."""
    clipped_low: Tensor
    """Where the lower bound took the gradient away (in CISPO: bounded the weight)."""
    clipped_high: Tensor
    """The same for the upper bound."""
    dual_clipped: Tensor
    """Where the dual clip took the gradient away."""
    log_ratio: Tensor
    """log(policy / old policy) that the loss used, in nats; in GSPO the sequence's mean."""


def policy_loss(
    logprobs: Tensor,
    old_logprobs: Tensor,
    advantages: Tensor,
    segments: Segments,
    kind: Kind = "clip",
    clip_low: float = 0.2,
    clip_high: float = 0.4,
    dual_clip: float | None = None,
    keep: Tensor | None = None,
) -> TokenLoss:
    """The loss of every token, from `[tokens]` log-probabilities (nats) under the policy and under the old policy.

    With r = exp(logprobs - old_logprobs) and A = `advantages` `[tokens]`:

    - `clip`: -min(r A, clip(r, 1 - clip_low, 1 + clip_high) A); PPO (arXiv 1707.06347 eq. 7) with DAPO's decoupled
      bounds (arXiv 2503.14476 eq. 10).
    - `gspo`: the same with r the geometric mean of the sample's ratios (arXiv 2507.18071 eq. 5-7); meant for
      `sequence_mean`.
    - `cispo`: -stop_gradient(clip(r, 1 - clip_low, 1 + clip_high)) A log pi (arXiv 2506.13585 eq. 4-5): no token loses
      its gradient. `clip_low` = 1 means no lower bound.
    - `reinforce`: -A log pi. Only right on samples of the policy itself; `old_logprobs` serve the report alone.

    `dual_clip` = c bounds the loss of the two clipped kinds by -c A where A < 0 (arXiv 1912.09729).
    `keep` `[tokens]` is the mask given to `token_weights`: a token that isn't kept is in no mean, and its old
    log-probability may be NaN. Log-ratios are fp32 and clamped to +-20 nats. Raises UserError for settings out of
    range.
    """
    _check(kind, clip_low, clip_high, dual_clip)
    logprobs, advantages = at_least_float32(logprobs), at_least_float32(advantages)
    logs = log_ratio(logprobs, old_logprobs)
    if keep is not None:
        logs = torch.where(keep, logs, 0.0)
    if kind == "gspo":
        logs = segments.spread(segments.mean(logs, keep))
    ratio = logs.exp()
    clipped = ratio.clamp(1 - clip_low, 1 + clip_high)
    below, above = ratio.detach() < 1 - clip_low, ratio.detach() > 1 + clip_high
    never = torch.zeros_like(below)
    if kind == "reinforce":
        return TokenLoss(-advantages * logprobs, never, never, never, logs.detach())
    if kind == "cispo":
        return TokenLoss(-clipped.detach() * advantages * logprobs, below, above, never, logs.detach())
    values = torch.maximum(-ratio * advantages, -clipped * advantages)
    dual_clipped = never
    if dual_clip is not None:
        dual_clipped = (advantages < 0) & (ratio.detach() > dual_clip)
        values = torch.where(dual_clipped, -dual_clip * advantages, values)
    return TokenLoss(values, below & (advantages < 0), above & (advantages > 0), dual_clipped, logs.detach())


def _check(kind: str, clip_low: float, clip_high: float, dual_clip: float | None) -> None:
    if kind not in get_args(Kind):
        raise UserError(f"policy loss is {kind!r}; use one of {', '.join(get_args(Kind))}")
    if not 0 <= clip_low <= 1:
        raise UserError(f"clip_low is {clip_low}; it must be between 0 and 1: the ratio is kept above 1 - clip_low")
    if not clip_high >= 0:
        raise UserError(f"clip_high is {clip_high}; it must be 0 or more: the ratio is kept below 1 + clip_high")
    if dual_clip is not None and not dual_clip > 1:
        raise UserError(f"dual_clip is {dual_clip}; it must be above 1, or null for none")
    if dual_clip is not None and kind not in ("clip", "gspo"):
        raise UserError(f"dual_clip has no meaning for the {kind} loss; set it to null")
