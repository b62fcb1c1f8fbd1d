"""Why more rollouts help: BroRL's token simulator (arXiv 2510.01180, section 3), on one CPU core in under a minute.

A policy is one softmax over a vocabulary in which some tokens are correct (reward +1) and the rest wrong (-1). At each
step N tokens are sampled and their probabilities pushed by reward less the batch's mean: AdamW on L = -(1/N) sum r p.
Tokens that were not sampled are pushed as well, through the softmax, and with few rollouts correct ones among them lose
probability: knowledge shrinks while the mass on correct tokens may still grow. With enough rollouts no correct token
loses.

    python examples/brorl_simulator.py
    python examples/brorl_simulator.py --rollouts 4 16 512 --correct-logit 3

The paper gives the vocabulary, the number of correct tokens, the learning rate, the steps and an anchor of logit 5.
That the anchor is a correct token, and that AdamW runs without weight decay, so that only rewards move probabilities,
are assumptions of this script.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from prorl.algo.advantages import Normalizer, advantages


@dataclass(frozen=True)
class Setting:
    """The world and the training; the defaults are the paper's."""

    vocabulary: int = 128_000
    correct: int = 10_000
    correct_logit: float = 0.0
    anchor_logit: float = 5.0
    learning_rate: float = 1e-3
    steps: int = 1000
    seed: int = 0


@dataclass(frozen=True)
class Outcome:
    """What training did to the correct tokens."""

    mass_before: float
    mass_after: float
    improved: float
    """Share of correct tokens more probable than before training."""
    worst_change: float
    """Least change of probability of any correct token: below 0 knowledge was lost."""


@dataclass(frozen=True)
class MassBalance:
    """The three parts of the change of the correct mass in one step (theorem 1 of the paper)."""

    sampled_correct: float
    """Never below 0."""
    sampled_wrong: float
    """Never below 0."""
    unsampled: float
    """Of either sign; its share falls as (1 - p)^N."""

    @property
    def total(self) -> float:
        return self.sampled_correct + self.sampled_wrong + self.unsampled


def simulate(rollouts: int, setting: Setting) -> Outcome:
    """Train one policy with `rollouts` samples a step."""
    generator = torch.Generator().manual_seed(setting.seed)
    correct = torch.arange(setting.vocabulary) < setting.correct
    logits = torch.where(correct, setting.correct_logit, 0.0)
    logits[0] = setting.anchor_logit
    logits.requires_grad_()
    optimizer = torch.optim.AdamW([logits], lr=setting.learning_rate, weight_decay=0.0)
    reward = torch.where(correct, 1.0, -1.0)
    before = logits.detach().softmax(0)
    one_batch, baseline = torch.zeros(rollouts, dtype=torch.long), [Normalizer("batch", "none")]
    for _ in range(setting.steps):
        probabilities = logits.softmax(0)
        sampled = torch.multinomial(probabilities.detach(), rollouts, replacement=True, generator=generator)
        loss = -(advantages(reward[sampled], one_batch, baseline) * probabilities[sampled]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    after = logits.detach().softmax(0)
    change = (after - before)[correct]
    return Outcome(
        mass_before=before[correct].sum().item(),
        mass_after=after[correct].sum().item(),
        improved=(change > 0).float().mean().item(),
        worst_change=change.min().item(),
    )


def mass_balance(
    probabilities: Tensor, correct: Tensor, sampled: Tensor, reward_correct: float, reward_wrong: float, rate: float
) -> MassBalance:
    """How the correct mass moves in one small step on the logits; `sampled` are token ids, all different.

    `probabilities` and `correct` are `[vocabulary]`. `rate` is the learning rate. Rewards: correct >= 0 >= wrong.
    """
    seen = torch.zeros_like(correct)
    seen[sampled] = True
    squares = probabilities.square()
    mass = probabilities[correct].sum()
    pull = reward_correct * probabilities[seen & correct].sum() + reward_wrong * probabilities[seen & ~correct].sum()
    unsampled_correct, unsampled_wrong = squares[~seen & correct].sum(), squares[~seen & ~correct].sum()
    scale = rate / len(sampled)
    return MassBalance(
        sampled_correct=(scale * (reward_correct - pull) * (1 - mass) * squares[seen & correct].sum()).item(),
        sampled_wrong=(scale * (pull - reward_wrong) * mass * squares[seen & ~correct].sum()).item(),
        unsampled=(scale * pull * (mass * unsampled_wrong - (1 - mass) * unsampled_correct)).item(),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="BroRL's token simulator: what the number of rollouts does.")
    parser.add_argument("--rollouts", type=int, nargs="+", default=[4, 8, 16, 512, 51_200], metavar="N")
    parser.add_argument("--vocabulary", type=int, default=Setting.vocabulary)
    parser.add_argument("--correct", type=int, default=Setting.correct)
    parser.add_argument("--correct-logit", type=float, default=Setting.correct_logit)
    parser.add_argument("--steps", type=int, default=Setting.steps)
    parser.add_argument("--seed", type=int, default=Setting.seed)
    options = vars(parser.parse_args(arguments))
    counts = options.pop("rollouts")
    setting = replace(Setting(), **options)
    sys.stdout.write("rollouts  correct mass before   after  improved tokens  worst change\n")
    for count in counts:
        outcome = simulate(count, setting)
        sys.stdout.write(
            f"{count:8,}  {outcome.mass_before:19.4f}  {outcome.mass_after:6.4f}"
            f"  {outcome.improved:15.1%}  {outcome.worst_change:+12.2e}\n"
        )


if __name__ == "__main__":
    main()
