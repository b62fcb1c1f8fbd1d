"""What a sampler is told and what it gives back, whatever it runs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from prorl.engine.protocol import GroupRequest, SampledGroup, Sampling
from prorl.recipe.cluster import Cluster
from prorl.recipe.load import at_stage
from prorl.recipe.schema import Recipe

if TYPE_CHECKING:
    from torch import Tensor

    from prorl.policy.model import Policy


@dataclass(frozen=True)
class SamplerSettings:
    """What every sampler of a run is started with."""

    model: Path
    precision: str
    """fp32 or bf16."""
    ends: frozenset[int]
    """End-of-turn token ids."""
    context: int
    """The most tokens of a prompt and its completion together."""
    concurrent: int
    """Completions decoded together."""
    cache_bytes: int
    """For keys and values, where samplers run the in-process engine's own sampling."""
    seed: int
    cluster: Cluster

    @staticmethod
    def of(model: Path, recipe: Recipe, policy: Policy) -> SamplerSettings:
        """What the recipe asks of them; `policy` need not hold weights.

        vLLM reserves room for its whole context at once, so it gets what the recipe's longest samples need, and no more
        than the model has.
        """
        context = policy.context
        if recipe.cluster.backend == "vllm" or context is None:
            context = min(_longest(recipe), context or sys.maxsize)
        return SamplerSettings(
            model=model.absolute(),
            precision=recipe.compute.precision,
            ends=policy.ends,
            context=context,
            concurrent=recipe.compute.concurrent_samples,
            cache_bytes=int(recipe.compute.cache_gigabytes * 2**30),
            seed=recipe.seed,
            cluster=recipe.cluster,
        )


def _longest(recipe: Recipe) -> int:
    """Most tokens of a prompt and its completion together that the recipe allows."""
    rollouts = [at_stage(recipe, index).rollout for index in range(len(recipe.stages))]
    longest = max(rollout.max_prompt_tokens + rollout.max_new_tokens for rollout in rollouts)
    for measured in (recipe.validation, recipe.evaluation):
        if measured is not None and measured.max_new_tokens is not None:
            longest = max(longest, max(r.max_prompt_tokens for r in rollouts) + measured.max_new_tokens)
    return longest


@dataclass(frozen=True)
class Order:
    """A group to be sampled; its number is the order's alone, also among orders of the same request."""

    number: int
    request: GroupRequest
    sampling: Sampling


class Sampler(Protocol):
    """One sampling engine with a whole copy of the policy. It works only while it is called."""

    def take(self, version: int, *parts: Mapping[str, Tensor]) -> int:
        """Take over weights and forget what was computed with others. No order may be open. Echoes the version."""

    def work(self, orders: Sequence[Order], stopped: Sequence[int], seconds: float) -> list[tuple[int, SampledGroup]]:
        """Begin `orders`, drop those of the numbers `stopped`, and go on for about `seconds`; groups that are done."""
