"""The parts together: one update's loss and gradient, whole and in pieces."""

from __future__ import annotations

import itertools

import pytest
import torch

from prorl.algo.advantages import PRESETS, advantages
from prorl.algo.aggregate import token_weights, weighted_sum
from prorl.algo.correction import correction
from prorl.algo.entropy import token_entropy
from prorl.algo.kl import kl_full, kl_values
from prorl.algo.losses import policy_loss
from prorl.algo.packed import Segments

LENGTHS = [3, 1, 0, 7, 2, 5, 4, 6]
KINDS = ("clip", "gspo", "cispo", "reinforce")
WAYS = ("token_mean", "sequence_mean", "constant_length")
SPLITS = {
    "one by one": [[i] for i in range(8)],
    "halves": [[0, 1, 2, 3], [4, 5, 6, 7]],
    "uneven": [[5], [0, 6, 1], [7, 3, 2, 4]],
    "three ranks, one of them idle": [[1, 3, 5, 7], [], [6, 4, 2, 0]],
}


class Batch:
    """Eight ragged samples of two prompts, in fp64, with a linear policy over six symbols to take gradients through."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(11)

        def normal(*shape):
            return torch.randn(*shape, dtype=torch.float64, generator=generator)

        self.policy = normal(4, 6).requires_grad_()
        self.reference = normal(4, 6)
        self.layout = Segments.of_lengths(torch.tensor(LENGTHS))
        count = sum(LENGTHS)
        self.inputs = normal(count, 4)
        self.actions = torch.randint(6, (count,), generator=generator)
        self.old = self.logprobs(self.inputs, self.actions, self.policy).detach() + 0.3 * normal(count)
        self.sampler = self.old + 0.3 * normal(count)
        self.sampler[4] = torch.nan
        rewards, group = torch.tensor([1.0, 0, 0.5, 1, 0, 0, 1, 0]), torch.tensor([0, 0, 0, 0, 1, 1, 1, 1])
        self.advantages = self.layout.spread(advantages(rewards.double(), group, PRESETS["reinforce_pp_baseline"]))

    @staticmethod
    def logprobs(inputs, actions, policy):
        return (inputs @ policy).log_softmax(-1).gather(1, actions[:, None]).squeeze(1)

    def loss(self, samples, kind, how):
        """The part of the update's loss that comes from `samples`, which may be in any order."""
        fix = correction(self.old, self.sampler, self.layout, "icepop", 0.7, 1.5)
        weights = token_weights(self.layout, how, fix.keep, max_length=7)
        starts = list(itertools.accumulate(LENGTHS, initial=0))
        at = torch.tensor([t for i in samples for t in range(starts[i], starts[i + 1])], dtype=torch.long)
        layout = Segments.of_lengths(torch.tensor([LENGTHS[i] for i in samples], dtype=torch.long))
        logits, reference = self.inputs[at] @ self.policy, self.inputs[at] @ self.reference
        new = self.logprobs(self.inputs[at], self.actions[at], self.policy)
        ref = self.logprobs(self.inputs[at], self.actions[at], self.reference)
        values = policy_loss(new, self.old[at], self.advantages[at], layout, kind, keep=fix.keep[at]).values
        total = fix.weights[at] * values + 0.1 * kl_values(new, ref, "k2") + 0.05 * kl_full(logits, reference)
        return weighted_sum(total - 0.01 * token_entropy(logits), weights[at])


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("how", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_loss_and_gradient_do_not_depend_on_how_the_batch_is_split(kind, how, split):
    batch = Batch()
    whole = batch.loss(range(8), kind, how)
    (expected,) = torch.autograd.grad(whole, batch.policy)
    parts = [batch.loss(samples, kind, how) for samples in SPLITS[split]]
    gradient = sum(torch.autograd.grad(part, batch.policy)[0] for part in parts)
    assert expected.abs().max() > 1e-3
    torch.testing.assert_close(sum(parts), whole, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(gradient, expected, rtol=1e-11, atol=1e-13)


def test_a_mean_of_means_would_depend_on_it():
    """What goes wrong when each micro-batch divides by its own tokens; the weights above are there to prevent it."""
    values = torch.randn(sum(LENGTHS), dtype=torch.float64)
    by_sample = values.split(LENGTHS)
    halves = [torch.cat(by_sample[:4]).mean(), torch.cat(by_sample[4:]).mean()]
    assert abs(sum(halves) / 2 - values.mean()) > 1e-3


def test_the_policy_gradient_of_the_whole_objective_equals_finite_differences():
    batch = Batch()
    assert torch.autograd.gradcheck(lambda _: batch.loss(range(8), "clip", "token_mean"), (batch.policy,))
