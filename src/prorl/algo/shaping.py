"""Reward shaping: an ordered list of small functions between the verifier's score and the advantage.

Only advantages see shaped rewards. Admission, success rates and reports use the raw ones.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from prorl.algo.ratio import at_least_float32
from prorl.errors import UserError


@dataclass(frozen=True)
class Completions:
    """What shapers may look at besides the rewards. Tensors are `[samples]` unless said otherwise."""

    lengths: Tensor
    """Tokens, int64."""
    finished: Tensor
    """Whether the completion ended by itself, bool: False if it was cut off."""
    solved: Tensor
    """Whether the raw score is a success, bool."""
    max_length: int
    """The most tokens a completion may have."""
    steps_done: int
    """In this run, whatever updates each of them made; what schedules go by."""
    tokens: Tensor | None = None
    """Token ids of all completions end to end, `[tokens]`; for `Repetition` alone."""


class Shaper(Protocol):
    """Maps rewards `[samples]` to finite rewards `[samples]`. Pure: the same inputs always give the same rewards."""

    def __call__(self, rewards: Tensor, completions: Completions) -> Tensor: ...


@dataclass(frozen=True)
class Shaped:
    """Rewards before and after shaping, and how much each shaper changed each reward. All `[samples]` fp32."""

    raw: Tensor
    shaped: Tensor
    changes: tuple[Tensor, ...]
    """One for each shaper, in order; raw plus their sum is shaped."""


def shape(rewards: Tensor, completions: Completions, shapers: Sequence[Shaper]) -> Shaped:
    """Apply `shapers` in order to `rewards` `[samples]`, each to what the one before it returned.

    Raises UserError if one returns anything but a finite reward for each sample.
    """
    raw = at_least_float32(rewards)
    stages = [raw]
    for shaper in shapers:
        after = shaper(stages[-1], completions)
        _check(shaper, stages[-1], after, completions.lengths)
        stages.append(after)
    changes = tuple(after - before for before, after in itertools.pairwise(stages))
    return Shaped(raw, stages[-1], changes)


def _check(shaper: Shaper, before: Tensor, after: object, lengths: Tensor) -> None:
    """Raises UserError, naming the shaper, if it made of the rewards `before` what can't be rewards."""
    kind = shaper if hasattr(shaper, "__qualname__") else type(shaper)
    name, wanted = f"shaper {kind.__module__}:{kind.__qualname__}", f"{list(before.shape)}, one reward a completion"
    if not isinstance(after, Tensor):
        raise UserError(f"{name} returned {type(after).__name__}; it must return a tensor of shape {wanted}")
    if after.shape != before.shape:
        raise UserError(f"{name} returned a tensor of shape {list(after.shape)}; it must be of shape {wanted}")
    if not after.is_floating_point():
        raise UserError(f"{name} returned a tensor of {after.dtype}; rewards must be floating-point, as it was given")
    bad = (~after.isfinite() & before.isfinite()).nonzero().flatten().tolist()
    if bad:
        raise UserError(
            f"{name} made {float(after[bad[0]])} of the reward {float(before[bad[0]]):g} of a completion of "
            f"{int(lengths[bad[0]])} tokens ({len(bad)} of {len(after)} like that); rewards must be finite"
        )


@dataclass(frozen=True)
class SoftOverlong:
    """DAPO's soft overlong punishment (arXiv 2503.14476 eq. 13).

    Nothing up to max_length - `buffer` tokens, then falling linearly to -`penalty` at max_length.
    """

    buffer: int
    penalty: float = 1.0

    def __post_init__(self) -> None:
        _require(self.buffer >= 1, f"the overlong buffer is {self.buffer}; it must be 1 token or more")
        _require(self.penalty >= 0, f"the overlong penalty is {self.penalty}; it must be 0 or more")

    def __call__(self, rewards: Tensor, completions: Completions) -> Tensor:
        excess = completions.lengths - (completions.max_length - self.buffer)
        return rewards - self.penalty * (excess / self.buffer).clamp(0, 1)


@dataclass(frozen=True)
class StopProperly:
    """Answers that were cut off get reward * `scale` - `penalty`.

    scale = 0 is what the public ProRL v2 recipes do (NeMo RL, OpenRLHF). ProRL v1 says that it penalises completions
    that don't end, not by how much.
    """

    scale: float = 0.0
    penalty: float = 0.0

    def __post_init__(self) -> None:
        _require(0 <= self.scale <= 1, f"the scale for cut-off answers is {self.scale}; it must be between 0 and 1")
        _require(self.penalty >= 0, f"the penalty for cut-off answers is {self.penalty}; it must be 0 or more")

    def __call__(self, rewards: Tensor, completions: Completions) -> Tensor:
        return torch.where(completions.finished, rewards, rewards * self.scale - self.penalty)


@dataclass(frozen=True)
class ZeroPast:
    """No reward for an answer of more than `length` tokens (DLER, arXiv 2510.15110: 4,000)."""

    length: int

    def __post_init__(self) -> None:
        _require(self.length >= 1, f"the length past which rewards are 0 is {self.length}; it must be 1 token or more")

    def __call__(self, rewards: Tensor, completions: Completions) -> Tensor:
        return torch.where(completions.lengths > self.length, 0.0, rewards)


@dataclass(frozen=True)
class CosineLength:
    """ProRL v2's scheduled length reward: reward + `weight` * eta(t), t the completion's tokens, T = max_length.

    eta(t) = low + (high - low) (1 + cos(pi t / T)) / 2 falls from `high` at t = 0 to `low` at t = T. It is on for
    `steps_on` steps, off for the next `steps_off`, and so on; steps_off = 0 leaves it on. The post gives 100 and 500
    updates as examples, read here as steps; it does not give weight, low and high, so those below are our own choice.
    """

    weight: float = 0.1
    low: float = -1.0
    high: float = 0.0
    steps_on: int = 100
    steps_off: int = 500
    solved_only: bool = False
    """Leave completions alone that aren't solved, so that a short wrong answer earns nothing by being short."""

    def __post_init__(self) -> None:
        _require(self.weight >= 0, f"the weight of the length reward is {self.weight}; it must be 0 or more")
        _require(self.low <= self.high, f"the length reward must not rise: low {self.low} is above high {self.high}")
        _require(
            self.steps_on >= 1 and self.steps_off >= 0,
            f"the length reward's schedule is {self.steps_on} on, {self.steps_off} off; use steps_on >= 1",
        )

    def active(self, steps_done: int) -> bool:
        """Whether the schedule is on in the step after so many."""
        return steps_done % (self.steps_on + self.steps_off) < self.steps_on

    def __call__(self, rewards: Tensor, completions: Completions) -> Tensor:
        if not self.active(completions.steps_done):
            return rewards
        share = (completions.lengths.to(rewards.dtype) / completions.max_length).clamp(0, 1)
        eta = self.low + (self.high - self.low) * (1 + torch.cos(math.pi * share)) / 2
        applies = completions.solved if self.solved_only else torch.ones_like(completions.solved)
        return torch.where(applies, rewards + self.weight * eta, rewards)


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise UserError(message)
