"""The guards' defaults: each disaster is caught within its window, and a healthy run never hears of them."""

from __future__ import annotations

import math
import re

import pytest

from prorl.recipe.health import Health
from prorl.regimen.health import Alarm, HealthMonitor

from .curves import UPDATE, Change, Metrics, derail, healthy

ONSET = 150


def alarms(run: list[Metrics]) -> list[tuple[int, Alarm]]:
    """What a monitor with the defaults says, and after which step."""
    monitor = HealthMonitor(Health())
    return [(step, alarm) for step, metrics in enumerate(run, 1) for alarm in monitor.observe(step, metrics)]


def to(value: float) -> Change:
    """The metric has this value from the onset on."""
    return lambda after, before: value


def gone(after: int, before: float) -> None:
    """The metric is no longer there."""


def times(factor: float) -> Change:
    """The metric is so many times as large from the onset on."""
    return lambda after, before: before * factor


def approach(value: float, share: float) -> Change:
    """The metric comes nearer to a value by this share of the way at each step."""
    return lambda after, before: value + (before - value) * (1 - share) ** (after + 1)


FALLING = {"reward": approach(0.05, 0.5)}
NO_UPDATE: dict[str, Change] = dict.fromkeys(UPDATE, gone)

# What happens; the guard that has to see it first, and what it asks for; by which value of its signal, over 20 runs, at
# the soonest and at the latest (1 is the first of the disaster); and what it says.
DISASTERS: dict[str, tuple[dict[str, Change], str, str, tuple[int, int], str]] = {
    "the reward pays for length": (
        {"length_mean": approach(2000, 0.3), "reward": times(1.3), "truncated": approach(0.4, 0.3)},
        "length", "warn", (2, 4), r"length_mean is \d{3,4}\.?\d* in the mean of steps \d+-\d+, above \d+\.?\d*, "
        r"3 times the baseline",
    ),
    "entropy collapses": (
        {"entropy": approach(0.0, 0.8)},
        "entropy", "warn", (8, 9), r"entropy is 0\.0\d+ in the mean of .*, below 0\.\d+, 0\.1 times the baseline",
    ),
    "KL blows up and reward falls": (
        FALLING | {"kl": approach(1.8, 0.5)},
        "collapse", "roll_back", (4, 6), r"reward is 0\.\d+ in the mean of steps \d+-\d+, 30 % or more below its best "
        r"mean of 0\.\d+; kl is [01]\.\d+ in the mean of .*, above 0\.5",
    ),
    "entropy explodes and reward falls": (
        FALLING | {"entropy": approach(9.0, 0.5)},
        "collapse", "roll_back", (4, 6), r"reward is .*; entropy is \d\.\d+ in .*, above \d\.\d+, 3 times the baseline",
    ),
    "KL blows up while reward stays": (
        {"kl": approach(8.0, 0.5)},
        "runaway", "warn", (2, 2), r"kl is \d\.\d+ in the mean of .*, above 2",
    ),
    "the verifier is dead": (
        {"verifier_failures": to(1.0), "reward": to(math.nan), "zero_signal": to(1.0)} | NO_UPDATE,
        "verifier_failures", "stop", (1, 2), r"verifier_failures is 0\.\d+ in the mean of steps \d+-\d+, above 0\.25",
    ),
    "the verifier fails on a third": (
        {"verifier_failures": to(0.35)},
        "verifier_failures", "stop", (4, 4), r"verifier_failures is 0\.28 in the mean of steps \d+-\d+, above 0\.25",
    ),
    "completions don't end": (
        {"truncated": approach(0.95, 0.8)},
        "truncation", "warn", (6, 6), r"truncated is 0\.6\d* in the mean of steps \d+-\d+, above 0\.6",
    ),
    "no group has a signal": (
        {"zero_signal": to(1.0)} | NO_UPDATE,
        "zero_signal", "stop", (7, 8), r"zero_signal is 1 in the mean of steps \d+-\d+, above 0\.999",
    ),
    "a gradient is not finite": (
        {"non_finite": to(1), "grad_norm": to(math.nan)},
        "non_finite", "roll_back", (1, 1), r"non_finite is 1 in step \d+, above 0",
    ),
    "gradients explode": (
        {"grad_norm": times(300)},
        "grad_norm", "warn", (1, 2), r"grad_norm is \d+\.?\d* in the mean of .*, above [\d.]+, 20 times the baseline",
    ),
    "weights are stale": (
        {"weights_overdue": to(1)},
        "stale_weights", "stop", (1, 1), r"weights_overdue is 1 in step 150, above 0",
    ),
    "sampler and trainer part": (
        {"mismatch_kl": to(0.2)},
        "mismatch", "warn", (2, 2), r"mismatch_kl is 0\.08\d* in the mean of .*, above 0\.05",
    ),
    "most tokens are dropped": (
        {"dropped": to(0.7)},
        "dropped", "warn", (2, 2), r"dropped is 0\.28\d* in the mean of .*, above 0\.25",
    ),
    "completions repeat themselves": (
        {"repetition": approach(0.9, 0.5)},
        "repeating", "warn", (4, 5), r"repetition is 0\.3\d* in the mean of .*, above 0\.3",
    ),
    "most tokens are clipped": (
        {"clipped": to(0.6)},
        "clipping", "warn", (5, 5), r"clipped is 0\.3\d* in the mean of .*, above 0\.3",
    ),
}  # fmt: skip


@pytest.mark.parametrize("disaster", DISASTERS)
def test_a_disaster_is_caught_within_its_window(disaster: str) -> None:
    changes, guard, action, (soonest, latest), reason = DISASTERS[disaster]
    settings = getattr(Health(), guard)
    signal = "reward" if guard == "collapse" else settings.signal
    assert latest <= settings.window
    seen = set()
    for seed in range(20):
        run = derail(healthy(seed), ONSET, changes)[: ONSET + 2 * settings.window]
        first, alarm = alarms(run)[0]
        assert (alarm.guard, alarm.action) == (guard, action)
        assert re.fullmatch(reason, alarm.reason), alarm.reason
        # Counted in values and not in steps, since some steps have no update.
        seen.add(sum(signal in metrics for metrics in run[ONSET - 1 : first]))
    assert (min(seen), max(seen)) == (soonest, latest)


def test_healthy_runs_hear_nothing() -> None:
    assert [(seed, *alarm) for seed in range(200) for alarm in alarms(healthy(seed))] == []


def test_one_step_in_which_the_verifier_fails_altogether_ends_no_run() -> None:
    run = [metrics | {"verifier_failures": float(step == ONSET)} for step, metrics in enumerate(healthy(0), 1)]
    assert alarms(run) == []


def test_a_disk_that_fills_up_is_caught_in_the_step_in_which_too_little_is_left() -> None:
    monitor = HealthMonitor(Health())
    said = [(step, alarm) for step in range(1, 40) for alarm in monitor.disk(step, 6.0 - 0.13 * step)]
    assert said == [(31, Alarm("disk", "stop", "disk has room for 1.97 checkpoints in step 31, below 2"))]
    assert monitor.disk(100, 2.0) == monitor.disk(100, math.nan) == []
