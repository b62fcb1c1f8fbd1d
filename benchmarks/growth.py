"""How the time of a step grows with its sizes, and its peak of memory against what `prorl recipe show` says.

    python benchmarks/growth.py --out growth.json

Every point is a process of its own, so that its peak of memory is its own. Those that are in the file are not measured
again.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

BASE = {"prompts": 8, "samples": 16, "prompt_tokens": 100, "new_tokens": 32}
SWEEPS = {
    "samples": [4, 8, 16, 32, 64],
    "new_tokens": [16, 64, 256, 1024],
    "prompts": [2, 8, 32],
    "prompt_tokens": [50, 100, 200, 400, 800],
}
"""Prompts of 16 samples make a batch of 32 to 512."""


def point(size: dict[str, int]) -> dict[str, float]:
    """Times of one step after one to warm up, and the process's peak of memory and its estimate, in bytes."""
    from setting import MODEL, engine_for, prompts_of

    from prorl.engine.protocol import Coefficients, GroupRequest, Sampling, TrainingGroup
    from prorl.policy.shape import shape_of
    from prorl.recipe.memory import memory
    from prorl.recipe.schema import Objective, Optimizer, Recipe

    engine = engine_for("bf16")
    requests = [GroupRequest(i, prompt) for i, prompt in enumerate(prompts_of(size["prompts"], size["prompt_tokens"]))]
    sampling = Sampling(size["samples"], 1.0, size["new_tokens"])
    times = {}
    for _ in range(2):
        began = time.perf_counter()
        sampled = list(engine.sample(requests, sampling))
        middle = time.perf_counter()
        dealt = [TrainingGroup(group, tuple((-1.0) ** i for i in range(size["samples"]))) for group in sampled]
        engine.update(dealt, Objective(), Optimizer(learning_rate=1e-7), sampling, Coefficients(kl=1e-3))
        times = {"sample": middle - began, "train": time.perf_counter() - middle}
    recipe = Recipe.model_validate({
        "name": "growth", "model": MODEL, "tasks": [{"task": "reasoning_gym/gcd"}],
        "stages": [{"name": "only", "steps": 1}],
        "rollout": {
            "prompts_per_step": size["prompts"], "samples_per_prompt": size["samples"],
            "max_new_tokens": size["new_tokens"], "max_prompt_tokens": size["prompt_tokens"],
            "max_sampling_factor": 1.0,
        },
    })  # fmt: skip
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {**times, "peak": peak, "estimate": sum(memory(recipe, shape_of(MODEL), "bf16").values())}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    either = parser.add_mutually_exclusive_group(required=True)
    either.add_argument("--out", type=Path)
    either.add_argument("--point", type=json.loads, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.point:
        print(json.dumps(point(asked.point)))  # noqa: T201
        return
    from setting import write

    found = json.loads(asked.out.read_text(encoding="utf-8"))["sweeps"] if asked.out.exists() else {}
    for name, values in SWEEPS.items():
        points = found.setdefault(name, [])
        for value in values[len(points) :]:
            size = {**BASE, name: value}
            command = [sys.executable, __file__, "--point", json.dumps(size)]
            done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
            points.append({**size, **json.loads(done.stdout.splitlines()[-1])})
            print(name, value, points[-1], flush=True)  # noqa: T201
            write(asked.out, {"what": "growth", "sweeps": found})


if __name__ == "__main__":
    main()
