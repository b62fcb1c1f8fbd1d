"""Metrics of made-up runs: healthy ones with their noise, and the same with a disaster from some step on."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping

Metrics = dict[str, float | int | str]
Change = Callable[[int, float], float | None]
"""From the steps since the onset (0 at the onset) and the healthy value to the new value; None: no longer there."""

UPDATE = ("entropy", "kl", "mismatch_kl", "dropped", "clipped", "grad_norm", "non_finite", "loss", "ratio_max")
"""What a step without an update doesn't have."""


def healthy(seed: int, steps: int = 300) -> list[Metrics]:
    """A run that learns: noisy, with spikes of the gradient, lengths that drift, and steps that have no update."""
    draw = random.Random(seed)
    phase, cycles = draw.random(), draw.uniform(0.5, 3.0)
    return [_step(draw, step / steps, 1 + 0.4 * math.sin(2 * math.pi * (phase + cycles * step / steps)))
            for step in range(1, steps + 1)]  # fmt: skip


def _step(draw: random.Random, done: float, drift: float) -> Metrics:
    def share(mean: float, spread: float) -> float:
        return min(max(draw.gauss(mean, spread), 0.0), 1.0)

    def around(mean: float, spread: float) -> float:
        return mean * draw.lognormvariate(0.0, spread)

    metrics: Metrics = {
        "stage": "main",
        "reward": share(0.15 + 0.5 * done, 0.05),
        "entropy": around(0.35 + 0.65 * math.exp(-4 * done), 0.08),
        "kl": around(0.05 * done, 0.3),
        "mismatch_kl": around(5e-4, 0.5),
        "dropped": 0.002,
        "clipped": share(0.01, 0.01),
        "grad_norm": around(0.4, 0.5) * (5.0 if draw.random() < 0.04 else 1.0),
        "truncated": share(0.3 - 0.25 * done, 0.04),
        "repetition": share(0.05, 0.03),
        "zero_signal": share(draw.uniform(0.4, 0.7), 0.1),
        "effective/toy/echo": share(0.45, 0.2),
        "length_mean": around(120 * drift, 0.08),
        "verifier_failures": draw.uniform(0.0, 0.4) if draw.random() < 0.03 else 0.0,
        "weights_overdue": 0,
        "non_finite": 0,
        "loss": draw.gauss(0.0, 0.01),
        "ratio_max": around(1.5, 0.3),
    }
    if draw.random() < 0.03:
        metrics = without_update(metrics) | {"zero_signal": 1.0}
    return metrics


def without_update(metrics: Metrics) -> Metrics:
    """The step as it looks if no group was worth an update."""
    return {name: value for name, value in metrics.items() if name not in UPDATE}


def derail(run: list[Metrics], onset: int, changes: Mapping[str, Change]) -> list[Metrics]:
    """The same run with other values of some metrics, where a step has them, in all steps from `onset` (from 1) on."""
    derailed = [dict(metrics) for metrics in run]
    for after, metrics in enumerate(derailed[onset - 1 :]):
        for name in changes.keys() & metrics.keys():
            value = changes[name](after, float(metrics.pop(name)))
            if value is not None:
                metrics[name] = value
    return derailed
