"""The rules of the guards, against plain ones that look at the whole history each time."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError

from prorl.recipe.health import Collapse, Guard, Health, Threshold
from prorl.regimen.health import HealthMonitor

OFF: dict[str, Any] = {
    name: None for name, field in Health.model_fields.items() if name not in ("custom", "cooldown", "most_roll_backs")
}

# Eighths and factors of two have exact means and bounds in floats, so the order of a sum can't decide a case.
eighths = st.integers(-12, 24).map(lambda eighth: eighth / 8)
odd = st.sampled_from([math.nan, "text", math.inf, -math.inf, 1, True])
# Often, seldom, and mostly missing: the last is where values grow old.
values = st.one_of(eighths, eighths, odd, st.none())
signals = st.one_of(*(st.lists(one, max_size=30) for one in (values, values | odd, values | st.none() | st.none())))
factors = st.one_of(st.none(), st.sampled_from([0.25, 0.5, 1.0, 2.0, 4.0]))
bounds = st.fixed_dictionaries(
    {"above": st.none() | eighths, "below": st.none() | eighths, "above_times": factors, "below_times": factors}
).filter(lambda bounds: any(bound is not None for bound in bounds.values()))
windows = st.integers(1, 4)


def only(guard: Guard, name: str = "mine", **others: Any) -> Health:
    return Health.model_validate(OFF | ({name: guard} if name in OFF else {"custom": {name: guard}}) | others)


def firings(guard: Guard, name: str, steps: Sequence[dict[str, Any]]) -> list[int]:
    monitor = HealthMonitor(only(guard, name, cooldown=0, most_roll_backs=10**6))
    present = [{key: value for key, value in metrics.items() if value is not None} for metrics in steps]
    return [step for step, metrics in enumerate(present, 1) if monitor.observe(step, metrics)]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and value == value


def slow_mean(history: Sequence[Any], size: int) -> float | None:
    """Mean of the last `size` numbers among the last 2 * `size` steps; None for fewer numbers."""
    recent = [float(value) for value in history[-2 * size :] if is_number(value)][-size:]
    if len(recent) < size:
        return None
    infinite = [value for value in recent if math.isinf(value)]
    return max(infinite) if infinite else sum(recent) / size


def slow_means(history: Sequence[Any], size: int) -> list[float]:
    """The means of all full windows, of those steps that have a number."""
    ends = [end for end in range(1, len(history) + 1) if is_number(history[end - 1])]
    return [mean for end in ends if (mean := slow_mean(history[:end], size)) is not None]


def slow_baseline(history: Sequence[Any], size: int) -> float | None:
    return next((mean for mean in slow_means(history, size) if 0 < mean < math.inf), None)


@settings(deadline=None, max_examples=400)
@given(signals, bounds, windows)
def test_a_threshold_is_the_plain_rule(signal: list[Any], bounds: dict[str, float | None], size: int) -> None:
    expected = []
    for step in range(1, len(signal) + 1):
        mean = slow_mean(signal[:step], size)
        if not is_number(signal[step - 1]) or mean is None:
            continue
        # Windows that end before this step: that of the step itself can't be its own baseline.
        baseline = slow_baseline(signal[: step - 1], size)
        above, below = [bounds["above"]], [bounds["below"]]
        if baseline is not None:
            above += [bounds["above_times"] and bounds["above_times"] * baseline]
            below += [bounds["below_times"] and bounds["below_times"] * baseline]
        if any(b is not None and mean > b for b in above) or any(b is not None and mean < b for b in below):
            expected.append(step)
    guard = Threshold(signal="s", window=size, **bounds)
    assert firings(guard, "mine", [{"s": value} for value in signal]) == expected


def slow_noise(history: Sequence[Any]) -> float:
    """Of the values of all steps: the root of half the mean square of finite changes from one to the next, but for the
    largest."""
    numbers = [float(value) for value in history if is_number(value)]
    changes = [b - a for a, b in itertools.pairwise(numbers) if math.isfinite(b - a)]
    squares = sorted(change**2 for change in changes)[:-1]
    return math.sqrt(sum(squares) / (2 * len(squares))) if squares else 0.0


@settings(deadline=None, max_examples=400)
@given(
    st.lists(st.tuples(values, values, values), max_size=30),
    windows,
    st.sampled_from([0.25, 0.5]),
    st.sampled_from([0.0, 0.3, 1.0]),
)
def test_a_collapse_is_the_plain_rule(signals: list[tuple[Any, Any, Any]], size: int, drop: float, z: float) -> None:
    expected = []
    for step in range(1, len(signals) + 1):
        reward, kl, entropy = ([values[i] for values in signals[:step]] for i in range(3))
        now, kl_now, entropy_now = (slow_mean(history, size) for history in (reward, kl, entropy))
        if not is_number(reward[-1]) or now is None:
            continue
        best = max((mean for mean in slow_means(reward, size) if math.isfinite(mean)), default=None)
        luck = z * slow_noise(reward) * math.sqrt(2 / size)
        fallen = best is not None and now < best and best - now >= max(drop * abs(best), 0.05, luck)
        # A step without an entropy leaves the window before it the newest, which can't be its own baseline.
        numbers = [index for index, value in enumerate(entropy) if is_number(value)]
        base = slow_baseline(entropy[: numbers[-1]], size) if numbers else None
        astray = base is not None and entropy_now is not None and not 0.5 * base <= entropy_now <= 2 * base
        if fallen and (astray or (kl_now is not None and kl_now > 1.0)):
            expected.append(step)
    guard = Collapse(
        window=size, reward_drop=drop, least_z=z, kl_above=1.0, entropy_below_times=0.5, entropy_above_times=2.0
    )
    steps = [dict(zip(("reward", "kl", "entropy"), values, strict=True)) for values in signals]
    assert firings(guard, "collapse", steps) == expected


def test_a_policy_that_solves_nothing_any_more_has_collapsed_though_it_is_not_updated() -> None:
    monitor = HealthMonitor(only(Collapse(window=3), "collapse"))
    for step in range(1, 7):
        assert monitor.observe(step, {"reward": 0.5, "kl": 0.9, "entropy": 1.0}) == []
    (alarm,) = monitor.observe(7, {"reward": 0.0})
    assert alarm.reason == (
        "reward is 0.3333 in the mean of steps 5-7, 30 % or more below its best mean of 0.5; "
        "kl is 0.9 in the mean of steps 4-6, above 0.5"
    )


def test_the_luck_of_few_prompts_is_no_collapse_and_a_collapse_is_noticed_in_spite_of_it() -> None:
    random = np.random.default_rng(0)

    def share(rates: NDArray[np.float64], z: float) -> float:
        """How many of 100 runs with steps of six prompts and a KL far away are taken for collapsed."""
        runs = random.binomial(6, rates, (100, len(rates))) / 6
        steps = ([{"reward": reward, "kl": 0.9} for reward in run] for run in runs.tolist())
        return sum(bool(firings(Collapse(least_z=z), "collapse", one)) for one in steps) / 100

    steady = np.full(200, 0.35)
    assert share(steady, 0.0) > 0.9
    assert share(steady, 4.0) < 0.2
    assert share(np.concatenate([steady[:50], np.full(30, 0.02)]), 4.0) > 0.9


@pytest.mark.parametrize(("fallen", "collapsed"), [(-0.64, False), (-0.66, True)])
def test_a_reward_below_0_falls_by_a_share_of_its_size(fallen: float, collapsed: bool) -> None:
    steps = [{"reward": reward, "kl": 0.9} for reward in (-0.5, fallen)]
    guard = Collapse(window=1, reward_drop=0.3, least_z=0.0)
    assert firings(guard, "collapse", steps) == ([2] if collapsed else [])


@pytest.mark.parametrize(
    ("signal", "reason"),
    [
        ([0.7, 0.72], "s is 0.71 in the mean of steps 1-2, above 0.6"),
        ([0.7, None, 0.72], "s is 0.71 in the mean of 2 of the steps 1-3, above 0.6"),
        ([0.6, 0.60002], "s is 0.60001 in the mean of steps 1-2, above 0.6"),
        ([12000, 12690], "s is 12340 in the mean of steps 1-2, above 0.6"),
        ([1, math.inf], "s is inf in the mean of steps 1-2, above 0.6"),
        ([1.7e308, 1.7e308], "s is 1.7e+308 in the mean of steps 1-2, above 0.6"),
        ([0.25, 0.25, -0.5], "s is -0.125 in the mean of steps 2-3, below 0.125, 0.5 times the baseline"),
    ],
)
def test_the_reason_names_signal_value_steps_and_bound(signal: list[float | None], reason: str) -> None:
    monitor = HealthMonitor(only(Threshold(signal="s", window=2, above=0.6, below_times=0.5)))
    said = [monitor.observe(step, {} if value is None else {"s": value}) for step, value in enumerate(signal, 1)]
    assert [alarm.reason for alarms in said for alarm in alarms] == [reason]


def test_a_guard_of_ones_own_needs_a_name_of_its_own() -> None:
    with pytest.raises(ValidationError, match="'collapse' needs another name"):
        Health.model_validate({"custom": {"collapse": {"signal": "s", "above": 1}}})
