"""Reset rules of one's own: when they are asked, what they are shown, and that a resumed run shows them the same."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from prorl.errors import UserError
from prorl.recipe.stages import CustomRule, ResetRules
from prorl.regimen.resets import ResetWatch

RULES = """
def low(steps, bound=0.0):
    values = [step["reward"] for step in steps if "reward" in step]
    return f"{len(steps)} steps, rewards {values}" if max(values, default=1.0) < bound else None

def wrong(steps):
    return True
"""


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ResetRules:
    (tmp_path / "rules_of_ones_own.py").write_text(RULES)
    monkeypatch.syspath_prepend(tmp_path)
    rule = CustomRule(rule="rules_of_ones_own:low", window=3, options={"bound": 0.5})
    return ResetRules(custom={"low": rule}, cooldown=0)


def observe(watch: ResetWatch, rewards: list[float], first: int = 1) -> list[str | None]:
    said = []
    for step, reward in enumerate(rewards, start=first):
        watch.observe({"reward": reward, "stage": "one"}, None)
        said.append(watch.due(step))
    return said


def test_it_sees_the_last_steps_of_its_window_once_there_are_so_many(rules: ResetRules) -> None:
    assert observe(ResetWatch(rules), [0.1, 0.2, 0.3, 0.9, 0.4]) == [
        None, None, "low: 3 steps, rewards [0.1, 0.2, 0.3]", None, None,
    ]  # fmt: skip


def test_a_value_that_is_not_finite_is_not_there(rules: ResetRules) -> None:
    assert observe(ResetWatch(rules), [0.1, math.nan, 0.3])[-1] == "low: 3 steps, rewards [0.1, 0.3]"


def test_after_a_reset_it_starts_anew(rules: ResetRules) -> None:
    watch = ResetWatch(rules)
    observe(watch, [0.1, 0.2, 0.3])
    watch.was_reset(3)
    assert observe(watch, [0.4, 0.1, 0.2], 4) == [None, None, "low: 3 steps, rewards [0.4, 0.1, 0.2]"]


def test_a_watch_that_was_taken_up_decides_alike(rules: ResetRules) -> None:
    watch, other = ResetWatch(rules), ResetWatch(rules)
    observe(watch, [0.1, 0.2])
    other.load_state_dict(json.loads(json.dumps(watch.state_dict(), allow_nan=False)))
    assert observe(other, [0.3], 3) == observe(watch, [0.3], 3) == ["low: 3 steps, rewards [0.1, 0.2, 0.3]"]


def test_mistakes_are_named(rules: ResetRules) -> None:
    for target, said in (
        ("rules_of_ones_own:hgih", "resets.custom.x: module rules_of_ones_own has no hgih"),
        ("no_such_module:low", "resets.custom.x: No module named 'no_such_module'"),
        ("low", "resets.custom.x: 'low' is no place in a module"),
    ):
        with pytest.raises(UserError, match=re.escape(said)):
            ResetWatch(ResetRules(custom={"x": CustomRule(rule=target)}))
    watch = ResetWatch(ResetRules(custom={"x": CustomRule(rule="rules_of_ones_own:wrong", window=1)}, cooldown=0))
    with pytest.raises(UserError, match=r"resets.custom.x returned True; return why to reset, or None"):
        observe(watch, [0.1])
