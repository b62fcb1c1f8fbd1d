from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.advantages import Normalizer, advantages
from prorl.algo.pass_at_k import pass_at_k_advantages
from prorl.errors import UserError

from .ragged import close, groups


def by_enumeration(passed: list[bool], k: int) -> list[float]:
    """Average, over every set of k samples that holds a sample, of the set's standardised reward."""
    sets = list(itertools.combinations(range(len(passed)), k))
    rewards = {members: float(any(passed[i] for i in members)) for members in sets}
    mean = sum(rewards.values()) / len(sets) if sets else 0.0
    deviation = math.sqrt(sum((r - mean) ** 2 for r in rewards.values()) / len(sets)) if sets else 0.0
    if deviation < 1e-12:
        return [0.0] * len(passed)
    result = []
    for i in range(len(passed)):
        mine = [rewards[members] for members in sets if i in members]
        result.append((sum(mine) / len(mine) - mean) / deviation)
    return result


@given(st.lists(st.booleans(), min_size=1, max_size=7), st.integers(1, 8))
def test_equals_the_enumeration_of_all_sets(passed, k):
    rewards = torch.tensor(passed, dtype=torch.float64)
    close(pass_at_k_advantages(rewards, torch.zeros(len(passed)).long(), k), by_enumeration(passed, k))


@given(groups(), st.integers(1, 4))
def test_ragged_groups_with_missing_samples_are_each_their_own(data, k):
    rewards, group, valid, _ = data.tensors()
    result = pass_at_k_advantages(torch.where(valid, rewards, torch.nan), group, k, valid)
    assert (result[~valid] == 0).all()
    for name in group.unique():
        mine = (group == name) & valid
        close(result[mine], by_enumeration((rewards[mine] >= 1.0).tolist(), k))
        assert abs(result[mine].sum()) < 1e-9


@given(groups())
def test_k_of_1_is_the_group_normalised_advantage(data):
    rewards, group, valid, _ = data.tensors()
    solved = (rewards >= 1.0).double()
    usual = advantages(solved, group, [Normalizer("group", "group", epsilon=0.0)], valid)
    close(pass_at_k_advantages(rewards, group, 1, valid), usual)


def test_a_failure_is_blamed_less_than_a_success_is_praised():
    rewards = torch.tensor([1.0] + [0.0] * 15)
    result = pass_at_k_advantages(rewards, torch.zeros(16).long(), 4)
    assert result[0] > 0 > result[1]
    assert result[0] > -15 * result[1] * 0.999


@pytest.mark.parametrize(("solved", "k"), [(0, 4), (8, 4), (5, 4), (3, 8), (3, 100), (1, 9)])
def test_no_signal_is_exactly_zero(solved, k):
    """All fail, all pass, every set holds a success, one set only, and k past the group's size."""
    rewards = torch.tensor([1.0] * solved + [0.0] * (8 - solved))
    assert pass_at_k_advantages(rewards, torch.zeros(8).long(), k).tolist() == [0.0] * 8


def test_large_groups_stay_finite_in_fp32():
    rewards = torch.zeros(512)
    rewards[:3] = 1.0
    result = pass_at_k_advantages(rewards, torch.zeros(512).long(), 128)
    exact = 1 - math.comb(509, 128) / math.comb(512, 128)
    assert result.isfinite().all()
    assert abs(result[0].item() - math.sqrt((1 - exact) / exact)) < 1e-4


def test_partial_scores_are_no_success():
    result = pass_at_k_advantages(torch.tensor([0.99, 0.0]), torch.zeros(2).long(), 1)
    assert result.tolist() == [0.0, 0.0]
    lenient = pass_at_k_advantages(torch.tensor([0.99, 0.0]), torch.zeros(2).long(), 1, success=0.5)
    assert lenient.tolist() == [1.0, -1.0]


def test_k_below_1_is_refused():
    with pytest.raises(UserError, match="k of 1"):
        pass_at_k_advantages(torch.ones(2), torch.zeros(2).long(), 0)
