"""One Ray for all tests here, and engines that several tests share: to begin one takes seconds."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from prorl.engine.cluster.engine import ClusterEngine
from prorl.engine.local.engine import LocalEngine
from prorl.policy.nano import make_nano
from prorl.recipe.load import validate
from prorl.recipe.schema import Recipe

CPUS = 32
"""As Ray is told; it schedules by them and doesn't count the machine's."""


@pytest.fixture(scope="session", autouse=True)
def connected() -> Iterator[str]:
    """The address of a Ray that begins and ends with the tests."""
    os.environ["RAY_worker_niceness"] = "0"  # noqa: SIM112 - its name
    context = ray.init(
        address="local", num_cpus=CPUS, include_dashboard=False, log_to_driver=False, logging_level="ERROR"
    )
    yield context.address_info["gcs_address"]
    ray.shutdown()


@pytest.fixture(scope="session")
def nano(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random Llama of two layers whose heads are as large as vLLM needs them on a CPU."""
    return make_nano(tmp_path_factory.mktemp("models") / "nano", heads=2, kv_heads=1, init_std=0.1)


def a_recipe(model: Path, cluster: dict[str, Any] | None = None, **changes: Any) -> Recipe:
    """A recipe in fp32, for the cluster engine if `cluster` says how that is laid out."""
    data: dict[str, Any] = {
        "name": "small",
        "model": str(model),
        "seed": 5,
        "tasks": [{"task": "toy/echo", "options": {"symbols": 4, "length": 2}}],
        "rollout": {"prompts_per_step": 4, "samples_per_prompt": 8, "max_new_tokens": 8, "max_prompt_tokens": 32},
        "compute": {"precision": "fp32", "threads": 1, "train_tokens": 40},
        "stages": [{"name": "only", "steps": 3}],
        "objective": {"correction": {"kind": "tis"}},
        "evaluation": None,
        "health": None,  # guards would stop what is too small to learn
    }
    if cluster is not None:
        data |= {"engine": "cluster", "cluster": {"device": "cpu", "backend": "torch", "eager": True, **cluster}}
    return validate({**data, **changes}, "a test")


@pytest.fixture(scope="session")
def opened(nano: Path) -> Iterator[Callable[..., ClusterEngine]]:
    """Opens the engine of a layout, once for all tests."""
    engines: dict[str, ClusterEngine] = {}

    def open_once(**cluster: Any) -> ClusterEngine:
        if str(cluster) not in engines:
            compute = {"precision": "fp32", "threads": 1, "train_tokens": 40, "recompute": cluster["trainers"] == 1}
            engines[str(cluster)] = ClusterEngine(nano, a_recipe(nano, cluster, compute=compute))
        engine = engines[str(cluster)]
        engine.restart()
        return engine

    yield open_once
    for engine in engines.values():
        engine.close()


@pytest.fixture
def local(nano: Path) -> LocalEngine:
    """The engine that the others are held against."""
    recipe = a_recipe(nano)
    return LocalEngine(nano, recipe.compute, recipe.seed)
