"""What was changed in the recipe of a run that is under way, and whether that may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prorl.errors import UserError
from prorl.recipe.schema import Recipe
from prorl.run.journal import effective, read

FREE = (
    "description", "checkpoint.", "health", "resets.", "verifier.", "validation.every", "trackers",
    "compute.threads", "compute.train_tokens", "compute.concurrent_samples",
    "compute.cache_gigabytes", "compute.recompute", "engine", "cluster.",
)  # fmt: skip
"""Keys that say nothing of what was done already, or act from now on."""

ABSENT = "(absent)"


@dataclass(frozen=True, slots=True)
class Change:
    """One dotted key and its values before and after."""

    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.key}: {self.before} -> {self.after}"


def known(journal: Path) -> list[Recipe]:
    """The recipe as the run began with it, and as it was after every edit, as the journal tells."""
    events = effective(read(journal)) if journal.exists() else []
    return [Recipe.model_validate(event["settings"]) for event in events if "settings" in event]


def changes(before: Recipe, after: Recipe) -> list[Change]:
    """All keys that differ, in the recipe's order; stages are told apart by their place."""
    found: list[Change] = []
    _walk("", before.model_dump(mode="json"), after.model_dump(mode="json"), found)
    return found


def check(found: list[Change], recipe: Recipe, stage: int, steps: int, over: bool) -> None:
    """Raises UserError for a change of the past: of a stage that is over, or of what the one under way began with.

    `stage` is the index of the stage under way and `steps` the steps done in it; `over`: it was the last and has ended.
    """
    for change in found:
        if not _allowed(change, stage):
            raise UserError(
                f"{change} changes what this run has already done; set it in a later stage, or fork: "
                "prorl train RECIPE --fork RUN@STEP"
            )
    if len(recipe.stages) <= stage:
        raise UserError(f"the run is in its stage {stage + 1}, which the edited recipe no longer has; put it back")
    current = recipe.stages[stage]
    least = steps if over else steps + 1
    if current.steps < least:
        raise UserError(
            f"stage {current.name!r} has done {steps} steps already; {current.steps} are too few: {least} or more"
        )


def _allowed(change: Change, stage: int) -> bool:
    if change.key.startswith(FREE):
        return True
    parts = change.key.split(".")
    if parts[0] != "stages":
        return False
    return int(parts[1]) > stage or (int(parts[1]) == stage and parts[2:3] in (["steps"], ["until"]))


def _walk(key: str, before: Any, after: Any, found: list[Change]) -> None:
    if key.endswith(".set"):  # its keys have dots of their own
        before, after = str(before), str(after)
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for part in [*before, *(p for p in after if p not in before)]:
            _walk(f"{key}.{part}".lstrip("."), before.get(part, ABSENT), after.get(part, ABSENT), found)
    elif key == "stages":
        for place in range(max(len(before), len(after))):
            old, new = (side[place] if place < len(side) else ABSENT for side in (before, after))
            _walk(f"{key}.{place}", old, new, found)
    elif before != after:
        found.append(Change(key, before, after))
