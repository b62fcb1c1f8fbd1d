"""How far a stage has come, and whether it is over."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from prorl.recipe.stages import Stage
from prorl.regimen.validation import Stall, Validated


class StageClock:
    """Follows one stage from its entry to its end."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.steps = 0
        """Steps done in it."""
        self._nothing_left = False
        """Whether its tasks have no problem left to ask."""
        until = stage.until
        self._stall = Stall(until.plateau if until else None)
        self._target = until.target if until else None
        self._values: deque[float] = deque(maxlen=self._target.window if self._target else 1)

    def observe(self, metrics: Mapping[str, float | int | str], validated: Validated | None) -> str | None:
        """Count a step; why the stage is over after it, or None."""
        self.steps += 1
        if validated is not None:
            self._stall.observe(validated)
        seen = {**metrics, **(validated.metrics if validated else {})}
        self._nothing_left = metrics.get("tasks_left") == 0
        value = seen.get(self._target.metric) if self._target else None
        if isinstance(value, int | float):
            self._values.append(float(value))
        return self.ended

    @property
    def ended(self) -> str | None:
        """Why the stage is over by all that was seen so far, or None."""
        reached = self._reached()
        if reached is not None:
            return reached
        if self._stall.reached:
            return self._stall.reason
        if self._nothing_left:
            return "no problem is left to ask: all are retired"
        return f"{self.steps} steps done" if self.steps >= self.stage.steps else None

    def begin(self, validated: Validated | None) -> None:
        """Take the validation before the stage's first step as what progress is held against."""
        if validated is not None:
            self._stall.observe(validated)

    def _reached(self) -> str | None:
        target = self._target
        if target is None or len(self._values) < target.window:
            return None
        mean = fmean(self._values)
        if not mean >= target.at_least:
            return None
        over = f" in the mean of {target.window}" if target.window > 1 else ""
        return f"{target.metric} is {_written(mean)}{over}, the target was {_written(target.at_least)}"

    def state_dict(self) -> dict[str, Any]:
        """Steps, and what was measured in the stage."""
        metric = self._target.metric if self._target else None
        return {
            "steps": self.steps, "metric": metric, "values": list(self._values), "stall": self._stall.state_dict(),
            "nothing_left": self._nothing_left,
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken. Values of another metric than the target's now count for nothing."""
        self.steps = state["steps"]
        same = self._target is not None and state.get("metric", self._target.metric) == self._target.metric
        self._values = deque(state["values"] if same else [], maxlen=self._values.maxlen)
        self._stall.load_state_dict(state["stall"])
        self._nothing_left = state.get("nothing_left", False)


def _written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
