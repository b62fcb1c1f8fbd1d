"""Where on the cluster trainers and samplers run."""

from __future__ import annotations

import os
from typing import Any

import ray
from ray.util.placement_group import PlacementGroup, placement_group, remove_placement_group
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from prorl.errors import UserError
from prorl.recipe.cluster import Cluster


class Placement:
    """A bundle of resources for every trainer and sampler; trainers come first."""

    def __init__(self, cluster: Cluster) -> None:
        """Connect to the cluster of RAY_ADDRESS, or begin one here. Raises UserError if it is too small."""
        self.trainers = cluster.trainers
        on_gpu = cluster.device == "cuda"
        self.bundles = [_bundle(int(on_gpu))] * cluster.trainers
        self.bundles += [_bundle(cluster.tensor_parallel * on_gpu)] * cluster.samplers
        self.ours = not ray.is_initialized()
        if self.ours:
            self._connect()
        self._check(ray.cluster_resources())
        self.group: PlacementGroup = placement_group(self.bundles, strategy="PACK")
        if not ray.wait([self.group.ready()], timeout=cluster.deadline)[0]:
            remove_placement_group(self.group)
            raise UserError(f"the cluster had no room for {self.bundles} within {cluster.deadline:g} s; is it in use?")

    def options(self, place: int) -> dict[str, Any]:
        """Options of the actor that gets the bundle at `place`."""
        bundle = self.bundles[place]
        strategy = PlacementGroupSchedulingStrategy(self.group, placement_group_bundle_index=place)
        return {"num_cpus": bundle["CPU"], "num_gpus": bundle.get("GPU", 0), "scheduling_strategy": strategy}

    def close(self) -> None:
        """Give everything back."""
        remove_placement_group(self.group)
        if self.ours:
            ray.shutdown()

    def _connect(self) -> None:
        address = os.environ.get("RAY_ADDRESS")
        if address:
            ray.init(address=address, log_to_driver=False, logging_level="ERROR")
            return
        os.environ.setdefault("RAY_worker_niceness", "0")  # Ray would let everything else on this machine go first
        needed = sum(bundle["CPU"] for bundle in self.bundles)
        ray.init(
            address="local", num_cpus=max(int(needed), os.cpu_count() or 1), include_dashboard=False,
            log_to_driver=False, logging_level="ERROR",
        )  # fmt: skip

    def _check(self, there: dict[str, float]) -> None:
        for kind in ("GPU", "CPU"):
            needed = sum(bundle.get(kind, 0.0) for bundle in self.bundles)
            if there.get(kind, 0.0) < needed:
                raise UserError(
                    f"cluster: {needed:g} {kind}s are needed for {self.trainers} trainers and "
                    f"{len(self.bundles) - self.trainers} samplers and Ray has {there.get(kind, 0.0):g}; lower "
                    "cluster.trainers, cluster.samplers or cluster.tensor_parallel"
                    + (", or set cluster.device=cpu" if kind == "GPU" else ", or add nodes")
                )


def _bundle(gpus: int) -> dict[str, float]:
    return {"CPU": 1.0, "GPU": float(gpus)} if gpus else {"CPU": 1.0}
