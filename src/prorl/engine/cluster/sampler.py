"""What a sampler is told and what it gives back, whatever it runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from prorl.engine.protocol import GroupRequest, SampledGroup, Sampling
from prorl.recipe.cluster import Cluster

if TYPE_CHECKING:
    from torch import Tensor


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
