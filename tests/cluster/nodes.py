"""A run on several Ray nodes of which one is lost: `python nodes.py RECIPE RUN`. The nodes are on this machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - its name

import ray
from ray.cluster_utils import Cluster
from rich.console import Console

from prorl.engine.cluster.engine import ClusterEngine
from prorl.recipe.load import load
from prorl.run import job
from prorl.run.progress import PlainProgress


class Losing(PlainProgress):
    """Takes away the node of a trainer after the third step, and adds another."""

    def __init__(self, cluster: Cluster, engine: ClusterEngine) -> None:
        super().__init__(Console(quiet=True))
        self.cluster, self.engine, self.done = cluster, engine, 0

    def step(self, *arguments: Any) -> None:
        self.done += 1
        if self.done == 3:
            home = ray.get(self.engine.trainers.actors[1].node.remote())
            [lost] = [node for node in self.cluster.list_all_nodes() if node.node_id == home]
            assert lost is not self.cluster.head_node
            self.cluster.remove_node(lost, allow_graceful=False)
            self.cluster.add_node(num_cpus=2)


def main(recipe: Path, run: Path) -> None:
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    for _ in range(2):
        cluster.add_node(num_cpus=2)
    ray.init(address=cluster.address, log_to_driver=False, logging_level="ERROR")
    loaded = load(str(recipe))
    engine = ClusterEngine(Path(loaded.model), loaded)
    places = {ray.get(actor.node.remote()) for actor in engine.trainers.actors}
    places |= {ray.get(seat.actor.node.remote()) for seat in engine.samplers.seats}
    assert len(places) == 2, places
    job.start(loaded, run, Losing(cluster, engine), engine=engine)
    engine.close()
    ray.shutdown()
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
