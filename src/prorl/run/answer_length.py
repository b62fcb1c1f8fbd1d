"""How long the answers of a final comparison may be: the same for whoever repeats it."""

from __future__ import annotations

from pathlib import Path

from prorl.recipe.load import at_stage
from prorl.recipe.schema import Recipe
from prorl.run.directory import RunDirectory
from prorl.run.journal import Event, holding


def longest(recipe: Recipe, run: Path | None = None) -> int:
    """Tokens of an answer: as the recipe says, or up to which the base of `run` was sampled, or as in the last stage.

    The last stage may be another one than when the base was sampled.
    """
    if recipe.evaluation and recipe.evaluation.max_new_tokens:
        return recipe.evaluation.max_new_tokens
    told = [e["max_new_tokens"] for e in told_of(run, "base") if "max_new_tokens" in e] if run else []
    return int(told[0]) if told else at_stage(recipe, len(recipe.stages) - 1).rollout.max_new_tokens


def told_of(run: Path, model: str) -> list[Event]:
    """What a run's journal says of its samples of a model, `base` or `trained`; nothing where there is no journal."""
    return [event for event in holding(RunDirectory(run).journal, "evaluation") if event["model"] == model]
