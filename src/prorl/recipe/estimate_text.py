"""An estimate as lines for a person, its assumptions among them."""

from __future__ import annotations

from collections.abc import Mapping

from prorl.recipe import estimate as assumed
from prorl.recipe.estimate import GIB, Estimate, best, estimate
from prorl.recipe.gpus import GPUS, parse
from prorl.recipe.memory import ModelShape
from prorl.recipe.schema import Recipe


def describe(recipe: Recipe, shape: ModelShape | None, gpus: str) -> dict[str, str]:
    """Names and readable values for GPUs such as `8xH100`. Raises UserError if nobody knows them."""
    count, name = parse(gpus)
    if shape is None:
        return {gpus: f"the shape of {recipe.model} is not known before it is on this machine (prorl models fetch)"}
    values: dict[str, str] = {}
    cluster = recipe.cluster
    if count <= cluster.tensor_parallel:
        return {
            gpus: f"too few: engine=cluster needs {1 + cluster.tensor_parallel} GPUs or more, 1 for a trainer and "
            f"{cluster.tensor_parallel} for a sampler (cluster.tensor_parallel)"
        }
    if recipe.engine == "cluster" and cluster.trainers + cluster.samplers * cluster.tensor_parallel <= count:
        own = estimate(recipe, shape, GPUS[name], cluster.trainers, cluster.samplers)
        values |= _lines(f"{gpus}, as laid out", own, cluster.deadline)
    found = best(recipe, shape, count, name)
    if found is not None:
        values |= _lines(f"{gpus}, best layout", found, cluster.deadline)
    else:
        half = estimate(recipe, shape, GPUS[name], *_halves(recipe, count))
        halves = _lines(f"{gpus}, half and half", half, cluster.deadline)
        values |= {} if values else halves
        values[f"{gpus}, best layout"] = "none fits; take more GPUs, lower compute.train_tokens, or " + (
            "raise cluster.tensor_parallel" if recipe.compute.recompute else "set compute.recompute=true"
        )
    return values | {f"assumed {number}": line for number, line in enumerate(_assumptions(name), start=1)}


def _halves(recipe: Recipe, count: int) -> tuple[int, int]:
    """Trainers and samplers that take all GPUs, about half of them each; there must be enough for one of both."""
    width = recipe.cluster.tensor_parallel
    samplers = max((count - count // 2) // width, 1)
    return count - samplers * width, samplers


def _lines(title: str, found: Estimate, deadline: float) -> dict[str, str]:
    gpus = found.trainers + found.samplers * found.tensor_parallel
    hours = found.seconds / 3600
    steps = "; ".join(
        f"{s.name} {s.step:.0f} s (sampling {s.sampling:.0f}, training {s.training:.0f}, publishing {s.publishing:.1f}"
        f"{', the first two at once' if s.overlapped else ''})"
        for s in found.stages
    )
    if max(stage.training for stage in found.stages) > deadline:
        steps += f": TOO LONG, trainers that say nothing for cluster.deadline={deadline:g} s count as lost; raise it"
    return {
        title: f"cluster.trainers={found.trainers} cluster.samplers={found.samplers}"
        + (f" cluster.tensor_parallel={found.tensor_parallel}" if found.tensor_parallel > 1 else ""),
        f"{title}, a step": steps,
        f"{title}, all steps": f"{hours:,.0f} hours, {hours * gpus:,.0f} GPU hours, without validation and evaluation",
        f"{title}, memory of a trainer": _bytes(found.trainer, found.gpu.memory),
        f"{title}, memory of a sampler": _bytes(found.sampler, found.gpu.memory),
    }


def _bytes(parts: Mapping[str, float], there: float) -> str:
    total = sum(parts.values()) / GIB
    listed = ", ".join(f"{name} {size / GIB:.1f}" for name, size in parts.items())
    return f"{total:.0f} of {there:g} GiB{'' if total <= there else ': TOO MUCH'} ({listed})"


def _assumptions(name: str) -> list[str]:
    gpu = GPUS[name]
    return [
        f"{name}: {gpu.memory:g} GiB, {gpu.tflops:g} TFLOP/s in bf16, {gpu.bandwidth:g} GB/s (data sheet)",
        f"training uses {assumed.TRAINING_EFFICIENCY:.0%} of the arithmetic, decoding the slower of "
        f"{assumed.DECODING_EFFICIENCY:.0%} of the bandwidth and {assumed.PREFILL_EFFICIENCY:.0%} of the arithmetic",
        f"a completion has {assumed.FILLED:.0%} of max_new_tokens in the mean; with dynamic sampling "
        f"{assumed.REFUSED:g} groups are sampled for one that is trained on",
        "8 FLOPs a parameter and trained token (forward 2, backward 4, reference 2), 2 more for old log-probabilities "
        "and 2 for recomputing; prompts cost nothing, as a group shares its own",
        f"weights reach samplers at {assumed.STORE_BYTES / 1e9:g} GB/s; verifiers keep up; nobody is lost. Arithmetic, "
        "not a measurement: no GPU has run this",
    ]
