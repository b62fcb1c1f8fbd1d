"""A controlled study with a small model: what does each part of prolonged training contribute?

    python study/nano.py --out ~/nano-study

For every seed one base learns by imitation (recipe nano-base); from it every arm below trains (recipe nano-prorl) until
it has sampled equally many prompts, those of groups without a signal counted too. Each model is then sampled on
held-out problems of every level. Two runs are made at once, each with one thread. Started again it goes on: what is
finished is skipped, other runs are resumed from their newest checkpoint. `gather.py` takes the results out of it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

NO_KL = ["objective.kl.coefficient=0"]
NO_RESET = ["resets.every=null", "resets.plateau=null", "resets.kl_above=null", "stages.far.reset=null"]
KEEP_OPTIMIZER = ["resets.clear_optimizer=false", "stages.far.reset.clear_optimizer=false"]
SYMMETRIC = ["objective.clip_high=0.2"]
ONE_FAMILY = "strings"
PRORL = [sys.executable, "-c", "from prorl.cli.main import main; main()"]
PROBLEMS, SAMPLES = 16, 128
"""What each model is measured by: problems of each task, and completions of each."""
STAGES = {"near": 0.4, "far": 1.0}
"""Share of all prompts at which each stage of the recipe ends."""


def no_dynamic_sampling(prompts: int, steps: int) -> list[str]:
    """As many prompts in each step as use up all in `steps` steps."""
    return ["rollout.dynamic_sampling=false", f"rollout.prompts_per_step={prompts // steps}"]


def one_family() -> list[str]:
    """The recipe's levels of one family alone."""
    from prorl.recipe.load import load

    recipe = load("nano-prorl")
    levels = {spec.task: spec.weight for spec in recipe.tasks if spec.task.startswith("suite/nano-level")}
    names = {suite: f"nano/{ONE_FAMILY}@{suite.removeprefix('suite/nano-')}" for suite in levels}
    tasks = [
        {"task": names[suite], "weight": weight, "options": {"level": int(suite[-1])}}
        for suite, weight in levels.items()
    ]
    far = {
        key.replace(suite, names[suite]): value
        for key, value in recipe.stages[1].set.items()
        for suite in names
        if suite in key
    }
    return [f"tasks={json.dumps(tasks)}", f"stages.far.set={json.dumps(far)}"]


def arms(prompts: int, steps: int) -> Mapping[str, Sequence[str]]:
    """What each arm changes in the recipe."""
    plain = [*no_dynamic_sampling(prompts, steps), *SYMMETRIC]
    return {
        "full": [],
        "plain-grpo": [*plain, *NO_RESET, *NO_KL],
        "no-reset": NO_RESET,
        "no-kl": NO_KL,
        "one-family": one_family(),
        "symmetric-clip-no-dynamic-sampling": plain,
        "no-reset-no-kl": [*NO_RESET, *NO_KL],
        "keep-optimizer": KEEP_OPTIMIZER,
    }


def until(prompts: int, steps: int) -> list[str]:
    """What ends every arm: so many prompts. Dynamic sampling makes more than `steps` steps of them, never fewer."""
    return [
        change
        for stage, share in STAGES.items()
        for change in (
            f"stages.{stage}.steps={4 * steps}",
            f"stages.{stage}.until={{target: {{metric: prompts_so_far, at_least: {round(share * prompts)}}}}}",
        )
    ]


def command(run: Path, recipe: str, changes: Iterable[str]) -> list[str]:
    """What makes or resumes the run."""
    if (run / "recipe.yaml").exists():
        return [*PRORL, "train", "--resume", str(run)]
    return [*PRORL, "train", recipe, *changes, "--out", str(run)]


def finished(run: Path) -> bool:
    """Whether the run has made all its steps."""
    from prorl.run.journal import effective, is_finished, read

    journal = run / "journal.jsonl"
    return journal.exists() and is_finished(effective(read(journal)))


def make(run: Path, recipe: str, changes: Sequence[str]) -> str:
    """Bring one run to its end; one line about how that went."""
    if finished(run):
        return f"{run}: was finished"
    code = call(command(run, recipe, changes), run.with_suffix(".log"))
    return f"{run}: " + ("finished" if finished(run) else f"left with code {code}, see {run.with_suffix('.log')}")


def measure(run: Path, seed: int) -> str:
    """Sample the model of a finished run on held-out problems, into `RUN.parquet`; one line about how that went."""
    samples = run.with_suffix(".parquet")
    if not finished(run):
        return f"{run}: not measured, it isn't finished"
    if samples.exists():
        return f"{samples}: was there"
    given = [f"--problems={PROBLEMS}", f"--samples={SAMPLES}", "--max-new-tokens=48", f"--seed={seed}"]
    suites = [name.removeprefix("suite/") for name in measured_tasks()]
    code = call([*PRORL, "eval", str(run), *suites, *given, "--out", str(samples)], run.with_suffix(".log"))
    return f"{samples}: " + ("made" if samples.exists() else f"left with code {code}, see {run.with_suffix('.log')}")


def measured_tasks() -> list[str]:
    """All that the recipe names, trained on or not."""
    from prorl.recipe.load import load

    return [spec.task for spec in load("nano-prorl").tasks]


def call(command: Sequence[str], log: Path) -> int:
    """Run a command with one thread, its output added to `log`; its exit code."""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with open(log, "a", encoding="utf-8") as file:
        return subprocess.run(command, stdout=file, stderr=subprocess.STDOUT, env=environment, check=False).returncode


def bring(run: Path, recipe: str, changes: Sequence[str], seed: int) -> list[str]:
    """Make a run and measure its model."""
    return [make(run, recipe, changes), measure(run, seed)]


def bring_from(base: Future[list[str]], run: Path, recipe: str, changes: Sequence[str], seed: int) -> list[str]:
    """The same, when its base is there."""
    base.result()
    return bring(run, recipe, changes, seed)


def main() -> None:
    """Bases first, then arm by arm all seeds: what is free goes on to the next as soon as its base is there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for all runs, outside of the repository")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--steps", type=int, default=2000, help="least number of steps of any arm")
    parser.add_argument("--prompts", type=int, default=16_000, help="sampled by every arm")
    parser.add_argument("--arms", nargs="+", choices=list(arms(1, 1)), help="only these")
    parser.add_argument("--at-once", type=int, default=2)
    parser.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto", help="of all runs")
    given = parser.parse_args()
    folders = {seed: given.out.expanduser().absolute() / f"seed{seed}" for seed in given.seeds}
    ends, changes = until(given.prompts, given.steps), arms(given.prompts, given.steps)
    precision = f"compute.precision={given.precision}"
    with ThreadPoolExecutor(given.at_once) as pool:
        bases = {
            seed: pool.submit(bring, folder / "base", "nano-base", [f"seed={seed}", precision], seed)
            for seed, folder in folders.items()
        }
        runs = [
            pool.submit(
                bring_from, bases[seed], folder / arm, "nano-prorl",
                [f"seed={seed}", precision, f"model={folder}/base/model", *ends, *changes[arm]], seed,
            )
            for arm in given.arms or changes
            for seed, folder in folders.items()
        ]  # fmt: skip
        for done in (*bases.values(), *runs):
            sys.stdout.write("".join(f"{line}\n" for line in done.result()))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
