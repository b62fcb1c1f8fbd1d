"""The loss of one row of an update, put together from the recipe's parts."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from prorl.algo.aggregate import weighted_sum
from prorl.algo.kl import kl_to_go, kl_values
from prorl.algo.losses import TokenLoss, policy_loss
from prorl.algo.packed import Segments
from prorl.engine.protocol import Coefficients
from prorl.recipe.objective import Objective


@dataclass(frozen=True)
class TokenValues:
    """What is known of every completion token of the row, `[tokens]` each."""

    logprobs: Tensor
    entropies: Tensor
    old: Tensor
    """Log-probabilities under the weights that began the step."""
    reference: Tensor
    """Log-probabilities under the reference policy."""
    advantages: Tensor
    weights: Tensor
    """Denominators of the loss; see `algo.aggregate`."""
    correction: Tensor
    keep: Tensor


def row_loss(
    values: TokenValues, segments: Segments, objective: Objective, coefficients: Coefficients
) -> tuple[Tensor, Tensor, TokenLoss]:
    """The row's part of the loss (a scalar), the KL of every token `[tokens]`, and the surrogate.

    loss = sum over tokens of weight * (correction * surrogate + kl coefficient * KL - entropy coefficient * entropy).
    With `kl.where=reward` the KL is not in the loss: each token's advantage is less by the coefficient times the KL
    from it to the end of its completion.
    """
    kl = kl_values(values.logprobs, values.reference, objective.kl.estimator, objective.kl.clamp)
    advantages = values.advantages
    if objective.kl.where == "reward":
        paid = kl_values(values.old, values.reference, objective.kl.estimator, objective.kl.clamp)
        advantages = advantages - coefficients.kl * kl_to_go(paid, segments)
    surrogate = policy_loss(
        values.logprobs, values.old, advantages, segments,
        kind=objective.loss, clip_low=objective.clip_low, clip_high=objective.clip_high,
        dual_clip=objective.dual_clip, keep=values.keep,
    )  # fmt: skip
    loss = weighted_sum(surrogate.values, values.weights * values.correction)
    if objective.kl.where == "loss":
        loss = loss + coefficients.kl * weighted_sum(kl, values.weights)
    if coefficients.entropy:
        loss = loss - coefficients.entropy * weighted_sum(values.entropies, values.weights)
    return loss, kl, surrogate
