"""A monitor that is taken up again goes on as if nothing had happened."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from prorl.recipe.health import Collapse, Disk
from prorl.regimen.health import Alarm, HealthMonitor

from .test_health import health

value = st.one_of(st.none(), st.floats(), st.floats(0.1, 1.0), st.floats(0.1, 1.0))
a_step = st.fixed_dictionaries(dict.fromkeys(("s", "reward", "kl", "entropy"), value) | {"restart": st.booleans()})


def play(monitor: HealthMonitor, steps: list[dict[str, Any]], first: int) -> list[list[Alarm]]:
    """What is said after each step, the first of which has this number; a step may end with a restart."""
    said = []
    for step, metrics in enumerate(steps, first):
        present = {name: value for name, value in metrics.items() if value is not None and name != "restart"}
        said.append(monitor.observe(step, present) + monitor.disk(step, present.get("kl", 9.0)))
        if any(alarm.action == "roll_back" for alarm in said[-1]):
            monitor.rolled_back()
        if metrics["restart"]:
            monitor.restart()
    return said


@settings(deadline=None, max_examples=300)
@given(st.lists(a_step, max_size=30), st.integers(0, 30), st.booleans())
def test_a_monitor_from_saved_state_says_what_the_uninterrupted_one_says(
    steps: list[dict[str, Any]], cut: int, configure_last: bool
) -> None:
    guards = health(
        {
            "often": {"window": 1, "action": "roll_back"},
            "growth": {"window": 3, "above": None, "above_times": 1.5, "action": "roll_back"},
            "shrinkage": {"window": 2, "above": None, "below_times": 0.9},
            "level": {"window": 4, "action": "pause"},
        },
        collapse=Collapse(window=2),
        disk=Disk(),
        cooldown=2,
        most_roll_backs=3,
    )
    uninterrupted, first = HealthMonitor(guards), HealthMonitor(guards)
    said = play(uninterrupted, steps, 1)
    play(first, steps[:cut], 1)
    state = json.loads(json.dumps(first.state_dict(), allow_nan=False))
    # It may be built before the stage is known, and what it was before it is loaded makes no difference.
    resumed = HealthMonitor(None if configure_last else guards)
    resumed.observe(1, {"s": 9.0})
    resumed.load_state_dict(state)
    if configure_last:
        resumed.configure(guards)
    assert play(resumed, steps[cut:], cut + 1) == said[cut:]
    assert json.dumps(resumed.state_dict()) == json.dumps(uninterrupted.state_dict())


def test_a_guard_that_the_saved_state_does_not_know_begins_afresh() -> None:
    guards = health({"mine": {"window": 2}, "new": {"window": 2, "signal": "t"}})
    saved, resumed = HealthMonitor(health({"mine": {"window": 2}})), HealthMonitor(guards)
    for step in (1, 2):
        saved.observe(step, {"s": 0.4, "t": 1.0})
        resumed.observe(step, {"s": 0.0, "t": 1.0 if step == 2 else 0.0})
    resumed.load_state_dict(saved.state_dict())
    assert [alarm.guard for alarm in resumed.observe(3, {"s": 0.8, "t": 0.8})] == ["mine"]
    assert [alarm.guard for alarm in resumed.observe(4, {"s": 0.8, "t": 0.8})] == ["new"]
