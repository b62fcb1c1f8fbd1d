"""Takes the results of the study out of its runs, small enough to be kept: everything that `draw.py` draws.

    python study/gather.py ~/nano-study --out docs/results/nano

Writes one JSON file for each seed: of every finished run its curves (means over some steps), validations, resets, and
how many of the samples of each held-out problem solved it, with and without a look at the steps.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nano

from prorl.boundary import samples
from prorl.recipe.schema import TaskSpec
from prorl.run.journal import effective, read
from prorl.run.metrics import read as lines
from prorl.tasks.contract import Problem, Split
from prorl.tasks.registry import build
from prorl.tasks.specs import expanded
from prorl.tasks.suite import Suite

CURVES = ("entropy", "kl", "effective_prompts", "solved", "length_mean", "grad_norm", "clipped")
EVERY = 25
"""Steps that a point of a curve is the mean of."""


def run(folder: Path, problems: Mapping[str, Problem], tasks: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a run."""
    events = effective(read(folder / "journal.jsonl"))
    steps = lines(folder / "metrics.jsonl")
    return {
        "steps": steps[-1]["step"],
        "prompts": sum(step.get("groups_sampled", 0) for step in steps),
        "updates_without_signal": sum(step.get("groups_trained") == 0 for step in steps),
        "seconds": round(sum(line["seconds"] for line in lines(folder / "timings.jsonl"))),
        "resets": [{"step": e["step"], "reason": e["reason"]} for e in events if e["event"] == "reset"],
        "curves": {"step": [at for at, _ in parts(steps)], **{name: curve(steps, name) for name in CURVES}},
        "validations": [rounded(line) for line in lines(folder / "validations.jsonl")],
        "solved": solved(folder.with_suffix(".parquet"), problems, tasks),
    }


def parts(steps: Sequence[Mapping[str, Any]]) -> Iterable[tuple[int, Sequence[Mapping[str, Any]]]]:
    """The steps in parts of `EVERY`, each with its last step's number."""
    for first in range(0, len(steps), EVERY):
        some = steps[first : first + EVERY]
        yield some[-1]["step"], some


def curve(steps: Sequence[Mapping[str, Any]], name: str) -> list[float | None]:
    """Means of a metric, over those steps that have it."""
    means: list[float | None] = []
    for _, some in parts(steps):
        values = [step[name] for step in some if step.get(name) is not None]
        means.append(float(f"{sum(values) / len(values):.4g}") if values else None)
    return means


def rounded(line: Mapping[str, Any]) -> dict[str, Any]:
    """pass@1 by task and pass@k of a validation."""
    kept = {name: value for name, value in line.items() if name in ("step", "pass_1", "pass_k") or "/" in name}
    return {name: value if name == "step" else round(value, 5) for name, value in kept.items()}


def solved(path: Path, problems: Mapping[str, Problem], tasks: Mapping[str, Any]) -> dict[str, Any]:
    """By task and problem: how many samples have the right answer, and how many of these by right steps alone."""
    found: dict[str, dict[str, list[int]]] = {}
    sizes = set()
    for (task, problem), rows in (
        samples.read(path).sort("task", "problem", "sample").group_by("task", "problem", maintain_order=True)
    ):
        right = rows.filter(rows["score"] >= samples.SUCCESS)["text"].to_list()
        checked = sum(tasks[task].check_steps(problems[problem], text) is True for text in right)
        found.setdefault(task, {})[problem] = [len(right), checked]
        sizes.add(len(rows))
    if len(sizes) != 1:
        raise SystemExit(f"{path}: problems have {sorted(sizes)} samples each; remove it and measure again")
    return {"samples": sizes.pop(), "by_task": found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arms = list(nano.arms(1, 1))
    parser.add_argument("study", type=Path, help="the folder of all runs")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--arms", nargs="+", choices=arms, help="only these, and the base")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    suite = Suite(
        [
            build(spec.task, options=spec.options)
            for name in nano.measured_tasks()
            for spec in expanded(TaskSpec(task=name))
        ]
    )
    problems = {problem.id: problem for problem in suite.held_out(Split.TEST, nano.PROBLEMS)}
    for seed in sorted(given.study.expanduser().glob("seed*")):
        wanted = ("base", *(arm for arm in arms if given.arms is None or arm in given.arms))
        done = [arm for arm in wanted if (seed / f"{arm}.parquet").exists()]
        kept = {arm: run(seed / arm, problems, suite.tasks) for arm in done}
        (given.out / f"{seed.name}.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")
        sys.stdout.write(f"{seed.name}: {', '.join(done)}\n")


if __name__ == "__main__":
    main()
