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
        until = stage.until
        self._stall = Stall(until.plateau if until else None)
        self._target = until.target if until else None
        self._values: deque[float] = deque(maxlen=self._target.window if self._target else 1)

    def observe(self, metrics: Mapping[str, float | int | str], validated: Validated | None) -> str | None:
        """Count a step; why the stage is over after it, or None."""
        self.steps += 1
        if validated is not None:
            self._stall.observe(validated)
        reached = self._reached({**metrics, **(validated.metrics if validated else {})})
        if reached is not None:
            return reached
        if validated is not None and self._stall.reached:
            return self._stall.reason
        return f"{self.steps} steps done" if self.steps >= self.stage.steps else None

    def begin(self, validated: Validated | None) -> None:
        """Take the validation before the stage's first step as what progress is held against."""
        if validated is not None:
            self._stall.observe(validated)

    def _reached(self, metrics: Mapping[str, float | int | str]) -> str | None:
        target = self._target
        value = metrics.get(target.metric) if target else None
        if target is None or not isinstance(value, int | float):
            return None
        self._values.append(float(value))
        mean = fmean(self._values)
        if len(self._values) < target.window or not mean >= target.at_least:
            return None
        over = f" in the mean of {target.window}" if target.window > 1 else ""
        return f"{target.metric} is {_written(mean)}{over}, the target was {_written(target.at_least)}"

    def state_dict(self) -> dict[str, Any]:
        """Steps, and what was measured in the stage."""
        return {"steps": self.steps, "values": list(self._values), "stall": self._stall.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.steps = state["steps"]
        self._values = deque(state["values"], maxlen=self._values.maxlen)
        self._stall.load_state_dict(state["stall"])


def _written(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
