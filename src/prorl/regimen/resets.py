"""The rules by which the reference policy is reset while a stage goes on."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from statistics import fmean
from typing import Any

from prorl.recipe.stages import ResetRules
from prorl.regimen.custom_rules import CustomRules
from prorl.regimen.validation import Stall, Validated


class ResetWatch:
    """Says when a rule fires. After any reset, whoever made it, all rules are silent for the cool-down."""

    def __init__(self, rules: ResetRules) -> None:
        self.rules = rules
        self.last = 0
        """Step of the last reset; the start counts as one."""
        self.stall = Stall(rules.plateau)
        self._kl: deque[float] = deque(maxlen=rules.window)
        self._entropy: deque[float] = deque(maxlen=rules.window)
        self._custom = CustomRules(rules.custom)

    def configure(self, rules: ResetRules) -> None:
        """Take over a stage's rules; what was measured so far stays."""
        self.rules = rules
        self.stall.settings = rules.plateau
        self._kl = deque(self._kl, maxlen=rules.window)
        self._entropy = deque(self._entropy, maxlen=rules.window)
        self._custom.configure(rules.custom)

    def observe(self, metrics: Mapping[str, float | int | str], validated: Validated | None) -> None:
        """Take note of a step; one without an update has no KL and no entropy and changes nothing."""
        for name, values in (("kl", self._kl), ("entropy", self._entropy)):
            value = metrics.get(name)
            if isinstance(value, int | float) and not math.isnan(value):
                values.append(float(value))
        self._custom.observe(metrics)
        if validated is not None:
            self.stall.observe(validated)

    def due(self, step: int) -> str | None:
        """Why to reset after `step`, or None."""
        rules = self.rules
        if step - self.last < max(rules.cooldown, 1):
            return None
        if rules.every is not None and step - self.last >= rules.every:
            return f"{rules.every} steps since the last reset"
        if self.stall.reached:
            return self.stall.reason
        kl, entropy = _mean(self._kl), _mean(self._entropy)
        over = f"the mean of {rules.window} steps"
        if rules.kl_above is not None and kl is not None and kl > rules.kl_above:
            return f"KL is {kl:.4g} nats per token in {over}, above {rules.kl_above:g}"
        if rules.entropy_below is not None and entropy is not None and entropy < rules.entropy_below:
            return f"entropy is {entropy:.4g} nats per token in {over}, below {rules.entropy_below:g}"
        if rules.entropy_above is not None and entropy is not None and entropy > rules.entropy_above:
            return f"entropy is {entropy:.4g} nats per token in {over}, above {rules.entropy_above:g}"
        return self._custom.due()

    def was_reset(self, step: int) -> None:
        """A reset was made after `step`: measure and be patient anew."""
        self.last = step
        self._kl.clear()
        self._entropy.clear()
        self._custom.restart()
        self.stall.restart()

    def state_dict(self) -> dict[str, Any]:
        """Everything measured since the last reset."""
        return {
            "last": self.last, "kl": list(self._kl), "entropy": list(self._entropy), "stall": self.stall.state_dict(),
            "custom": self._custom.state_dict(),
        }  # fmt: skip

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken; call `configure` for the stage first."""
        self.last = state["last"]
        self._kl = deque(state["kl"], maxlen=self.rules.window)
        self._entropy = deque(state["entropy"], maxlen=self.rules.window)
        self.stall.load_state_dict(state["stall"])
        self._custom.load_state_dict(state["custom"])


def _mean(values: deque[float]) -> float | None:
    """The mean of a full window."""
    return fmean(values) if len(values) == values.maxlen else None
