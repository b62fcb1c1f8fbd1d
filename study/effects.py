"""What each part of the recipe contributes: differences between arms, paired by seed, from what `gather.py` kept.

An interval is Student's, over seeds: a seed is what was repeated; all are asked the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t

from prorl.boundary.estimators import pass_at_k

TRAINED = ("running_sums", "sorting", "strings")
Results = Mapping[int, Mapping[str, Mapping[str, Any]]]
"""By seed and arm: what `gather.py` kept of the run."""
Measure = Callable[[Mapping[str, Any]], float]


class Interval(NamedTuple):
    """A mean over seeds and its 95 % interval."""

    mean: float
    low: float
    high: float
    seeds: int


def load(folder: Path) -> Results:
    """The results of all seeds."""
    files = {int(file.stem.removeprefix("seed")): file for file in folder.glob("seed*.json")}
    if not files:
        raise SystemExit(f"{folder} holds no seed*.json; make them by gather.py")
    return {seed: json.loads(files[seed].read_text(encoding="utf-8")) for seed in sorted(files)}


def tasks(families: Iterable[str], levels: Iterable[int]) -> list[str]:
    """Names of the tasks of some families and levels."""
    levels = list(levels)
    return [f"nano/{family}@level{level}" for family in families for level in levels]


GROUPS: Mapping[str, Sequence[str]] = {
    "levels 1–3": tasks(TRAINED, range(1, 4)),
    "levels 4–5": tasks(TRAINED, (4, 5)),
    "level 6, never trained": tasks(TRAINED, (6,)),
    "strings 4–5": tasks(("strings",), (4, 5)),
    "digits and walks, never trained": tasks(("digits", "walks"), range(1, 7)),
    "levels 4–5 but sorting": tasks(("running_sums", "strings"), (4, 5)),
    "level 6 but sorting": tasks(("running_sums", "strings"), (6,)),
}
"""Some leave `sorting` out: its hard levels have so few answers that sorted rows hit them by chance."""


COMPARED = tuple(GROUPS)[:4]
"""The groups at which arms are held against each other."""

CURVES = {
    "entropy": "entropy, nats a token",
    "kl": "KL to the reference, nats a token",
    "effective_prompts": "share of prompts with a signal",
}
"""Of a run, and what they are called where people see them."""


def rate(names: Sequence[str], k: int, checked: bool = True) -> Measure:
    """pass@k, a mean over tasks; with `checked`, a success needs right steps besides the right answer."""

    def of(run: Mapping[str, Any]) -> float:
        n, by_task = run["solved"]["samples"], run["solved"]["by_task"]
        by_name = [[counts[checked] for counts in by_task[name].values()] for name in names]
        return fmean(float(pass_at_k([n] * len(c), c, k).mean()) for c in by_name)

    return of


def curve(run: Mapping[str, Any], name: str, first: float, last: float) -> float:
    """Mean of a curve between two shares of the run."""
    steps, values = run["curves"]["step"], run["curves"][name]
    ends = first * steps[-1], last * steps[-1]
    inside = [v for step, v in zip(steps, values, strict=True) if ends[0] < step <= ends[1] and v is not None]
    return fmean(inside) if inside else float("nan")


def validated(run: Mapping[str, Any], first: float, last: float) -> float:
    """Mean pass@1 of the validations between two shares of the run."""
    lines = run["validations"]
    ends = first * lines[-1]["step"], last * lines[-1]["step"]
    return fmean(line["pass_1"] for line in lines if ends[0] < line["step"] <= ends[1])


def over_seeds(values: Sequence[float]) -> Interval:
    """Mean and Student's interval."""
    n, mean = len(values), fmean(values)
    if n < 2:
        return Interval(mean, float("nan"), float("nan"), n)
    half = float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / n**0.5)
    return Interval(mean, mean - half, mean + half, n)


def paired(results: Results, arm: str, other: str, measure: Measure) -> Interval | None:
    """arm − other over the seeds that have both; None if there are none."""
    both = [runs for runs in results.values() if arm in runs and other in runs]
    return over_seeds([measure(runs[arm]) - measure(runs[other]) for runs in both]) if both else None


def alone(results: Results, arm: str, measure: Measure) -> Interval | None:
    """Of one arm over its seeds; None if there are none."""
    runs = [runs[arm] for runs in results.values() if arm in runs]
    return over_seeds([measure(run) for run in runs]) if runs else None


def only(results: Results, wanted: Sequence[str]) -> Results:
    """Some arms, and the base."""
    unknown = [arm for arm in wanted if arm not in arms(results)]
    if unknown:
        raise SystemExit(f"no seed has the arm {unknown[0]}; there are {', '.join(arms(results))}")
    return {
        seed: {arm: run for arm, run in runs.items() if arm == "base" or arm in wanted}
        for seed, runs in results.items()
    }


def complete(results: Results) -> Results:
    """The seeds that have every arm: means over them hold like against like."""
    found = {seed: runs for seed, runs in results.items() if len(runs) == len(arms(results))}
    if not found:
        raise SystemExit(f"no seed has all of {', '.join(arms(results))}; gather fewer by --arms")
    return found


def most_samples(results: Results) -> int:
    """The largest k of pass@k that every model has samples for."""
    return min(int(run["solved"]["samples"]) for runs in results.values() for run in runs.values())


def arms(results: Results) -> list[str]:
    """All arms that some seed has, the base first."""
    names = dict.fromkeys(arm for runs in results.values() for arm in runs)
    return [*names]
