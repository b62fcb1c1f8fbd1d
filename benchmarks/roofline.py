"""How near sampling and training come to what the machine can do, measured in the same run.

    python benchmarks/roofline.py [--out roofline.json]

The bound of a phase is the longer of two times: its floating-point operations at the rate of a large bf16 matrix
product, and the bytes that it has to read at the rate of reading memory. `share` is that of the time it took;
`share_apart` is the share of the sum of such bounds of its parts, which can't run side by side: products, attention and
the optimizer. Only what the algorithm needs is counted: no recomputed logits, no padding, no copies. The rates are
measured before and after every round, since other users of the machine come and go; a round's share is by their mean,
and what is told is the round of the median share.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from setting import MODEL, engine_for, prompts_of, write

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Coefficients, GroupRequest, Sampling, TrainingGroup
from prorl.policy.shape import shape_of
from prorl.recipe.memory import ModelShape
from prorl.recipe.schema import Objective, Optimizer


def took(run: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


class Machine:
    """What the machine can do, measured when asked."""

    def __init__(self) -> None:
        self.square, self.large = torch.randn(4096, 4096).bfloat16(), torch.randn(2**26)

    def rates(self) -> tuple[float, float]:
        """Operations a second of a bf16 product of 4096 rows, and bytes a second read; medians of three."""
        product = statistics.median(took(lambda: self.square @ self.square) for _ in range(3))
        reading = statistics.median(took(self.large.sum) for _ in range(3))
        return 2 * 4096**3 / product, self.large.nbytes / reading


@dataclass(frozen=True)
class Part:
    """What a part of a phase has to compute and to read."""

    operations: float
    bytes_read: float


def share(parts: Sequence[Part], seconds: float, rates: Sequence[tuple[float, float]]) -> dict[str, float]:
    """Of the phase's bounds, which are by the rates' means."""
    peak, reading = (statistics.fmean(rate) for rate in zip(*rates, strict=True))
    bounds = [(part.operations / peak, part.bytes_read / reading) for part in parts]
    by_arithmetic, by_memory = map(sum, zip(*bounds, strict=True))
    return {
        "seconds": seconds, "arithmetic": by_arithmetic, "memory": by_memory,
        "share": max(by_arithmetic, by_memory) / seconds, "share_apart": sum(map(max, bounds)) / seconds,
        "peak": peak, "reading": reading,
    }  # fmt: skip


def measured(
    machine: Machine, parts: Sequence[Part], round_of: Callable[[], float], rounds: int = 3
) -> dict[str, float]:
    """The round of the median share, after one to warm up; `round_of` makes a round and gives its seconds."""
    round_of()
    shares = []
    before = machine.rates()
    for _ in range(rounds):
        seconds = round_of()
        after = machine.rates()
        shares.append(share(parts, seconds, [before, after]))
        before = after
    return sorted(shares, key=lambda found: found["share"])[rounds // 2]


def matrices(shape: ModelShape) -> tuple[int, int]:
    """Weights of the layers' linear maps, and of the output head."""
    head = shape.vocabulary * shape.hidden
    attention = 2 * shape.hidden * shape.head_size * (shape.heads + shape.key_value_heads)
    return shape.layers * (attention + 3 * shape.hidden * shape.intermediate), head


def attention(shape: ModelShape, pairs: int) -> int:
    """Operations of a forward pass for so many pairs of query and key."""
    return 4 * shape.layers * shape.heads * shape.head_size * pairs


def decode(engine: LocalEngine, shape: ModelShape, machine: Machine, case: dict[str, int]) -> dict[str, float]:
    """All tokens but the first: a sample of one token takes the prompts' time."""
    groups, n, depth, new = (case[key] for key in ("prompts", "samples", "prompt_tokens", "new_tokens"))
    requests = [GroupRequest(i, prompt) for i, prompt in enumerate(prompts_of(groups, depth))]
    steps, rows = new - 1, groups * n
    layers, head = matrices(shape)
    token = 2 * shape.layers * shape.key_value_heads * shape.head_size * 2
    parts = [
        Part(steps * rows * 2 * (layers + head), steps * 2 * (layers + head)),
        Part(attention(shape, rows * steps * (depth + new // 2)), steps * token * (groups * depth + rows * new // 2)),
    ]

    def a_round() -> float:
        short = took(lambda: list(engine.sample(requests, Sampling(n, 1.0, 1))))
        return took(lambda: list(engine.sample(requests, Sampling(n, 1.0, new)))) - short

    return measured(machine, parts, a_round)


def train(engine: LocalEngine, shape: ModelShape, machine: Machine, case: dict[str, int]) -> dict[str, float]:
    """The update, with the reference's log-probabilities."""
    groups, n, depth, new = (case[key] for key in ("prompts", "samples", "prompt_tokens", "new_tokens"))
    requests = [GroupRequest(i, prompt) for i, prompt in enumerate(prompts_of(groups, depth))]
    sampling = Sampling(n, 1.0, new)
    layers, head = matrices(shape)
    tokens, targets = groups * (depth + n * (new - 1)), groups * n * new
    pairs = groups * (depth**2 // 2 + n * (new - 1) * (depth + new // 2))
    passes = 4  # one forward pass of the reference, one of the policy, and twice that back
    parts = [
        Part(passes * 2 * (tokens * layers + targets * head), passes * 2 * (layers + head)),
        Part(passes * attention(shape, pairs), 0),
        Part(0, 2 * shape.parameters * 4 * 4),  # the update: weights, moments and gradients
    ]

    def a_round() -> float:
        sampled = engine.sample(requests, sampling)
        dealt = [TrainingGroup(group, tuple((-1.0) ** i for i in range(n))) for group in sampled]
        return took(
            lambda: engine.update(dealt, Objective(), Optimizer(learning_rate=1e-7), sampling, Coefficients(kl=1e-3))
        )

    return measured(machine, parts, a_round)


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
    machine = Machine()
    phases: dict[str, dict[str, dict[str, float]]] = {name: {} for name in CASES}
    for name, case in CASES.items():
        for phase, measure in (("decode", decode), ("train", train)):
            phases[name][phase] = measure(engine, shape, machine, case)
            print(f"{name}, {phase}: {phases[name][phase]}", flush=True)  # noqa: T201
    write(given.out, {"what": "roofline", "cases": CASES, "phases": phases})


if __name__ == "__main__":
    main()
