"""The loss of a row, term by term."""

from __future__ import annotations

import torch

from prorl.algo.packed import Segments
from prorl.engine.local.loss import TokenValues, row_loss
from prorl.engine.protocol import Coefficients
from prorl.recipe.objective import KL, Objective

LENGTHS = torch.tensor([2, 3])


def values() -> TokenValues:
    generator = torch.Generator().manual_seed(0)

    def numbers() -> torch.Tensor:
        return -torch.rand(5, generator=generator)

    logprobs, entropies = numbers().requires_grad_(), (-numbers()).requires_grad_()
    return TokenValues(
        logprobs, entropies, old=logprobs.detach(), reference=numbers(), advantages=-numbers(),
        weights=torch.full((5,), 0.2), correction=torch.ones(5), keep=torch.ones(5, dtype=torch.bool),
    )  # fmt: skip


def loss_of(given: TokenValues, objective: Objective, **coefficients: float) -> torch.Tensor:
    return row_loss(given, Segments.of_lengths(LENGTHS), objective, Coefficients(**{"kl": 0.0, **coefficients}))[0]


def test_the_surrogate_alone_on_policy_is_minus_the_mean_advantage() -> None:
    given = values()
    loss = loss_of(given, Objective())
    torch.testing.assert_close(loss, -given.advantages.mean())
    (gradient,) = torch.autograd.grad(loss, given.logprobs)
    torch.testing.assert_close(gradient, -given.advantages / 5)


def test_kl_in_the_loss_adds_the_weighted_k2() -> None:
    given = values()
    extra = loss_of(given, Objective(), kl=3.0) - loss_of(given, Objective())
    torch.testing.assert_close(extra, 3.0 * (0.5 * (given.logprobs - given.reference) ** 2).mean())
    (gradient,) = torch.autograd.grad(extra, given.logprobs)
    torch.testing.assert_close(gradient, 3.0 * (given.logprobs - given.reference).detach() / 5)


def test_kl_in_the_reward_lowers_each_advantage_by_what_is_still_to_come() -> None:
    given = values()
    k1 = (given.old - given.reference).tolist()
    to_go = [k1[0] + k1[1], k1[1], k1[2] + k1[3] + k1[4], k1[3] + k1[4], k1[4]]
    loss = loss_of(given, Objective(kl=KL(where="reward", estimator="k1")), kl=3.0)
    torch.testing.assert_close(loss, -(given.advantages - 3.0 * torch.tensor(to_go)).mean())


def test_the_entropy_bonus_lowers_the_loss_and_its_gradient_raises_entropy() -> None:
    given = values()
    extra = loss_of(given, Objective(), entropy=0.5) - loss_of(given, Objective())
    torch.testing.assert_close(extra, -0.5 * given.entropies.mean())
    (gradient,) = torch.autograd.grad(extra, given.entropies)
    assert (gradient < 0).all()
