"""Advantages: how much better a completion did than what it is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from prorl.algo.packed import Segments
from prorl.algo.pass_at_k import pass_at_k_advantages
from prorl.algo.ratio import at_least_float32
from prorl.errors import IntegrityError, UserError

__all__ = ["PRESETS", "Normalizer", "advantages", "compares_groups", "pass_at_k_advantages"]

Mean = Literal["none", "group", "leave_one_out", "batch"]
Std = Literal["none", "group", "batch"]
BatchBy = Literal["trajectory", "token"]


@dataclass(frozen=True)
class Normalizer:
    """One step of normalisation: subtract a mean, then divide by a standard deviation.

    Both are taken over the values that enter the step, valid samples only. A sequence of steps is applied in order, so
    "centre in the group, then whiten over the batch" is two of them.
    """

    mean: Mean
    """What is subtracted. `leave_one_out` is the mean of the *other* samples of the group."""
    std: Std
    """What is divided by. Values whose deviation is 0 are not divided."""
    batch_by: BatchBy = "trajectory"
    """Whether a sample counts once in the batch's mean and deviation, or once for each of its tokens."""
    bessel: bool = False
    """Divide squares by n - 1 instead of n."""
    epsilon: float = 1e-6
    """Added to the standard deviation."""

    def __post_init__(self) -> None:
        for name, kind in (("mean", Mean), ("std", Std), ("batch_by", BatchBy)):
            if getattr(self, name) not in get_args(kind):
                raise UserError(f"advantage {name} is {getattr(self, name)!r}; use one of {', '.join(get_args(kind))}")
        if not self.epsilon >= 0:
            raise UserError(f"advantage epsilon is {self.epsilon}; it must be 0 or more")


PRESETS: Mapping[str, tuple[Normalizer, ...]] = {
    "grpo": (Normalizer("group", "group", bessel=True),),
    "dr_grpo": (Normalizer("group", "none"),),
    "rloo": (Normalizer("leave_one_out", "none"),),
    "reinforce_pp": (Normalizer("batch", "batch"),),
    "reinforce_pp_baseline": (Normalizer("group", "none"), Normalizer("batch", "batch")),
    "reinforce_pp_baseline_by_token": (Normalizer("group", "none"), Normalizer("batch", "batch", batch_by="token")),
}
"""Published advantages by name; docs/algorithms.md gives paper and equation of each."""


def compares_groups(name: str) -> bool:
    """Whether the advantages of a preset set groups against one another, so that one of equal rewards can have any."""
    return name in PRESETS and PRESETS[name][0].mean == "batch"


def advantages(
    rewards: Tensor,
    group: Tensor,
    steps: Sequence[Normalizer],
    valid: Tensor | None = None,
    lengths: Tensor | None = None,
) -> Tensor:
    """Normalise `rewards` `[samples]` step by step; `[samples]`, 0 where a sample isn't valid.

    `group` `[samples]` int64 names the prompt of each sample, in any order; groups may differ in size. `valid`
    `[samples]` is False for samples that were never judged: they take no part in any mean or deviation, and their
    reward may be NaN. `lengths` `[samples]`, in tokens, is needed by `batch_by="token"`.

    A group of one valid sample has nothing to be compared with, so a group mean or leave-one-out mean leaves it 0.
    Raises IntegrityError if a valid reward isn't finite, UserError if lengths are needed and missing.
    """
    valid = torch.ones_like(rewards, dtype=torch.bool) if valid is None else valid
    values = torch.where(valid, at_least_float32(rewards), 0.0)
    if not bool(values.isfinite().all()):
        raise IntegrityError("a reward is not finite: mark samples that could not be judged as not valid")
    names, index = torch.unique(group, return_inverse=True)
    groups, batch = Segments(index, names.numel()), Segments(torch.zeros_like(index), 1)
    once = valid.to(values.dtype)
    for step in steps:
        weights = once
        if step.batch_by == "token" and "batch" in (step.mean, step.std):
            if lengths is None:
                raise UserError("advantages normalised by token need the length of every sample")
            weights = once * lengths
        scopes = {"group": (groups, once), "leave_one_out": (groups, once), "batch": (batch, weights)}
        result = values
        if step.mean != "none":
            result = result - _mean(values, *scopes[step.mean])
        if step.mean == "leave_one_out":
            result = result * _leave_one_out(groups, once)
        if step.std != "none":
            deviation = _std(values, *scopes[step.std], step.bessel)
            result = torch.where(deviation > 0, result / (deviation + step.epsilon), result)
        values = torch.where(valid, result, 0.0)
    return values


def _mean(values: Tensor, scope: Segments, weights: Tensor) -> Tensor:
    """Weighted mean over each scope, given to every sample.

    Taken relative to the scope's least value, so that equal values have exactly that mean: a group in which all are
    alike gets advantages of 0, not of rounding errors divided by epsilon.
    """
    counted = torch.where(weights > 0, values, torch.inf)
    least = values.new_full((scope.count,), torch.inf).scatter_reduce(0, scope.index, counted, "amin")
    least = torch.where(least.isfinite(), least, 0.0)
    excess = scope.sum(weights * (values - scope.spread(least)))
    total = scope.sum(weights)
    return scope.spread(least + excess / torch.where(total > 0, total, 1.0))


def _std(values: Tensor, scope: Segments, weights: Tensor, bessel: bool) -> Tensor:
    """Weighted standard deviation over each scope, given to every sample; 0 where nothing can be told."""
    squares = scope.sum(weights * (values - _mean(values, scope, weights)) ** 2)
    freedom = scope.sum(weights) - float(bessel)
    return scope.spread(torch.where(freedom > 0, squares / torch.where(freedom > 0, freedom, 1.0), 0.0).sqrt())


def _leave_one_out(groups: Segments, once: Tensor) -> Tensor:
    """n / (n - 1) for every sample: turns a distance from the group's mean into one from the mean of the others.

    The one sample of a group is at no distance from its mean, and stays there.
    """
    n = groups.sum(once)
    return groups.spread(n / (n - 1).clamp(min=1))
