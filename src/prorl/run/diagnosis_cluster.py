"""What a run on a cluster would find: Ray, vLLM, and whether processes of several nodes can work together."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from prorl.run.diagnosis import Line, State

DEADLINE = 120.0
"""Seconds for each look."""


def ray_cluster() -> Line:
    """Connect to the cluster of RAY_ADDRESS, or begin one here; its nodes and what they have."""
    if importlib.util.find_spec("ray") is None:
        return Line("ray", "is missing; pip install 'prorl[cluster]' (or 'prorl[cluster-cpu]')", State.BROKEN)
    import ray

    address = os.environ.get("RAY_ADDRESS")
    if not ray.is_initialized():
        ray.init(address=address or "local", include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    alive = [node for node in ray.nodes() if node["Alive"]]
    there = ray.cluster_resources()
    found = f"{ray.__version__}, {len(alive)} node{'s' * (len(alive) > 1)}, {there.get('CPU', 0):g} CPUs, "
    found += f"{there.get('GPU', 0):g} GPUs ({address or 'begun here; RAY_ADDRESS names another'})"
    return Line("ray", found)


def vllm() -> Line:
    """Whether vLLM can be imported, in a process of its own: it is slow, and an unfit torchvision breaks it."""
    if importlib.util.find_spec("vllm") is None:
        return Line("vllm", "is missing, so only cluster.backend=torch works; pip install 'prorl[cluster]'", State.NOTE)
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", "import vllm; from vllm import LLM; print(vllm.__version__)"],
        capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        remedy = "; pip uninstall torchvision torchaudio torchcodec" if "torchvision" in said else ""
        return Line("vllm", f"can't be imported: {said}{remedy}", State.BROKEN)
    return Line("vllm", f"{done.stdout.split()[-1]}, imported in {time.monotonic() - begun:.0f} s")


def together() -> Line:
    """Whether a process on each node can meet the others and add up a tensor, as trainers do."""
    import ray

    hosts = _on_every_node(_where)
    with closing(socket.socket()) as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    address = f"tcp://{ray.util.get_node_ip_address()}:{port}"
    count = len(hosts)
    sums = _on_every_node(_sum, address, count, starting_here=True)
    if sums != [count * (count + 1) / 2] * count:
        return Line("together", f"processes on {count} nodes added up to {sums}", State.BROKEN)
    return Line("together", f"{count} process{'es' * (count > 1)} met and added up ({', '.join(sorted(set(hosts)))})")


def shared_disk() -> Line:
    """Whether every node sees the folder that this command was started in: checkpoints must be written there by all."""
    with tempfile.NamedTemporaryFile(dir=Path.cwd(), prefix=".prorl-doctor-") as file:
        seen = _on_every_node(Path.exists, Path(file.name))
    if not all(seen):
        blind = seen.count(False)
        return Line(
            "disk", f"{blind} of {len(seen)} nodes don't see {Path.cwd()}; give --out a shared one", State.BROKEN
        )
    return Line("disk", f"{Path.cwd()} is seen by all {len(seen)} nodes")


def same_version() -> Line:
    """Whether every node has this version of the software and of torch."""
    versions = set(_on_every_node(_versions))
    if len(versions) > 1:
        return Line("versions", f"nodes differ: {'; '.join(sorted(versions))}", State.BROKEN)
    return Line("versions", f"{versions.pop()} everywhere")


def _on_every_node(function: Callable[..., Any], *arguments: Any, starting_here: bool = False) -> list[Any]:
    """Call a function once on every node; with `starting_here` it gets its number first, and this node's is 0."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
    nodes.sort(key=lambda node: node != ray.get_runtime_context().get_node_id())
    remote = ray.remote(function)
    calls = [
        remote.options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(
            *([number] if starting_here else []), *arguments
        )
        for number, node in enumerate(nodes)
    ]
    return ray.get(calls, timeout=DEADLINE)  # type: ignore[no-any-return]


def _where() -> str:
    return socket.gethostname()


def _versions() -> str:
    import torch

    from prorl import __version__

    return f"prorl {__version__}, torch {torch.__version__}, Python {sys.version.split()[0]}"


def _sum(number: int, address: str, count: int) -> float:
    from datetime import timedelta

    import torch
    import torch.distributed as dist

    dist.init_process_group(
        "gloo", init_method=address, rank=number, world_size=count, timeout=timedelta(seconds=DEADLINE)
    )
    total = torch.tensor(number + 1.0)
    dist.all_reduce(total)
    dist.destroy_process_group()
    return float(total)


LOOKS: dict[str, Callable[[], Line]] = {
    "ray": ray_cluster, "vllm": vllm, "versions": same_version, "together": together, "disk": shared_disk,
}  # fmt: skip
