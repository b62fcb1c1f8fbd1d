"""`kill -9` of samplers, trainers and drivers at random moments: every run ends as if nothing had happened."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import ray
from rich.console import Console

from prorl.engine.cluster.engine import ClusterEngine
from prorl.recipe.load import to_yaml
from prorl.run import job, journal, metrics
from prorl.run.progress import PlainProgress

from .conftest import a_recipe
from .test_runs import keys_asked

RUNS = {"sampler": 11, "trainer": 7, "driver": 2}
"""How many runs lose a process of each kind; twenty in all."""

CLUSTER: dict[str, Any] = {"trainers": 2, "samplers": 2, "backend": "torch"}
RECIPE: dict[str, Any] = {
    "tasks": [{"task": "toy/echo", "options": {"symbols": 12, "length": 2}}],
    "rollout": {"prompts_per_step": 4, "samples_per_prompt": 8, "max_new_tokens": 2, "dynamic_sampling": False},
    "optimizer": {"learning_rate": 1e-3, "updates_per_step": 2},
    "stages": [{"name": "one", "steps": 5}, {"name": "two", "steps": 4, "reset": {}}],
    "checkpoint": {"every": 2, "keep": 2},
}
STEPS = 9


class Assassin(PlainProgress):
    """Kills a process a moment after the n-th thing that it is told."""

    def __init__(self, victim: Callable[[], int], after: int, delay: float) -> None:
        super().__init__(Console(quiet=True))
        self.victim, self.left, self.delay = victim, after, delay
        self.timer: threading.Timer | None = None

    def phase(self, *arguments: Any) -> None:
        self.left -= 1
        if not self.left:
            self.timer = threading.Timer(self.delay, kill, [self.victim()])
            self.timer.start()


def kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def processes(engine: ClusterEngine) -> dict[str, list[int]]:
    return {
        "sampler": ray.get([seat.actor.process.remote() for seat in engine.samplers.seats if seat.actor is not None]),
        "trainer": ray.get([actor.process.remote() for actor in engine.trainers.actors]),
    }


def decisions(run: Path) -> list[tuple[Any, ...]]:
    """What still holds of the journal, each with its step; warnings tell of the losses."""
    kept = journal.effective(journal.read(run / "journal.jsonl"))
    return [(event["event"], event["step"]) for event in kept if event["event"] not in ("resume", "warning")]


def check(run: Path, unbroken: Path) -> None:
    """As many steps, the same problems in each of them, and the same decisions, each once."""
    assert [record["step"] for record in metrics.read(run / "metrics.jsonl")] == list(range(1, STEPS + 1))
    assert keys_asked(run) == keys_asked(unbroken)
    assert decisions(run) == decisions(unbroken)
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == sorted(
        path.name for path in (unbroken / "checkpoints").iterdir()
    )
    assert (run / "model" / "model.safetensors").is_file()


@pytest.fixture(scope="module")
def unbroken(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same run in this process, whose decisions and problems are those of every other."""
    run = tmp_path_factory.mktemp("unbroken") / "run"
    job.start(a_recipe(nano, **RECIPE), run, PlainProgress(Console(quiet=True)))
    return run


@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", ["sampler", "trainer"])
def test_runs_that_lose_a_process_end_as_if_nothing_had_happened(
    opened: Callable[..., ClusterEngine], nano: Path, tmp_path: Path, unbroken: Path, kind: str
) -> None:
    engine = opened(**CLUSTER)
    recipe = a_recipe(nano, CLUSTER, **RECIPE)
    rng = random.Random(kind)
    told = 0
    for number in range(RUNS[kind]):
        run = tmp_path / f"run{number}"
        assassin = Assassin(lambda: rng.choice(processes(engine)[kind]), rng.randint(1, 40), rng.uniform(0, 0.1))
        job.start(recipe, run, assassin, engine=engine)
        assert assassin.timer is not None  # the moment came
        assassin.timer.join()
        check(run, unbroken)
        said = [e["message"] for e in journal.read(run / "journal.jsonl") if e["event"] == "warning"]
        told += any(f"{kind} " in message for message in said)
    assert told >= RUNS[kind] // 2  # a sampler that dies with nothing to do is missed by nobody until later


@pytest.mark.timeout(900)
def test_runs_whose_driver_dies_are_resumed_as_if_nothing_had_happened(
    nano: Path, tmp_path: Path, connected: str, unbroken: Path
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(to_yaml(a_recipe(nano, {**CLUSTER, "trainers": 1, "samplers": 1}, **RECIPE)))
    rng = random.Random("driver")
    for number in range(RUNS["driver"]):
        run = tmp_path / f"run{number}"
        driver = begin(connected, ["--out", str(run)], recipe)
        wait_for_step(run, rng.randint(1, STEPS - 1), driver)
        time.sleep(rng.uniform(0, 0.2))
        driver.kill()
        driver.wait()
        assert begin(connected, ["--resume", str(run)]).wait(300) == 0
        check(run, unbroken)


@pytest.mark.timeout(600)
def test_a_run_that_loses_a_node_goes_on_on_another(nano: Path, tmp_path: Path, unbroken: Path) -> None:
    """Three Ray nodes on one machine: trainers and samplers lie on two of them, and one of these is taken away."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(to_yaml(a_recipe(nano, CLUSTER, **RECIPE)))
    script = Path(__file__).with_name("nodes.py")
    done = subprocess.run(
        [sys.executable, str(script), str(recipe), str(tmp_path / "run")],
        capture_output=True, text=True, timeout=500, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    check(tmp_path / "run", unbroken)
    said = [e["message"] for e in journal.read(tmp_path / "run" / "journal.jsonl") if e["event"] == "warning"]
    assert any(message.startswith("going on from step 2: trainer") for message in said)


def begin(address: str, options: list[str], recipe: Path | None = None) -> subprocess.Popen[bytes]:
    """`prorl train` in a process of its own, on the same Ray."""
    code = "from prorl.cli.main import main; main()"
    command = [sys.executable, "-c", code, "train", *([str(recipe)] if recipe else []), *options]
    environment = {**os.environ, "RAY_ADDRESS": address}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


def wait_for_step(run: Path, step: int, driver: subprocess.Popen[bytes]) -> None:
    """Until so many steps have their numbers."""
    file, until = run / "metrics.jsonl", time.monotonic() + 240
    while not file.exists() or file.read_bytes().count(b"\n") < step:
        assert driver.poll() is None, "the driver ended before it was killed"
        assert time.monotonic() < until, f"step {step} was not reached"
        time.sleep(0.02)
