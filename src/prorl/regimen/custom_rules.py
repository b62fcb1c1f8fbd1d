"""Reset rules of one's own. They are functions of what was measured: what they remember is ours to keep and restore."""

from __future__ import annotations

import inspect
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from prorl.errors import UserError
from prorl.plugins import imported
from prorl.recipe.stages import CustomRule

Step = Mapping[str, float]
"""The finite metrics of one step by name; what a step doesn't have isn't there."""

Rule = Callable[[Sequence[Step]], str | None]
"""Says why to reset, or None."""


class CustomRules:
    """Shows each rule the steps since the last reset, and asks it."""

    def __init__(self, specs: Mapping[str, CustomRule]) -> None:
        """Raises UserError for a rule that can't be imported, or be asked with its options."""
        self._steps: deque[dict[str, float]] = deque()
        self.configure(specs)

    def configure(self, specs: Mapping[str, CustomRule]) -> None:
        """Take over a stage's rules; what was measured so far stays."""
        self._specs = dict(specs)
        self._rules = {name: _rule(f"resets.custom.{name}", spec) for name, spec in specs.items()}
        self._steps = deque(self._steps, maxlen=max((spec.window for spec in specs.values()), default=0))

    def observe(self, metrics: Mapping[str, float | int | str]) -> None:
        """Take note of a step; no metrics are no step."""
        numbers = {
            name: float(value)
            for name, value in metrics.items()
            if isinstance(value, int | float) and math.isfinite(value)
        }
        if metrics:
            self._steps.append(numbers)

    def due(self) -> str | None:
        """Why to reset by the first rule that wants it, or None. Raises UserError for an answer that is neither."""
        for name, rule in self._rules.items():
            window = self._specs[name].window
            if len(self._steps) < window:
                continue
            reason = rule(list(self._steps)[-window:])
            if reason is not None and not isinstance(reason, str):
                raise UserError(f"resets.custom.{name} returned {reason!r}; return why to reset, or None")
            if reason:
                return f"{name}: {reason}"
        return None

    def restart(self) -> None:
        """A reset was made: forget the steps before it."""
        self._steps.clear()

    def state_dict(self) -> list[dict[str, float]]:
        """The steps since the last reset, as far as any rule looks back."""
        return list(self._steps)

    def load_state_dict(self, state: list[dict[str, float]]) -> None:
        """Go on where `state_dict` was taken; call `configure` for the stage first."""
        self._steps.clear()
        self._steps.extend(state)


def _rule(where: str, spec: CustomRule) -> Rule:
    rule = imported(spec.rule, where)
    try:
        inspect.signature(rule).bind([], **spec.options)
    except (TypeError, ValueError) as error:
        raise UserError(f"{where}: {spec.rule} can't be called with steps and these options: {error}") from error
    return partial(rule, **spec.options)
