from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.advantages import PRESETS, Normalizer, advantages
from prorl.errors import IntegrityError, UserError

from .ragged import Group, close, groups

EVERY_STEP = [
    Normalizer(mean, std, batch_by, bessel)
    for mean, std, batch_by, bessel in itertools.product(
        ("none", "group", "leave_one_out", "batch"), ("none", "group", "batch"), ("trajectory", "token"), (False, True)
    )
]
steps = st.lists(st.sampled_from(EVERY_STEP), min_size=1, max_size=2)


def slow_step(values: list[float], data: Group, step: Normalizer) -> list[float]:
    """One normalisation, sample by sample, by repeating each sample as often as it counts."""

    def scope(i: int, kind: str) -> list[float]:
        result = []
        for j, value in enumerate(values):
            if not data.valid[j]:
                continue
            if kind == "batch":
                result += [value] * (data.lengths[j] if step.batch_by == "token" else 1)
            elif data.group[j] == data.group[i] and not (kind == "leave_one_out" and i == j):
                result.append(value)
        return result

    normalised = []
    for i, value in enumerate(values):
        if not data.valid[i]:
            normalised.append(0.0)
            continue
        others = scope(i, step.mean) if step.mean != "none" else []
        result = value - math.fsum(others) / len(others) if others else value
        if step.mean == "leave_one_out" and not others:
            result = 0.0
        if step.std != "none":
            peers = scope(i, step.std)
            freedom = len(peers) - step.bessel
            mean = math.fsum(peers) / len(peers) if peers else 0.0
            deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in peers) / freedom) if freedom > 0 else 0.0
            if deviation > 1e-12:
                result /= deviation + step.epsilon
        normalised.append(result)
    return normalised


@given(groups(), steps)
def test_equals_a_loop(data, sequence):
    expected = data.rewards
    for step in sequence:
        expected = slow_step(expected, data, step)
    rewards, group, valid, lengths = data.tensors()
    close(advantages(rewards, group, sequence, valid, lengths), expected, 1e-6)


def test_presets_are_the_published_formulas():
    rewards, group = torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0, 0.0], dtype=torch.float64), torch.tensor([0, 0, 0, 1, 1, 1])
    lengths = torch.tensor([1, 2, 3, 4, 5, 6])
    centred = torch.tensor([2, -1, -1, 1, 1, -2], dtype=torch.float64) / 3
    repeated = centred.repeat_interleave(lengths)
    expected = {
        "grpo": centred / (math.sqrt(1 / 3) + 1e-6),
        "dr_grpo": centred,
        "rloo": torch.tensor([1, -0.5, -0.5, 0.5, 0.5, -1]),
        "reinforce_pp": torch.tensor([1, -1, -1, 1, 1, -1], dtype=torch.float64) * 0.5 / (0.5 + 1e-6),
        "reinforce_pp_baseline": centred / (centred.std(correction=0) + 1e-6),
        "reinforce_pp_baseline_by_token": (centred - repeated.mean()) / (repeated.std(correction=0) + 1e-6),
    }
    assert set(expected) == set(PRESETS)
    for name, values in expected.items():
        close(advantages(rewards, group, PRESETS[name], lengths=lengths), values)


@pytest.mark.parametrize("name", PRESETS)
@given(data=groups(), shift=st.floats(-100, 100))
def test_adding_a_constant_to_all_rewards_changes_nothing(name, data, shift):
    rewards, group, valid, lengths = data.tensors()
    plain = advantages(rewards, group, PRESETS[name], valid, lengths)
    close(advantages(rewards + shift, group, PRESETS[name], valid, lengths), plain, 1e-5)


@given(groups(), st.floats(-5, 5))
def test_with_a_group_baseline_every_group_may_have_its_own_constant(data, shift):
    rewards, group, valid, lengths = data.tensors()
    for name in ("grpo", "dr_grpo", "rloo", "reinforce_pp_baseline", "reinforce_pp_baseline_by_token"):
        plain = advantages(rewards, group, PRESETS[name], valid, lengths)
        close(advantages(rewards + shift * group, group, PRESETS[name], valid, lengths), plain, 1e-5)


@given(groups(), st.floats(0.5, 20))
def test_scaling_rewards_scales_what_is_not_divided_and_leaves_what_is(data, factor):
    rewards, group, valid, lengths = data.tensors()
    for name, preset in PRESETS.items():
        exact = [Normalizer(s.mean, s.std, s.batch_by, s.bessel, epsilon=0.0) for s in preset]
        plain = advantages(rewards, group, exact, valid, lengths + 1)
        expected = plain * factor if name in ("dr_grpo", "rloo") else plain
        close(advantages(rewards * factor, group, exact, valid, lengths + 1), expected, 1e-6)


@given(groups(), steps, st.randoms())
def test_order_and_names_of_groups_do_not_matter(data, sequence, random):
    rewards, group, valid, lengths = data.tensors()
    order = list(range(len(data.rewards)))
    random.shuffle(order)
    plain = advantages(rewards, group, sequence, valid, lengths)
    moved = advantages(rewards[order], 1000 - group[order], sequence, valid[order], lengths[order])
    close(moved, plain[order], 1e-7)


@given(groups(), steps)
def test_a_sample_that_was_not_judged_is_as_if_it_were_not_there(data, sequence):
    rewards, group, valid, lengths = data.tensors()
    rewards = torch.where(valid, rewards, torch.nan)
    result = advantages(rewards, group, sequence, valid, lengths)
    assert (result[~valid] == 0).all()
    close(result[valid], advantages(rewards[valid], group[valid], sequence, lengths=lengths[valid]), 1e-7)


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("reward", [0.0, 1.0, 0.1, -1e6, 1 / 3])
def test_equal_rewards_give_exactly_zero(name, reward):
    for size in (1, 2, 3, 7):
        rewards, group = torch.full((2 * size,), reward), torch.arange(2 * size) % 2
        assert advantages(rewards, group, PRESETS[name], lengths=torch.ones(2 * size)).tolist() == [0.0] * 2 * size


@pytest.mark.parametrize("name", PRESETS)
def test_nothing_valid_and_nothing_at_all(name):
    none = torch.tensor([torch.nan, torch.inf])
    invalid = torch.zeros(2, dtype=torch.bool)
    assert advantages(none, torch.tensor([0, 0]), PRESETS[name], invalid, torch.tensor([1, 1])).tolist() == [0, 0]
    empty = torch.zeros(0)
    assert advantages(empty, empty.long(), PRESETS[name], lengths=empty.long()).tolist() == []


@pytest.mark.parametrize("name", ["grpo", "dr_grpo", "rloo"])
def test_a_lone_sample_has_no_baseline(name):
    rewards, group = torch.tensor([1.0, 1.0, 0.0]), torch.tensor([0, 1, 1])
    assert advantages(rewards, group, PRESETS[name])[0] == 0


def test_bad_input_is_refused():
    rewards, group = torch.tensor([1.0, torch.nan]), torch.tensor([0, 0])
    with pytest.raises(IntegrityError, match="not finite"):
        advantages(rewards, group, PRESETS["grpo"])
    with pytest.raises(UserError, match="length"):
        advantages(torch.ones(2), group, PRESETS["reinforce_pp_baseline_by_token"])
    with pytest.raises(UserError, match="grup"):
        Normalizer("grup", "none")
    with pytest.raises(UserError, match="epsilon"):
        Normalizer("group", "group", epsilon=-1.0)
