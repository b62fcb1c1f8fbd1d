"""What validations say of a run: whether there is progress, and which checkpoint is best."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from prorl.boundary.intervals import Interval, mean_interval
from prorl.recipe.health import Health
from prorl.recipe.stages import Plateau

Rates = tuple[float | None, ...]
"""Shares of solved samples of a task's problems, `[problems]`; None for one without a single verdict."""


@dataclass(frozen=True, slots=True)
class Frequent:
    """The most frequent answer to a task's problems, whichever was asked."""

    answer: str
    share: float
    """Of the task's completions."""
    right: float
    """Share of these that are right."""
    problems: int
    """How many the task has in validation."""


@dataclass(frozen=True, slots=True)
class Validated:
    """One validation. `rates` are by task, always of the same problems in the same order; `pass_k` is at k = the number
    of samples.

    Samples that the verifier failed on are in none of them; a problem that has no others is None and in no mean.
    """

    step: int
    rates: Mapping[str, Rates]
    pass_1: Interval
    pass_k: Interval
    k: int
    failures: float = 0.0
    """Share of the samples whose verdict is an error or a timeout."""
    frequent: Mapping[str, Frequent] = field(default_factory=dict)
    """By task, among the samples that have a verdict; without tasks to which every completion is empty."""

    @property
    def metrics(self) -> dict[str, float]:
        """What a stage's target can name."""
        return {"validation/pass_1": self.pass_1.estimate, "validation/pass_k": self.pass_k.estimate}


def doubt(found: Validated, health: Health | None) -> str | None:
    """Why a validation must not steer the run: the verifier failed more often than its guard's bound, or altogether
    on some task. None if it may."""
    guard = health.verifier_failures if health else None
    bound = guard.above if guard is not None and guard.above is not None else 1.0
    lost = [task for task, rates in sorted(found.rates.items()) if all(rate is None for rate in rates)]
    if found.failures > bound or found.failures == 1.0:
        why = f"{100 * found.failures:.3g} % of its verdicts are errors or timeouts"
    elif lost:
        why = f"{', '.join(lost)} has no verdict that is no error or timeout"
    else:
        return None
    return f"validation: {why}; it counts neither for the best checkpoint nor for a plateau or a target"


def gain(before: Mapping[str, Rates], after: Mapping[str, Rates], level: float, seed: int) -> Interval:
    """Change of the mean of the tasks' mean rates, paired by problem, with its confidence interval.

    Over the problems that have a rate in both; 0 and anything between -1 and 1 if there is none.
    """
    changes = [np.subtract(_numbers(after[task]), _numbers(before[task])) for task in sorted(before)]
    known = [change[~np.isnan(change)] for change in changes]
    strata = [change for change in known if len(change)]
    if not strata:
        return Interval(0.0, -1.0, 1.0)
    return mean_interval(strata, np.random.default_rng(seed), level=level, bounds=(-1.0, 1.0))


def _numbers(rates: Rates) -> NDArray[np.float64]:
    """NaN where there is no rate."""
    return np.array(rates, np.float64)


class Stall:
    """Counts validations since the one that made the last progress."""

    def __init__(self, settings: Plateau | None) -> None:
        self.settings = settings
        self.count = 0
        self._reference: dict[str, Rates] | None = None

    def observe(self, validated: Validated) -> None:
        """Take note of a validation; the first one is what later ones are held against."""
        if self.settings is None:
            return
        if self._reference is not None:
            change = gain(self._reference, validated.rates, self.settings.level, seed=validated.step)
            if change.low <= 0.0 or change.estimate < self.settings.min_gain:
                self.count += 1
                return
        self.count, self._reference = 0, dict(validated.rates)

    @property
    def reached(self) -> bool:
        """Whether patience is at its end."""
        return self.settings is not None and self.count >= self.settings.patience

    @property
    def reason(self) -> str:
        """Why, for a person."""
        return f"no progress in {self.count} validations"

    def restart(self) -> None:
        """Be patient anew; what later validations are held against stays."""
        self.count = 0

    def state_dict(self) -> dict[str, Any]:
        """The count, and the rates that progress is measured from."""
        return {"count": self.count, "reference": self._reference}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.count, saved = state["count"], state["reference"]
        self._reference = None if saved is None else {task: tuple(rates) for task, rates in saved.items()}


class Best:
    """The step with the best checkpoint so far."""

    def __init__(self) -> None:
        self.step: int | None = None
        self.value = 0.0

    def offer(self, step: int, value: float) -> bool:
        """Whether `step` is the new best one. An equal value is not better; NaN never is."""
        if value > self.value if self.step is not None else value == value:
            self.step, self.value = step, value
            return True
        return False

    def state_dict(self) -> dict[str, Any]:
        """The step and its value."""
        return {"step": self.step, "value": self.value}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.step, self.value = state["step"], state["value"]
