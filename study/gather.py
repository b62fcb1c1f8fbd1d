"""Takes the results of the study out of its runs, small enough to be kept: everything that `draw.py` draws.

    python study/gather.py ~/nano-study --out docs/results/nano

Writes one JSON file for each seed: of every finished run its curves (means over some steps), validations, resets, and
how many of the samples of each held-out problem solved it, with and without a look at the steps.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nano
from course import course

from prorl.boundary import samples
from prorl.recipe.schema import TaskSpec
from prorl.tasks.contract import Problem, Split
from prorl.tasks.registry import build
from prorl.tasks.specs import expanded
from prorl.tasks.suite import Suite


def run(folder: Path, problems: Mapping[str, Problem], tasks: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of a run."""
    return {**course(folder), "solved": solved(folder.with_suffix(".parquet"), problems, tasks)}


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


def require_twins(seed: Path, kept: Mapping[str, Mapping[str, Any]]) -> None:
    """Stop where the arms of a seed didn't begin with one base: their differences would say nothing."""
    began = {arm: run["began_with"] for arm, run in kept.items() if arm != "base"}
    if len(set(began.values())) > 1:
        raise SystemExit(f"{seed}: its arms began with different models, {began}; make them anew from one base")


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
        require_twins(seed, kept)
        (given.out / f"{seed.name}.json").write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")
        sys.stdout.write(f"{seed.name}: {', '.join(done)}\n")


if __name__ == "__main__":
    main()
