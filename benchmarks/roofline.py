"""How near sampling and training come to what the machine can do, measured in the same run.

    python benchmarks/roofline.py [--out roofline.json]

The bound of a phase is the longer of two times: its floating-point operations at the rate of a large bf16 matrix
product, and the bytes that it has to read at the rate of reading memory. Only what the algorithm needs is counted: no
recomputed logits, no padding, no copies.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from setting import MODEL, engine_for, prompts_of, write

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Coefficients, GroupRequest, Sampling, TrainingGroup
from prorl.policy.shape import shape_of
from prorl.recipe.derived import ModelShape
from prorl.recipe.schema import Objective, Optimizer


def seconds(run: Callable[[], object], rounds: int = 5) -> float:
    """Median, after a round to warm up."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def machine() -> tuple[float, float]:
    """Operations a second of a bf16 product of 4096 rows, and bytes a second read."""
    square = torch.randn(4096, 4096).bfloat16()
    large = torch.randn(2**26)
    return 2 * 4096**3 / seconds(lambda: square @ square), large.nbytes / seconds(large.sum)


def matrices(shape: ModelShape) -> tuple[int, int]:
    """Weights of the layers' linear maps, and of the output head."""
    head = shape.vocabulary * shape.hidden
    attention = 2 * shape.hidden * shape.head_size * (shape.heads + shape.key_value_heads)
    return shape.layers * (attention + 3 * shape.hidden * shape.intermediate), head


def attention(shape: ModelShape, pairs: int) -> int:
    """Operations of a forward pass for so many pairs of query and key."""
    return 4 * shape.layers * shape.heads * shape.head_size * pairs


def decode(
    engine: LocalEngine, shape: ModelShape, peak: float, reading: float, case: dict[str, int]
) -> dict[str, float]:
    groups, n, depth, new = (case[key] for key in ("prompts", "samples", "prompt_tokens", "new_tokens"))
    requests = [GroupRequest(i, prompt) for i, prompt in enumerate(prompts_of(groups, depth))]
    whole = seconds(lambda: list(engine.sample(requests, Sampling(n, 1.0, new))), 3)
    short = seconds(lambda: list(engine.sample(requests, Sampling(n, 1.0, 1))), 3)
    steps = new - 1
    layers, head = matrices(shape)
    rows = groups * n
    operations = steps * rows * 2 * (layers + head) + attention(shape, rows * steps * (depth + new // 2))
    token = 2 * shape.layers * shape.key_value_heads * shape.head_size * 2
    read = steps * (2 * (layers + head) + token * (groups * depth + rows * new // 2))
    return share(whole - short, operations / peak, read / reading)


def train(
    engine: LocalEngine, shape: ModelShape, peak: float, reading: float, case: dict[str, int]
) -> dict[str, float]:
    groups, n, depth, new = (case[key] for key in ("prompts", "samples", "prompt_tokens", "new_tokens"))
    requests = [GroupRequest(i, prompt) for i, prompt in enumerate(prompts_of(groups, depth))]
    sampling = Sampling(n, 1.0, new)

    times = []
    for _ in range(4):
        sampled = engine.sample(requests, sampling)
        dealt = [TrainingGroup(group, tuple((-1.0) ** i for i in range(n))) for group in sampled]
        began = time.perf_counter()
        engine.update(dealt, Objective(), Optimizer(learning_rate=1e-7), sampling, Coefficients(kl=1e-3))
        times.append(time.perf_counter() - began)
    layers, head = matrices(shape)
    tokens, targets = groups * (depth + n * (new - 1)), groups * n * new
    pairs = groups * (depth**2 // 2 + n * (new - 1) * (depth + new // 2))
    passes = 4  # one forward pass of the reference, one of the policy, and twice that back
    operations = passes * (2 * (tokens * layers + targets * head) + attention(shape, pairs))
    parameters = shape.parameters
    read = passes * 2 * (layers + head) + 2 * parameters * 4 * 4  # and the update: weights, moments and gradients
    return share(statistics.median(times[1:]), operations / peak, read / reading)


def share(took: float, by_arithmetic: float, by_memory: float) -> dict[str, float]:
    bound = max(by_arithmetic, by_memory)
    return {"seconds": took, "arithmetic": by_arithmetic, "memory": by_memory, "share": bound / took}


CASES = {
    "few-shot prompts, short answers": {"prompts": 16, "samples": 16, "prompt_tokens": 200, "new_tokens": 10},
    "short prompts, long answers": {"prompts": 16, "samples": 16, "prompt_tokens": 60, "new_tokens": 128},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    shape = shape_of(MODEL)
    assert shape is not None
    engine = engine_for("bf16")
    phases = {}
    for name, case in CASES.items():
        peak, reading = machine()
        print(f"{name}: {peak / 1e12:.2f} Tflop/s, {reading / 1e9:.1f} GB/s", flush=True)  # noqa: T201
        phases[name] = {"peak": peak, "reading": reading}
        for phase, measure in (("decode", decode), ("train", train)):
            phases[name][phase] = measure(engine, shape, peak, reading, case)
            print(f"  {phase}: {phases[name][phase]}", flush=True)  # noqa: T201
    write(given.out, {"what": "roofline", "cases": CASES, "phases": phases})


if __name__ == "__main__":
    main()
