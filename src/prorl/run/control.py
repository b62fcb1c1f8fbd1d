"""The coefficients of the loss as they follow what is measured: adaptive KL, entropy held in a band."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prorl.algo.entropy import EntropyCoefficient
from prorl.algo.kl import KLCoefficient
from prorl.engine.protocol import Coefficients, UpdateReport
from prorl.recipe.objective import Objective


class Control:
    """Holds one controller for each coefficient; a stage that changes their settings starts them afresh."""

    def __init__(self, objective: Objective) -> None:
        self._settings: Objective | None = None
        self.configure(objective)

    def configure(self, objective: Objective) -> None:
        """Take over settings; controllers whose settings stay keep their value."""
        before, self._settings = self._settings, objective
        kl, band = objective.kl, objective.entropy
        if before is None or before.kl != kl:
            self._kl = KLCoefficient(kl.coefficient, kl.target, kl.horizon)
        if before is None or before.entropy != band:
            self._entropy = EntropyCoefficient(band.low, band.high, band.step, band.maximum) if band else None

    @property
    def coefficients(self) -> Coefficients:
        """Those of the next update."""
        return Coefficients(self._kl.value, self._entropy.value if self._entropy else 0.0)

    def observe(self, report: UpdateReport) -> None:
        """Take note of what an update measured."""
        self._kl.update(report.kl)
        if self._entropy:
            self._entropy.update(report.entropy)

    def state_dict(self) -> dict[str, Any]:
        """The controllers' values."""
        return {"kl": self._kl.state_dict(), "entropy": self._entropy.state_dict() if self._entropy else None}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken; call `configure` for the stage first."""
        self._kl.load_state_dict(state["kl"])
        if self._entropy:
            self._entropy.load_state_dict(state["entropy"])
