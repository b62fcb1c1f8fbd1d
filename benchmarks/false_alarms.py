"""How often the guard of collapse takes luck for one, and how late it notices a real one: numbers in docs/evidence.md.

    python benchmarks/false_alarms.py

Made-up rewards of 200 steps with a KL that is far all the time: of six prompts that are solved or not, and of large
steps whose mean reward varies by 0.03. In some the rate falls after step 100; of these only alarms after
that count.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from prorl.recipe.health import Collapse, Health
from prorl.regimen.health import HealthMonitor

STEPS, FALL, RUNS = 200, 100, 300
OFF = {name: None for name in Health.model_fields if name not in ("custom", "cooldown", "most_roll_backs", "collapse")}


def first_alarm(rewards: list[float], least_z: float) -> int | None:
    """The step at which the guard fires, if it does."""
    monitor = HealthMonitor(Health.model_validate(OFF | {"collapse": Collapse(least_z=least_z)}))
    alarms = (monitor.observe(step, {"reward": reward, "kl": 0.9}) for step, reward in enumerate(rewards, 1))
    return next((step for step, found in enumerate(alarms, 1) if found), None)


def small_steps(rates: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean rewards of six prompts, [steps]."""
    return rng.binomial(6, rates) / 6


def large_steps(rates: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Mean rewards of many prompts, [steps]."""
    return rng.normal(rates, 0.03)


def main() -> None:
    table = Table("rewards", "standard errors asked for", "taken for a collapse", "steps after the fall")
    for draw in (small_steps, large_steps):
        for before, after in ((0.2, 0.2), (0.35, 0.35), (0.6, 0.6), (0.5, 0.05)):
            rates = np.where(np.arange(STEPS) < FALL, before, after)
            for least_z in (0.0, 4.0):
                rng = np.random.default_rng(0)
                found = [first_alarm(draw(rates, rng).tolist(), least_z) for _ in range(RUNS)]
                alarms = [step for step in found if step is not None and (before == after or step > FALL)]
                late = "–" if before == after or not alarms else f"{np.mean(alarms) - FALL:.1f}"
                share = f"{100 * len(alarms) / RUNS:.0f} %"
                table.add_row(f"{draw.__name__} {before:g} → {after:g}", f"{least_z:g}", share, late)
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
