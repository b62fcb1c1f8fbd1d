"""Memory that a recipe takes in the in-process engine, from the sizes of its tensors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from prorl.recipe.filling import fill
from prorl.recipe.load import at_stage
from prorl.recipe.schema import Evaluation, Recipe, Rollout
from prorl.recipe.stages import Validation

_GIB = 2**30
PROMPT = 256
"""Tokens of the longest prompt that is reckoned with: what may be is `max_prompt_tokens`, far more than most ask."""


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


def memory(recipe: Recipe, shape: ModelShape, precision: str, tiles: bool = True) -> dict[str, int]:
    """Peak bytes of the in-process engine by part, from the sizes of its tensors: of sampling (also what only measures)
    or of training, whichever is larger. Prompts count as `PROMPT` tokens, or as `max_prompt_tokens` where that is less.

    `tiles`: whether bf16 is computed by a tile unit, which keeps logits and attention scores out of memory.
    """
    size = 4 if precision == "fp32" else 2
    tiles = tiles and size == 2
    copies = 0 if precision == "fp32" else shape.parameters * size
    always = {
        "weights": shape.parameters * 4 + copies,
        "moments": shape.parameters * 8,
        "reference": shape.parameters * size,
        "libraries": _LIBRARIES,
    }
    stages = [at_stage(recipe, index) for index in range(len(recipe.stages))]
    head = shape.vocabulary * shape.hidden
    sampling = {
        "packed weights": copies - head * size if copies else 0,
        "keys and values": max(_cache_bytes(recipe, part, shape, size, tiles) for part in _sampled(recipe, stages)),
        "logits": 0 if tiles else _CHUNK * 4,
    }
    logits = 0 if tiles else _CHUNK * 4 + head * 4
    training = [
        {
            "gradients": gradients,
            "activations": row * _kept(recipe, stage.rollout, shape, size, tiles),
            "logits": logits,
        }
        for stage in stages
        for gradients, row in _rows_and_gradients(stage, shape, head * size if copies else 0)
    ]
    return always | max(sampling, *training, key=lambda parts: sum(parts.values()))


def _sampled(recipe: Recipe, stages: Sequence[Recipe]) -> Iterator[Rollout]:
    """What is sampled: in the steps of all stages, in validation, and in the evaluation."""
    for stage in stages:
        yield stage.rollout
        if recipe.validation:
            yield _measured(recipe, recipe.validation, stage.rollout)
    if recipe.evaluation:
        yield _measured(recipe, recipe.evaluation, stages[-1].rollout)


def _measured(recipe: Recipe, settings: Validation | Evaluation, rollout: Rollout) -> Rollout:
    """A measurement as if it were a step. A suite has as many problems as may be under way."""
    suites = any(spec.task.startswith("suite/") for spec in recipe.tasks)
    problems = 2 * recipe.compute.concurrent_samples if suites else settings.problems_per_task * len(recipe.tasks)
    return rollout.model_copy(
        update={
            "prompts_per_step": problems,
            "samples_per_prompt": settings.samples,
            "max_new_tokens": settings.max_new_tokens or rollout.max_new_tokens,
            "dynamic_sampling": False,
        }
    )


def _rows_and_gradients(stage: Recipe, shape: ModelShape, head: int) -> Iterator[tuple[int, int]]:
    """Moments of an update at which memory may be fullest: bytes of gradients, and packed tokens of the row.

    While an only row goes back, gradients grow as activations go, that of the output head (`head` bytes more until it
    is added up) before all others. Of several rows each finds the gradients of all weights there, the first one too:
    what it lets go is too scattered for the next one's, and the process keeps it.
    """
    rows, all_gradients = _rows(stage), shape.parameters * 4 + head
    if len(rows) > 1:
        yield all_gradients, max(rows)
    else:
        yield shape.vocabulary * shape.hidden * 4 + head, rows[0]
        yield all_gradients, 0


def _rows(stage: Recipe) -> list[int]:
    """Packed tokens of an update's rows, all prompts and completions being as long as they may be."""
    rollout, budget = stage.rollout, stage.compute.train_tokens
    depth, length, n = _prompt(rollout), rollout.max_new_tokens - 1, rollout.samples_per_prompt
    groups = math.ceil(rollout.prompts_per_step / stage.optimizer.updates_per_step)
    rows = fill([(depth, [length] * n)] * groups, budget)
    return [sum(depth + (piece.end - piece.first) * length for piece in row) for row in rows]


_LIBRARIES = 650 * 2**20
"""Resident in a process that has loaded everything and no model."""
_CHUNK = 25_000_000
"""Logits made at once without tiles, 4 bytes each: in fp32, or in bf16 with what rounding took (`policy/logprobs.py`);
with tiles they never reach memory (`kernels/head.py`)."""
_KEPT_SCORES = 512
"""Tokens of a trunk or branch up to which attention weights are kept for the backward pass (`policy/tree.py`), also of
short branches beside longer ones; with tiles they never reach memory (`policy/tiled_attention.py`)."""


def _prompt(rollout: Rollout) -> int:
    return min(rollout.max_prompt_tokens, PROMPT)


def _cache_bytes(recipe: Recipe, rollout: Rollout, shape: ModelShape, size: int, tiles: bool) -> int:
    """Of the groups under way in sampling: at most twice what fills the batch, within `cache_gigabytes`."""
    n, wanted = rollout.samples_per_prompt, rollout.prompts_per_step
    most = math.ceil(wanted * rollout.max_sampling_factor) if rollout.dynamic_sampling else wanted
    places = min(most, 2 * max(1, recipe.compute.concurrent_samples // n))
    a_token = 2 * shape.layers * shape.key_value_heads * shape.head_size * size
    step = 32 if tiles else 1  # keys and values lie in tiles of 32 tokens
    depth, length = (-(-tokens // step) * step for tokens in (_prompt(rollout), rollout.max_new_tokens))
    a_group = a_token * (depth + n * length)
    return max(a_group, min(places * a_group, int(recipe.compute.cache_gigabytes * _GIB)))


def _kept(recipe: Recipe, rollout: Rollout, shape: ModelShape, size: int, tiles: bool) -> int:
    """Bytes that a packed token keeps for the backward pass."""
    scores = (0, 0) if tiles else (_prompt(rollout), rollout.max_new_tokens - 1)
    kept = activation_bytes(shape, size, *scores)
    if recipe.compute.recompute:  # the inputs of all layers, and one layer at a time
        return shape.layers * size * shape.hidden + kept // shape.layers
    return kept


def checkpoint_bytes(shape: ModelShape) -> int:
    """Of one checkpoint: fp32 weights and two moments, and its reference policy where a reset made a new one."""
    return shape.parameters * 16


def activation_bytes(shape: ModelShape, size: int, depth: int = 0, length: int = 0) -> int:
    """Bytes that one packed token keeps for the backward pass: per layer four vectors of the hidden size (the residual
    before and after attention, and both norms), queries, keys and values, the attention's output, three of the
    intermediate size, and its attention weights on a trunk of `depth` and a branch of up to `length` tokens."""
    attention = 2 * (shape.heads + shape.key_value_heads) * shape.head_size
    weights = shape.heads * (depth + min(length, _KEPT_SCORES)) if depth <= _KEPT_SCORES else 0
    return shape.layers * size * (4 * shape.hidden + attention + 3 * shape.intermediate + weights)
