"""What follows from a recipe by arithmetic: counts and memory."""

from __future__ import annotations

import math
from dataclasses import dataclass

from prorl.recipe.load import at_stage
from prorl.recipe.schema import Recipe, Rollout

_GIB = 2**30


@dataclass(frozen=True)
class ModelShape:
    """Sizes of a causal language model, as far as memory depends on them."""

    parameters: int
    layers: int
    hidden: int
    intermediate: int
    heads: int
    key_value_heads: int
    head_size: int
    vocabulary: int


def derive(recipe: Recipe, shape: ModelShape | None) -> dict[str, str]:
    """Names and readable values. Without a model's shape (it isn't on this machine) memory is left open."""
    values: dict[str, str] = {"steps": str(recipe.total_steps)}
    trained = updates = 0
    for index, stage in enumerate(recipe.stages):
        settings = at_stage(recipe, index)
        samples = settings.rollout.prompts_per_step * settings.rollout.samples_per_prompt
        most = int(samples * settings.rollout.max_sampling_factor) if settings.rollout.dynamic_sampling else samples
        trained += stage.steps * samples
        updates += stage.steps * settings.optimizer.updates_per_step
        reset = f"; reset on entry, optimizer {_cleared(stage.reset.clear_optimizer)}" if stage.reset else ""
        if stage.imitate:
            values[f"stage {stage.name}"] = f"{stage.steps} steps of imitating {stage.imitate.source}{reset}"
            continue
        values[f"stage {stage.name}"] = (
            f"{stage.steps} steps of {samples} trained samples ({settings.rollout.prompts_per_step} prompts x "
            f"{settings.rollout.samples_per_prompt}), at most {most} sampled, "
            f"{settings.optimizer.updates_per_step} update(s) of "
            f"{samples // settings.optimizer.updates_per_step}{reset}"
        )
    values |= {"trained samples": f"{trained:,}", "optimizer updates": f"{updates:,}"}
    if recipe.evaluation:
        alone = [spec for spec in recipe.tasks if not spec.task.startswith("suite/")]
        count = len(alone) * recipe.evaluation.problems_per_task * recipe.evaluation.samples
        more = "" if len(alone) == len(recipe.tasks) else " and those of the suites"
        values["evaluation samples"] = f"{count:,}{more} of the base model and as many of the trained one"
    if shape is not None:
        one = checkpoint_bytes(shape) / _GIB
        values["disk"] = f"up to {one:.1f} GiB a checkpoint; {recipe.checkpoint.keep} newest, best and resets are kept"
    if shape is None:
        values["memory"] = "not known before the model is on this machine (prorl models fetch)"
        return values
    parts = {precision: memory(recipe, shape, precision) for precision in _precisions(recipe)}
    for precision, sizes in parts.items():
        listed = ", ".join(f"{name} {size / _GIB:.2f}" for name, size in sizes.items())
        values[f"memory in {precision}"] = f"about {sum(sizes.values()) / _GIB:.1f} GiB ({listed})"
    return values


def memory(recipe: Recipe, shape: ModelShape, precision: str) -> dict[str, int]:
    """Peak bytes of the in-process engine by part, from the sizes of its tensors: of sampling or of training, whichever
    is larger. Prompts count as 256 tokens, or as `max_prompt_tokens` where that is less."""
    size = 4 if precision == "fp32" else 2
    copies = 0 if precision == "fp32" else shape.parameters * size
    always = {
        "weights": shape.parameters * 4 + copies,
        "moments": shape.parameters * 8,
        "reference": shape.parameters * size,
        "libraries": _LIBRARIES,
    }
    rollouts = [at_stage(recipe, index).rollout for index in range(len(recipe.stages))]
    head = shape.vocabulary * shape.hidden
    sampling = {
        "packed weights": copies - head * size if copies else 0,
        "keys and values": max(_cache_bytes(recipe, rollout, shape, size) for rollout in rollouts),
        "logits": _CHUNK * size if precision == "fp32" else 0,
    }
    training = {
        "gradients": shape.parameters * 4 + (head * size if copies else 0),
        "activations": max(_activations(recipe, rollout, shape, size) for rollout in rollouts),
        "logits": _CHUNK * size + head * 4 if precision == "fp32" else 0,
    }
    return always | max(sampling, training, key=lambda parts: sum(parts.values()))


_LIBRARIES = 650 * 2**20
"""Resident in a process that has loaded everything and no model."""
_CHUNK = 25_000_000
"""Logits made at once in fp32 (`policy/logprobs.py`); in bf16 they never reach memory
(`kernels/head.py`), at least on processors where that is the default."""
_KEPT_SCORES = 512
"""Tokens of a trunk or branch up to which attention weights are kept for the backward pass (`policy/tree.py`); in bf16
they never reach memory (`policy/tiled_attention.py`), at least on processors where that is the default."""


def _prompt(rollout: Rollout) -> int:
    return min(rollout.max_prompt_tokens, 256)


def _cache_bytes(recipe: Recipe, rollout: Rollout, shape: ModelShape, size: int) -> int:
    """Of the groups under way in sampling: at most twice what fills the batch, within `cache_gigabytes`."""
    n, wanted = rollout.samples_per_prompt, rollout.prompts_per_step
    most = math.ceil(wanted * rollout.max_sampling_factor) if rollout.dynamic_sampling else wanted
    places = min(most, 2 * max(1, recipe.compute.concurrent_samples // n))
    a_token = 2 * shape.layers * shape.key_value_heads * shape.head_size * size
    step = 32 if size == 2 else 1  # in bf16 keys and values lie in tiles of 32 tokens
    depth, length = (-(-tokens // step) * step for tokens in (_prompt(rollout), rollout.max_new_tokens))
    a_group = a_token * (depth + n * length)
    return max(a_group, min(places * a_group, int(recipe.compute.cache_gigabytes * _GIB)))


def _activations(recipe: Recipe, rollout: Rollout, shape: ModelShape, size: int) -> int:
    """Of one row of training: `train_tokens`, or a whole step where that is less, or one prompt and its completion."""
    depth, length = _prompt(rollout), rollout.max_new_tokens - 1
    step = rollout.prompts_per_step * (depth + rollout.samples_per_prompt * length)
    tokens = max(min(recipe.compute.train_tokens, step), depth + length)
    kept = activation_bytes(shape, size, depth, length)
    if recipe.compute.recompute:  # the inputs of all layers, and one layer at a time
        kept = shape.layers * size * shape.hidden + kept // shape.layers
    return tokens * kept


def checkpoint_bytes(shape: ModelShape) -> int:
    """Of one checkpoint: fp32 weights and two moments, and its reference policy where a reset made a new one."""
    return shape.parameters * 16


def activation_bytes(shape: ModelShape, size: int, depth: int = 0, length: int = 0) -> int:
    """Bytes that one packed token keeps for the backward pass: per layer four vectors of the hidden size (the residual
    before and after attention, and both norms), queries, keys and values, the attention's output, three of the
    intermediate size, and in fp32 its attention weights on a trunk of `depth` and a branch of `length` tokens."""
    attention = 2 * (shape.heads + shape.key_value_heads) * shape.head_size
    weights = shape.heads * (depth + length) if size == 4 and max(depth, length) <= _KEPT_SCORES else 0
    return shape.layers * size * (4 * shape.hidden + attention + 3 * shape.intermediate + weights)


def _cleared(clear: bool) -> str:
    return "cleared" if clear else "kept"


def _precisions(recipe: Recipe) -> list[str]:
    return ["fp32", "bf16"] if recipe.compute.precision == "auto" else [recipe.compute.precision]
