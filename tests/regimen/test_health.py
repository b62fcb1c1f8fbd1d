"""The monitor around the guards: silence, severity, roll-backs and new beginnings."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from prorl.recipe.health import Collapse, Health, Threshold
from prorl.regimen.health import SEVEREST_FIRST, HealthMonitor

from .test_guards import OFF

QUIET = Health.model_validate(OFF)


def health(custom: dict[str, dict[str, Any]], **others: Any) -> Health:
    """Guards of one's own on signal `s` above 0.5 in a window of one step, unless they say otherwise."""
    return Health.model_validate(
        OFF | {"custom": {name: {"signal": "s", "above": 0.5, "window": 1} | c for name, c in custom.items()}} | others
    )


def steps_of_alarms(monitor: HealthMonitor, steps: range, **metrics: float) -> list[int]:
    return [step for step in steps for _ in monitor.observe(step, metrics)]


def test_after_an_alarm_a_guard_is_silent_for_the_cool_down_and_others_are_not() -> None:
    monitor = HealthMonitor(health({"mine": {}, "other": {"signal": "t"}}, cooldown=20))
    assert steps_of_alarms(monitor, range(1, 50), s=1) == [1, 22, 43]
    assert [alarm.guard for alarm in monitor.observe(50, {"s": 1, "t": 1})] == ["other"]
    assert steps_of_alarms(HealthMonitor(health({"mine": {}}, cooldown=0)), range(1, 4), s=1) == [1, 2, 3]


def test_a_full_disk_is_told_once_in_a_cool_down() -> None:
    monitor = HealthMonitor(Health(cooldown=3))
    assert [step for step in range(1, 10) for _ in monitor.disk(step, 0.5)] == [1, 5, 9]
    assert HealthMonitor(QUIET).disk(1, 0.0) == []


def test_all_that_fire_are_told_severest_first_and_then_in_the_recipes_order() -> None:
    actions = ["warn", "reset", "stop", "roll_back", "pause", "warn", "stop"]
    monitor = HealthMonitor(health({f"{9 - i} {action}": {"action": action} for i, action in enumerate(actions)}))
    said = [alarm.guard for alarm in monitor.observe(1, {"s": 1})]
    assert said == ["7 stop", "3 stop", "5 pause", "6 roll_back", "8 reset", "9 warn", "4 warn"]
    assert SEVEREST_FIRST == ("stop", "pause", "roll_back", "reset", "warn")
    builtin = HealthMonitor(Health(custom={"mine": Threshold(signal="s", above=0.0, window=1, action="stop")}))
    said = [alarm.guard for alarm in builtin.observe(1, {"s": 1, "weights_overdue": 2, "non_finite": 1})]
    assert said == ["stale_weights", "mine", "non_finite"]


def test_one_roll_back_more_than_the_most_stops_the_run() -> None:
    guards = {"mine": {"action": "roll_back"}, "other": {"action": "roll_back"}, "third": {"action": "warn"}}
    monitor = HealthMonitor(health(guards, cooldown=1, most_roll_backs=2))
    said = []
    for step in range(1, 8):
        said.append([alarm.action for alarm in monitor.observe(step, {"s": 1})])
        if "roll_back" in said[-1]:
            monitor.rolled_back()
        monitor.restart()  # as after a roll-back, which is no reason to allow more of them
    # Two guards in one step ask for one roll-back; silent steps ask for none.
    back, stop = ["roll_back", "roll_back", "warn"], ["stop", "stop", "warn"]
    assert said == [back, [], back, [], stop, [], stop]
    last = monitor.observe(9, {"s": 1})
    assert last[0].reason == "s is 1 in step 9, above 0.5; 2 roll-backs have not helped"
    assert last[2].reason == "s is 1 in step 9, above 0.5"


def test_roll_backs_that_were_asked_for_and_not_made_do_not_count() -> None:
    monitor = HealthMonitor(health({"mine": {"action": "roll_back"}}, cooldown=0, most_roll_backs=1))
    assert [alarm.action for step in range(1, 5) for alarm in monitor.observe(step, {"s": 1})] == ["roll_back"] * 4
    monitor.rolled_back()
    assert [alarm.action for alarm in monitor.observe(5, {"s": 1})] == ["stop"]


def test_a_restart_forgets_windows_baselines_and_bests() -> None:
    growing = {"window": 3, "above": None, "above_times": 2.0}
    guards = health({"level": {"window": 3}, "growth": growing}, collapse=Collapse(window=3, least_z=0.0), cooldown=0)
    restarted, plain = HealthMonitor(guards), HealthMonitor(guards)
    said: dict[HealthMonitor, list[list[str]]] = {restarted: [], plain: []}
    for step in range(1, 13):
        metrics = {"s": 0.2, "reward": 0.9} if step < 7 else {"s": 0.5, "reward": 0.3}
        metrics |= {"kl": 1.0, "s": 2.0 if step == 6 else metrics["s"]}
        for monitor, names in said.items():
            names.append([alarm.guard for alarm in monitor.observe(step, metrics)])
        if step == 6:
            restarted.restart()
    both = ["level", "growth"]
    assert said[plain] == [[]] * 5 + [both, ["level", "growth"], ["collapse", *both]] + [["collapse", "growth"]] * 4
    assert said[restarted] == [[]] * 5 + [both] + [[]] * 6
    assert [alarm.guard for alarm in restarted.observe(13, {"s": 0.6})] == ["level"]


def test_a_new_stage_keeps_what_is_still_watched_and_begins_the_rest() -> None:
    monitor = HealthMonitor(health({"mine": {"window": 3}}, cooldown=20))
    assert steps_of_alarms(monitor, range(1, 3), s=0.4) == []
    # Another bound and another name, the same signal and length: the window is full at once.
    monitor.configure(health({"stricter": {"window": 3, "above": 0.3}, "longer": {"window": 4, "above": 0.3}}))
    assert [alarm.guard for alarm in monitor.observe(3, {"s": 0.4})] == ["stricter"]
    assert [alarm.guard for step in (4, 5, 6) for alarm in monitor.observe(step, {"s": 0.4})] == ["longer"]
    # What no guard watches any more is forgotten, but not who is to be silent.
    monitor.configure(QUIET)
    assert steps_of_alarms(monitor, range(7, 10), s=0.4) == []
    monitor.configure(health({"stricter": {"window": 3, "above": 0.3}, "new": {"window": 3, "above": 0.3}}))
    assert steps_of_alarms(monitor, range(10, 12), s=0.4) == []
    assert [alarm.guard for alarm in monitor.observe(12, {"s": 0.4})] == ["new"]


def test_without_settings_nothing_is_said() -> None:
    monitor = HealthMonitor(None)
    assert monitor.observe(1, {"non_finite": 1, "weights_overdue": 1}) == monitor.disk(1, 0.0) == []
    monitor.configure(Health())
    assert [alarm.guard for alarm in monitor.observe(2, {"non_finite": 1})] == ["non_finite"]
    monitor.configure(None)
    assert monitor.observe(3, {"weights_overdue": 1}) == monitor.disk(3, 0.0) == []


def test_health_is_watched_without_torch() -> None:
    code = "import sys, prorl.regimen.health; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
