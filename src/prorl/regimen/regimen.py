"""What makes a run prolonged: when stages begin, when the reference policy is reset, when to checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from typing import Any

from prorl.recipe.schema import Recipe
from prorl.regimen.decisions import Decision, EnterStage, ResetReference


class Regimen:
    """Decides from the recipe and the steps done. Its whole state is the stage that it is in."""

    def __init__(self, recipe: Recipe) -> None:
        self._stages = recipe.stages
        self._ends = list(accumulate(stage.steps for stage in recipe.stages))
        self._every = recipe.checkpoint.every
        self.stage = -1
        """Index of the stage that was entered last; -1 before the first."""

    @property
    def total_steps(self) -> int:
        """Steps of all stages."""
        return self._ends[-1]

    def before(self, step: int) -> list[Decision]:
        """What has to happen before `step` (from 1) is made."""
        due = next(index for index, end in enumerate(self._ends) if step <= end)
        decisions: list[Decision] = []
        for index in range(self.stage + 1, due + 1):
            stage = self._stages[index]
            decisions.append(EnterStage(index))
            if stage.reset is not None:
                decisions.append(ResetReference(stage.reset.clear_optimizer, f"entry of stage {stage.name!r}"))
        self.stage = due
        return decisions

    def checkpoint_due(self, step: int) -> bool:
        """Whether to write a checkpoint after `step`: regularly, and at the end of each stage."""
        return step % self._every == 0 or step in self._ends

    def state_dict(self) -> dict[str, Any]:
        """The stage entered last."""
        return {"stage": self.stage}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.stage = state["stage"]
