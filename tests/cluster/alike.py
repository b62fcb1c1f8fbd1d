"""Holding an engine against another by what can be seen of it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Coefficients, Engine, GroupRequest, Sampling, TrainingGroup, UpdateReport
from prorl.recipe.objective import KL, Correction, Objective, Optimizer

SAMPLING = Sampling(samples=4, temperature=1.3, max_new_tokens=8)
OBJECTIVE = Objective(kl=KL(coefficient=0.1), correction=Correction(kind="tis"))
OPTIMIZER = Optimizer(learning_rate=1e-3, epsilon=1e-6, max_grad_norm=0.5, weight_decay=0.01, updates_per_step=2)
"""With the usual epsilon Adam makes whole steps of gradients that are nothing but rounding."""
COEFFICIENTS = Coefficients(kl=0.1)


def requests(engine: Engine, count: int, seed: int) -> list[GroupRequest]:
    rng = random.Random(seed)
    prompts = [engine.encode_answer("abcdefgh"[: rng.randint(1, 8)])[:-1] for _ in range(count)]
    return [GroupRequest(1000 * seed + key, tuple(prompt)) for key, prompt in enumerate(prompts)]


def groups(engine: Engine, count: int = 5, seed: int = 0) -> list[TrainingGroup]:
    """Sampled by that engine, with made-up advantages."""
    rng = random.Random(seed)
    sampled = sorted(engine.sample(requests(engine, count, seed), SAMPLING), key=lambda group: group.request.key)
    return [TrainingGroup(group, tuple(rng.uniform(-2, 2) for _ in group.completions)) for group in sampled]


def update(engine: Engine, given: list[TrainingGroup], **changes: Any) -> UpdateReport:
    objective = OBJECTIVE.model_copy(update=changes.pop("objective", {}))
    optimizer = OPTIMIZER.model_copy(update=changes)
    return engine.update(given, objective, optimizer, SAMPLING, COEFFICIENTS)


def apart(one: Engine, other: Engine, folder: Path) -> float:
    """The largest difference of any weight."""
    exported = []
    for number, engine in enumerate((one, other)):
        engine.export(folder / str(number))
        exported.append(load_file(folder / str(number) / "model.safetensors"))
    assert exported[0].keys() == exported[1].keys()
    return max(float((exported[0][name] - exported[1][name]).abs().max()) for name in exported[0])


def masters_apart(engine: LocalEngine, other: LocalEngine) -> float:
    """The largest difference of any weight or moment of two local engines."""
    pairs = [(m, other.optimizer.masters[name]) for name, m in engine.optimizer.masters.items()]
    pairs += [(m, other.optimizer.moments[name]) for name, m in engine.optimizer.moments.items()]
    return max(float((a.detach() - b.detach()).abs().max()) for a, b in pairs)


def numbers(report: Any) -> dict[str, float]:
    return {name: float(getattr(report, name)) for name in report.__slots__}
