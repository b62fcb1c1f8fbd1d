"""How much memory and time a recipe takes on given GPUs, by arithmetic alone. What is assumed is said with it."""

from __future__ import annotations

from dataclasses import dataclass

from prorl.recipe.gpus import GPUS, Gpu
from prorl.recipe.load import at_stage
from prorl.recipe.memory import ModelShape, activation_bytes
from prorl.recipe.schema import Recipe

GIB = 2**30
TRAINING_EFFICIENCY, DECODING_EFFICIENCY, PREFILL_EFFICIENCY = 0.35, 0.6, 0.4
"""Share of a GPU's arithmetic in training, of its bandwidth in decoding, and of its arithmetic in decoding batches."""
FILLED, REFUSED = 0.5, 1.5
"""Mean length of a completion as a share of the longest; groups sampled for one that is trained on."""
STORE_BYTES = 2e9
"""Of weights a second, on their way through the object store."""
RESERVE = 6 * GIB
"""Of a GPU: the CUDA context, NCCL's buffers and what the allocator can't use."""


@dataclass(frozen=True)
class Stage:
    """Seconds of one step of a stage by part, and hours and GPU hours of all its steps."""

    name: str
    steps: int
    sampling: float
    training: float
    publishing: float
    overlapped: bool

    @property
    def step(self) -> float:
        """Seconds of a step; while a step is trained on, the next may be sampled."""
        parts = (self.sampling, self.training)
        return (max(parts) if self.overlapped else sum(parts)) + self.publishing


@dataclass(frozen=True)
class Estimate:
    """`trainer` and `sampler`: bytes on a GPU of each kind, by part."""

    trainers: int
    samplers: int
    tensor_parallel: int
    gpu: Gpu
    trainer: dict[str, float]
    sampler: dict[str, float]
    stages: tuple[Stage, ...]

    @property
    def fits(self) -> bool:
        """Whether both kinds of process fit into their GPUs."""
        return max(sum(self.trainer.values()), sum(self.sampler.values())) <= self.gpu.memory * GIB

    @property
    def seconds(self) -> float:
        """Of all steps."""
        return sum(stage.step * stage.steps for stage in self.stages)


def estimate(recipe: Recipe, shape: ModelShape, gpu: Gpu, trainers: int, samplers: int) -> Estimate:
    """For a layout. Imitating stages cost no sampling."""
    stages = tuple(_stage(recipe, index, shape, gpu, trainers, samplers) for index in range(len(recipe.stages)))
    layout = (trainers, samplers, recipe.cluster.tensor_parallel)
    return Estimate(*layout, gpu, _trainer_bytes(recipe, shape, trainers), _sampler_bytes(recipe, shape, gpu), stages)


def best(recipe: Recipe, shape: ModelShape, count: int, name: str) -> Estimate | None:
    """The quickest layout of `count` GPUs that fits; None if none does."""
    width = recipe.cluster.tensor_parallel
    found = [
        estimate(recipe, shape, GPUS[name], trainers, (count - trainers) // width)
        for trainers in range(1, count - width + 1)
    ]
    return min((one for one in found if one.fits), key=lambda one: one.seconds, default=None)


def _trainer_bytes(recipe: Recipe, shape: ModelShape, trainers: int) -> dict[str, float]:
    """fp32 weights, gradients and moments, and the reference policy in bf16, in shards; what a layer needs, whole."""
    rollouts = [at_stage(recipe, index).rollout for index in range(len(recipe.stages))]
    row = max(recipe.compute.train_tokens, max(r.max_prompt_tokens + r.max_new_tokens for r in rollouts))
    ends = shape.vocabulary * shape.hidden
    layer = (shape.parameters - ends) / shape.layers
    kept = shape.layers if not recipe.compute.recompute else 1
    carried = shape.layers * shape.hidden * 2 if recipe.compute.recompute else 0
    return {
        "weights, gradients, moments": 16 * shape.parameters / trainers,
        "reference": 2 * shape.parameters / trainers,
        "gathered layers and head": (2 + 4) * (2 * layer + 2 * ends),
        "activations": row * (activation_bytes(shape, 2) / shape.layers * kept + carried),
        "attention mask": 3.0 * max(r.max_new_tokens for r in rollouts) * row,
        "reserve": RESERVE,
    }


def _sampler_bytes(recipe: Recipe, shape: ModelShape, gpu: Gpu) -> dict[str, float]:
    weights = 2 * shape.parameters / recipe.cluster.tensor_parallel
    taken = recipe.cluster.gpu_memory * gpu.memory * GIB
    return {"weights": weights, "activations and graphs": RESERVE, "keys and values": max(taken - weights - RESERVE, 0)}


def _stage(recipe: Recipe, index: int, shape: ModelShape, gpu: Gpu, trainers: int, samplers: int) -> Stage:
    settings, stage = at_stage(recipe, index), recipe.stages[index]
    rollout, flops = settings.rollout, gpu.tflops * 1e12
    trained = rollout.prompts_per_step * rollout.samples_per_prompt
    length = FILLED * rollout.max_new_tokens
    passes = 6 + 2 + (2 if recipe.compute.recompute else 0)  # forward and backward; the reference; again forward
    if settings.objective.correction.kind != "none" or settings.updates > 1:
        passes += 2  # the log-probabilities that began the step
    attended = 4 * shape.layers * shape.heads * shape.head_size * length / 2
    work = trained * length * passes * (shape.parameters + attended / 2)
    training = work / (trainers * flops * TRAINING_EFFICIENCY)
    if stage.imitate:
        return Stage(stage.name, stage.steps, 0.0, training / rollout.samples_per_prompt, 0.0, False)
    sampled = trained * (REFUSED if rollout.dynamic_sampling else 1.0) * recipe.cluster.oversampling
    sampling = _sampling_seconds(recipe, shape, gpu, sampled / samplers, length, rollout.max_new_tokens)
    publishing = 2 * shape.parameters / STORE_BYTES if recipe.cluster.transfer == "object_store" else 0.0
    return Stage(stage.name, stage.steps, sampling, training, publishing, recipe.cluster.staleness > 0)


def _sampling_seconds(
    recipe: Recipe, shape: ModelShape, gpu: Gpu, completions: float, length: float, longest: int
) -> float:
    """Of one sampler. Each token reads the weights once for the batch, and its own keys and values; never less than the
    longest completion takes alone."""
    width = recipe.cluster.tensor_parallel
    cached = 2 * 2 * shape.layers * shape.key_value_heads * shape.head_size  # bytes of a token's keys and values
    room = _sampler_bytes(recipe, shape, gpu)["keys and values"] * width
    batch = max(1.0, min(completions, recipe.compute.concurrent_samples, room / (cached * length)))
    bandwidth = gpu.bandwidth * 1e9 * width * DECODING_EFFICIENCY
    reading = (2 * shape.parameters + batch * cached * length / 2) / bandwidth
    computing = 2 * shape.parameters * batch / (gpu.tflops * 1e12 * width * PREFILL_EFFICIENCY)
    alone = longest * 2 * shape.parameters / bandwidth
    return max(completions * length / batch * max(reading, computing), alone)
