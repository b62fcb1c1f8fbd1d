"""What follows from a recipe by arithmetic: counts and memory."""

from __future__ import annotations

import math
from itertools import accumulate

from prorl.recipe.load import at_stage
from prorl.recipe.memory import PROMPT, ModelShape, checkpoint_bytes, memory
from prorl.recipe.schema import Recipe

_GIB = 2**30


def derive(recipe: Recipe, shape: ModelShape | None, tiles: bool = True) -> dict[str, str]:
    """Names and readable values. Without a model's shape (it isn't on this machine) memory is left open.

    `tiles`: whether bf16 is computed by a tile unit there.
    """
    values: dict[str, str] = {"steps": str(recipe.total_steps)}
    trained = updates = 0
    for index, stage in enumerate(recipe.stages):
        settings = at_stage(recipe, index)
        samples = settings.rollout.prompts_per_step * settings.rollout.samples_per_prompt
        most = int(samples * settings.rollout.max_sampling_factor) if settings.rollout.dynamic_sampling else samples
        trained += stage.steps * (settings.rollout.prompts_per_step if stage.imitate else samples)
        updates += stage.steps * settings.updates
        reset = f"; reset on entry, optimizer {_cleared(stage.reset.clear_optimizer)}" if stage.reset else ""
        if stage.imitate:
            values[f"stage {stage.name}"] = f"{stage.steps} steps of imitating {stage.imitate.source}{reset}"
            continue
        values[f"stage {stage.name}"] = (
            f"{stage.steps} steps of {samples} trained samples ({settings.rollout.prompts_per_step} prompts x "
            f"{settings.rollout.samples_per_prompt}), at most {most} sampled, "
            f"{_updates(settings)}{reset}"
        )
    values |= {"trained samples": f"{trained:,}", "optimizer updates": f"{updates:,}"}
    if recipe.evaluation:
        alone = [spec for spec in recipe.tasks if not spec.task.startswith("suite/")]
        count = len(alone) * recipe.evaluation.problems_per_task * recipe.evaluation.samples
        more = "" if len(alone) == len(recipe.tasks) else " and those of the suites"
        values["evaluation samples"] = f"{count:,}{more} of the base model and as many of the trained one"
    if shape is not None:
        one = checkpoint_bytes(shape) / _GIB
        values["disk"] = f"up to {one:.1f} GiB a checkpoint; kept: {', '.join(_kept(recipe))}"
    if shape is None:
        values["memory"] = "not known: no model on this machine (prorl models fetch) whose config tells all sizes"
        return values
    parts = {precision: memory(recipe, shape, precision, tiles) for precision in _precisions(recipe)}
    for precision, sizes in parts.items():
        listed = ", ".join(f"{name} {size / _GIB:.2f}" for name, size in sizes.items())
        values[f"memory in {precision}"] = f"about {sum(sizes.values()) / _GIB:.1f} GiB ({listed}){_prompts(recipe)}"
    return values


def _updates(settings: Recipe) -> str:
    """How many updates a step makes, and of how many samples: of whole groups, dealt out as evenly as can be."""
    rollout, asked = settings.rollout, settings.optimizer.updates_per_step
    uneven = "at most " if rollout.prompts_per_step % settings.updates else ""
    largest = math.ceil(rollout.prompts_per_step / settings.updates) * rollout.samples_per_prompt
    fewer = f" (updates_per_step is {asked}, but a group is in one update)" if asked > settings.updates else ""
    return f"{settings.updates} update(s) of {uneven}{largest}{fewer}"


def _prompts(recipe: Recipe) -> str:
    """What memory assumes of prompts, if they may be longer."""
    stages = [at_stage(recipe, index) for index in range(len(recipe.stages))]
    longer = any(stage.rollout.max_prompt_tokens > PROMPT for stage in stages)
    return f", if prompts have no more than {PROMPT} tokens" if longer else ""


def _kept(recipe: Recipe) -> list[str]:
    """Which checkpoints are kept (`run/checkpoint.py`), if stages end by their steps and resets fall on no others."""
    settings = recipe.checkpoint
    kept = [
        f"the {settings.keep} newest",
        "the best by validation" if recipe.validation else "the best by training reward",
    ]
    if settings.keep_resets:
        kept.append("those of resets")
    if settings.keep_every:
        written = {*range(settings.every, recipe.total_steps + 1, settings.every)}
        written |= {*accumulate(stage.steps for stage in recipe.stages)} | ({0} if recipe.validation else set())
        count = sum(step % settings.keep_every == 0 for step in written)
        kept.append(f"{count} of every {settings.keep_every} steps")
    return kept


def _cleared(clear: bool) -> str:
    return "cleared" if clear else "kept"


def _precisions(recipe: Recipe) -> list[str]:
    return ["fp32", "bf16"] if recipe.compute.precision == "auto" else [recipe.compute.precision]
