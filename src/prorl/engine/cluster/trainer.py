"""One process of several that hold a policy together and train it: the local engine on shards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh

from prorl.engine.cluster.ranks import Group
from prorl.engine.cluster.sharding import ShardedPolicy
from prorl.engine.local import shards
from prorl.engine.local.engine import LocalEngine
from prorl.engine.local.precision import settle
from prorl.engine.local.tensors import whole, write_tensors
from prorl.engine.protocol import Given, Scored
from prorl.policy.model import Policy
from prorl.recipe.schema import Recipe

PART_BYTES = 512 * 2**20
"""New weights travel in parts of about this size."""


class ShardedEngine(LocalEngine):
    """All calls are made in every process at once. Whatever is whole is written, or returned, by process 0 alone."""

    def __init__(self, model: Path, recipe: Recipe) -> None:
        """Load the model, cut it up, and hold this process's shards. The process group is there already."""
        cluster = recipe.cluster
        self.model, self.recipe, self.staleness = model, recipe, cluster.staleness
        kernels = recipe.compute.kernels and cluster.device == "cpu"
        compute = recipe.compute.model_copy(update={"threads": cluster.threads, "kernels": kernels})
        self.dtype = settle(compute)
        ranks = Group()
        mesh = init_device_mesh(cluster.device, (ranks.count,))
        policy = ShardedPolicy.of(Policy.load(model, torch.float32), mesh, self.dtype, compute.recompute)
        frozen = Policy.load(model, self.dtype)
        frozen.model.requires_grad_(False)
        self._hold(policy, ShardedPolicy.of(frozen, mesh, self.dtype), compute, recipe.seed, ranks)

    def restart(self) -> None:
        """Load the base model again."""
        self.__init__(self.model, self.recipe)  # type: ignore[misc]

    def save(self, folder: Path) -> None:
        """Write weights, moments and counters into `folder`, which all processes see."""
        shards.write(folder, self.optimizer.masters, self.optimizer.moments)
        state = self._state()
        if self.ranks.number == 0:
            (folder / "engine.json").write_text(json.dumps(state, indent=1), encoding="utf-8")

    def save_reference(self, file: Path) -> None:
        """Write the reference policy as one file, the same as that of any other engine."""
        gathered = self._gathered(self.reference.policy, list(self.reference.policy.parameters))
        if self.ranks.number == 0:
            write_tensors(gathered, file)

    def export(self, folder: Path) -> None:
        """Write the policy as a Hugging Face folder."""
        gathered = self._gathered(self.policy, list(self.policy.parameters))
        if self.ranks.number > 0:
            return
        plain = Policy.load(self.model, self.dtype)
        with torch.no_grad():
            for name, parameter in plain.parameters.items():
                parameter.copy_(gathered[name])
        plain.export(folder)

    def scored(self, given: Sequence[Given], temperature: float) -> list[tuple[Scored, ...]]:
        """What `score` gives, all of it. Every process computes every row, for they exchange weights at each."""
        return list(self.score(given, temperature))

    @property
    def parts(self) -> list[list[str]]:
        """Names of the weights, in parts that travel together."""
        found: list[list[str]] = [[]]
        used = 0
        for name, parameter in self.policy.parameters.items():
            size = parameter.numel() * self.dtype.itemsize
            if found[-1] and used + size > PART_BYTES:
                found.append([])
                used = 0
            found[-1].append(name)
            used += size
        return found

    def part(self, number: int) -> dict[str, Tensor]:
        """The weights of one part, whole and in the precision of the arithmetic; nothing but in process 0."""
        return self._gathered(self.policy, self.parts[number])

    @torch.no_grad()
    def _gathered(self, policy: Policy, names: list[str]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for name in names:
            tensor = whole(policy.parameters[name].detach())
            if self.ranks.number == 0:
                found[name] = tensor.to(self.dtype).cpu()
        return found
