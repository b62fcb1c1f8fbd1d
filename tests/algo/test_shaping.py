from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.shaping import Completions, CosineLength, Shaped, SoftOverlong, StopProperly, ZeroPast, shape
from prorl.errors import UserError

from .ragged import close

MAX = 20
sample = st.tuples(st.floats(-1, 1), st.integers(0, MAX), st.booleans(), st.booleans())
samples = st.lists(sample, min_size=1, max_size=6)


def completions(rows, steps_done=0):
    _, lengths, finished, solved = zip(*rows, strict=True)
    return Completions(torch.tensor(lengths), torch.tensor(finished), torch.tensor(solved), MAX, steps_done)


def rewards_of(rows):
    return torch.tensor([row[0] for row in rows], dtype=torch.float64)


def soft_overlong(reward, length, finished, solved, update):
    if length <= MAX - 5:
        return reward
    return reward + 0.5 * ((MAX - 5) - length) / 5


def stop_properly(reward, length, finished, solved, update):
    return reward if finished else reward * 0.3 - 0.2


def zero_past(reward, length, finished, solved, update):
    return reward if length <= 12 else 0.0


def cosine(reward, length, finished, solved, update):
    if update % 30 >= 10 or not solved:
        return reward
    return reward + 0.4 * (-0.5 + 0.5 * (0.25 + 0.5) * (1 + math.cos(math.pi * length / MAX)))


EVERY = {
    soft_overlong: SoftOverlong(buffer=5, penalty=0.5),
    stop_properly: StopProperly(scale=0.3, penalty=0.2),
    zero_past: ZeroPast(12),
    cosine: CosineLength(weight=0.4, low=-0.5, high=0.25, steps_on=10, steps_off=20, solved_only=True),
}


@given(samples, st.permutations(list(EVERY)), st.integers(0, 99))
def test_any_order_of_shapers_equals_the_same_loops_in_that_order(rows, order, update):
    result = shape(rewards_of(rows), completions(rows, update), [EVERY[slow] for slow in order])
    expected = [row[0] for row in rows]
    for slow, change in zip(order, result.changes, strict=True):
        shaped = [slow(r, *row[1:], update) for r, row in zip(expected, rows, strict=True)]
        close(change, [after - before for before, after in zip(expected, shaped, strict=True)], 1e-6)
        expected = shaped
    close(result.shaped, expected, 1e-6)
    close(result.raw, [row[0] for row in rows])
    close(result.raw + sum(result.changes), result.shaped)


def test_the_order_matters():
    rows = [(1.0, MAX, False, True)]
    overlong, stop = EVERY[soft_overlong], EVERY[stop_properly]
    first = shape(rewards_of(rows), completions(rows), [overlong, stop])
    second = shape(rewards_of(rows), completions(rows), [stop, overlong])
    assert first.shaped.item() == pytest.approx(0.5 * 0.3 - 0.2)
    assert second.shaped.item() == pytest.approx(0.3 - 0.2 - 0.5)


def test_no_shapers_and_no_samples():
    result = shape(torch.tensor([1.0, 0.0]), completions([(0, 1, True, True)] * 2), [])
    assert isinstance(result, Shaped)
    assert result.raw.tolist() == result.shaped.tolist() == [1.0, 0.0]
    assert result.changes == ()
    none = Completions(torch.zeros(0).long(), torch.zeros(0).bool(), torch.zeros(0).bool(), MAX, 0)
    assert shape(torch.zeros(0), none, list(EVERY.values())).shaped.tolist() == []


def test_raw_rewards_are_left_as_they_were():
    rewards = torch.ones(1)
    shape(rewards, completions([(1.0, MAX, False, True)]), list(EVERY.values()))
    assert rewards.tolist() == [1.0]


class OneReward:
    def __call__(self, rewards, completions):
        return rewards.mean()


class Column:
    def __call__(self, rewards, completions):
        return rewards[:, None]


class Listed:
    def __call__(self, rewards, completions):
        return rewards.tolist()


class Counted:
    def __call__(self, rewards, completions):
        return completions.lengths


class ByLength:
    def __call__(self, rewards, completions):
        return rewards / completions.lengths


@pytest.mark.parametrize(
    ("shaper", "said"),
    [
        (OneReward(), r"OneReward returned a tensor of shape \[\]; it must be of shape \[2\], one reward a completion"),
        (Column(), r"Column returned a tensor of shape \[2, 1\]; it must be of shape \[2\]"),
        (Listed(), r"Listed returned list; it must return a tensor of shape \[2\]"),
        (Counted(), r"Counted returned a tensor of torch.int64; rewards must be floating-point"),
        (ByLength(), r"ByLength made inf of the reward 1 of a completion of 0 tokens \(1 of 2 like that\)"),
        (lambda rewards, _: rewards * float("nan"), r"<lambda> made nan of the reward 1 of .* \(2 of 2 like that\)"),
    ],
)
def test_what_cannot_be_rewards_is_refused_by_the_name_of_who_made_it(shaper, said):
    rows = [(1.0, 3, True, True), (1.0, 0, True, True)]
    with pytest.raises(UserError, match=rf"^shaper \S*{said}"):
        shape(rewards_of(rows), completions(rows), [StopProperly(), shaper])


def test_soft_overlong_is_daps_three_pieces():
    rows = [(1.0, n, True, True) for n in (0, 15, 16, 18, 20)]
    shaped = SoftOverlong(buffer=5)(rewards_of(rows), completions(rows))
    assert shaped.tolist() == pytest.approx([1.0, 1.0, 0.8, 0.4, 0.0])


def test_the_cosine_falls_from_high_to_low_and_follows_its_schedule():
    shaper = CosineLength(weight=2.0, low=-1.0, high=0.5, steps_on=100, steps_off=500)
    rows = [(0.0, n, True, False) for n in (0, MAX // 2, MAX)]
    assert shaper(rewards_of(rows), completions(rows)).tolist() == pytest.approx([1.0, -0.5, -2.0])
    all_lengths = [(0.0, n, True, False) for n in range(MAX + 1)]
    assert (shaper(rewards_of(all_lengths), completions(all_lengths)).diff() < 0).all()
    active = [step for step in range(1300) if shaper.active(step)]
    assert active == [*range(100), *range(600, 700), *range(1200, 1300)]
    assert shaper(rewards_of(rows), completions(rows, steps_done=100)).tolist() == [0.0, 0.0, 0.0]
    assert all(CosineLength(steps_off=0).active(step) for step in range(1000))


def test_an_endless_completion_scaled_by_zero_gets_nothing():
    rows = [(1.0, MAX, False, True), (1.0, 3, True, True)]
    assert StopProperly()(rewards_of(rows), completions(rows)).tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    ("shaper", "settings"),
    [
        (SoftOverlong, {"buffer": 0}),
        (SoftOverlong, {"buffer": 4, "penalty": -1}),
        (StopProperly, {"scale": 1.5}),
        (StopProperly, {"penalty": -0.1}),
        (ZeroPast, {"length": 0}),
        (CosineLength, {"low": 1.0, "high": 0.0}),
        (CosineLength, {"weight": -1.0}),
        (CosineLength, {"steps_on": 0}),
        (CosineLength, {"steps_off": -1}),
    ],
)
def test_bad_settings_are_refused(shaper, settings):
    with pytest.raises(UserError):
        shaper(**settings)
