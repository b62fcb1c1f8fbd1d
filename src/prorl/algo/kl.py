"""How far the policy is from the reference: estimators of the Kullback-Leibler divergence, in nats.

Which of them has the gradient of which divergence is shown in docs/algorithms.md. In short, on samples of the policy:
in the loss use k2 (its gradient is that of KL(policy || reference)); k3 in the loss pulls by KL(reference || policy);
k1 in the loss pulls nowhere at all, so it belongs in the reward.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

import torch
from torch import Tensor

from prorl.algo.packed import Segments
from prorl.algo.ratio import LOG_RATIO_BOUND, at_least_float32, log_ratio
from prorl.errors import UserError

Estimator = Literal["k1", "k2", "k3"]


def kl_values(
    logprobs: Tensor, reference_logprobs: Tensor, estimator: Estimator, clamp: float = LOG_RATIO_BOUND
) -> Tensor:
    """An estimate per token from the log-probabilities of the sampled tokens, all `[tokens]`, nats, fp32.

    With x = log reference - log policy, clamped to +-`clamp`: k1 = -x, k2 = x^2 / 2, k3 = exp(x) - 1 - x (Schulman
    2020). Over samples of the policy k1 and k3 have the mean KL(policy || reference); k2's mean is not a divergence's
    but close to it when both are near. Past the clamp a token's gradient is 0. Raises UserError on an unknown name.
    """
    if estimator not in get_args(Estimator):
        raise UserError(f"KL estimator is {estimator!r}; use one of {', '.join(get_args(Estimator))}")
    if not clamp > 0:
        raise UserError(f"the clamp of the KL's log-ratio is {clamp}; it must be above 0 nats")
    x = log_ratio(reference_logprobs, logprobs, clamp)
    if estimator == "k1":
        return -x
    if estimator == "k2":
        return x.square() / 2
    return x.expm1() - x


def with_score_function(values: Tensor, logprobs: Tensor) -> Tensor:
    """The same numbers, with the gradient that comes from the policy's choice of samples added (arXiv 2506.09477).

    The gradient of values(sample) + values(sample) * grad log pi(sample) is, over samples of the policy, the gradient
    of the estimator's mean: for k1 and k3 exactly that of KL(policy || reference). k2 has that gradient without this,
    and another one with it.
    """
    logprobs = at_least_float32(logprobs)
    return values * (logprobs - logprobs.detach()).exp()


def kl_full(logits: Tensor, reference_logits: Tensor, clamp: float = LOG_RATIO_BOUND) -> Tensor:
    """KL(policy || reference) over the whole vocabulary, exact: `[tokens, vocabulary]` twice to `[tokens]`, nats.

    Its gradient is that of the divergence at the given prefixes. A token that the policy can't choose (a logit of
    -inf) adds nothing; log-ratios are clamped to +-`clamp`, so one that only the reference forbids adds a finite cost.
    """
    log_p = at_least_float32(logits).log_softmax(-1)
    log_q = at_least_float32(reference_logits).log_softmax(-1)
    ratio = torch.where(log_p == -torch.inf, 0.0, log_p - log_q).clamp(-clamp, clamp)
    return (log_p.exp() * ratio).sum(-1)


def kl_in_reward(rewards: Tensor, values: Tensor, segments: Segments, coefficient: float) -> Tensor:
    """Rewards `[samples]` less `coefficient` times the sum over the sample of `values` `[tokens]`; `[samples]`.

    No gradient passes: the divergence acts through the advantage. With k1 the policy gradient then holds exactly that
    of -coefficient * KL(policy || reference) of whole completions.
    """
    return at_least_float32(rewards) - coefficient * segments.sum(values.detach())


def kl_to_go(values: Tensor, segments: Segments) -> Tensor:
    """For every token the sum of `values` from it to the end of its sample, `[tokens]`, without gradient.

    What REINFORCE++ subtracts, times the coefficient, from a token's advantage (arXiv 2501.03262): what came before a
    token can't be its fault, so this has `kl_in_reward`'s gradient in the mean, with less noise.
    """
    return segments.sum_to_go(at_least_float32(values).detach())


@dataclass
class KLCoefficient:
    """`value` multiplies the KL. With a `target` it follows the measured KL (Ziegler et al., arXiv 1909.08593 §2.2).

    Each `update` multiplies it by 1 + e / `horizon`, where e = KL / target - 1 kept within +-0.2: a KL that stays high
    doubles the coefficient in about 3.5 horizons.
    """

    initial: float
    """Where it starts, and stays without a target."""
    target: float | None = None
    """Nats per token, or whatever unit the measured KL has. None: constant."""
    horizon: float = 100.0
    """Updates. Larger is slower."""
    value: float = field(init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.initial < math.inf:
            raise UserError(f"the KL coefficient is {self.initial}; it must be 0 or more")
        if self.target is not None and not self.target > 0:
            raise UserError(f"the KL target is {self.target}; it must be above 0, or null for a constant coefficient")
        if self.target is not None and self.initial == 0:
            raise UserError("an adaptive KL coefficient is scaled, so it can't start at 0: give a small one")
        if not self.horizon >= 1:
            raise UserError(f"the horizon of the KL coefficient is {self.horizon}; it must be 1 update or more")
        self.value = self.initial

    def update(self, kl: float) -> None:
        """Take note of the KL measured at an update. One that isn't finite says nothing and changes nothing."""
        if self.target is None or not math.isfinite(kl):
            return
        error = min(max(kl / self.target - 1, -0.2), 0.2)
        self.value *= 1 + error / self.horizon

    def state_dict(self) -> dict[str, float]:
        """The value; settings are the recipe's."""
        return {"value": self.value}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Continue from `state_dict`; a constant coefficient stays the recipe's. KeyError if the value is missing."""
        value = float(state["value"])
        self.value = self.initial if self.target is None else value
