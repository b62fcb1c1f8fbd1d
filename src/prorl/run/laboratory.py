"""A measurement from the command line: what is asked, in which way, and who answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prorl.boundary.laboratory.bench import Bench, Told
from prorl.boundary.store import verdicts
from prorl.boundary.store.store import Store
from prorl.errors import UserError
from prorl.recipe.load import at_stage, load, packaged
from prorl.recipe.schema import Compute, Recipe
from prorl.run.answer_length import longest
from prorl.tasks.choose import chosen
from prorl.tasks.contract import Problem, Split
from prorl.tasks.registry import build
from prorl.tasks.specs import expanded
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Asked:
    """The tasks that are asked, and what a recipe says of how."""

    suite: Suite
    temperature: float = 1.0
    top_p: float = 1.0
    max_new_tokens: int = 64
    deadline: float = 5.0


def asked(words: Sequence[str], worked_examples: int, levels: Sequence[int] = ()) -> Asked:
    """What `words` name: tasks, patterns, suites and `option=value`, or one recipe or run whose tasks are asked.

    `levels` asks every task at these levels of difficulty, as variants `name@level2`. Raises UserError, also for
    worked examples with a recipe, which has its own.
    """
    recipe = _recipe_of(words[0]) if len(words) == 1 else None
    if recipe is None:
        specs = [(name, options, worked_examples) for name, options in chosen(words)]
        return Asked(_suite(specs, levels))
    if worked_examples:
        raise UserError(f"--worked-examples goes with tasks; {words[0]} says itself how many are shown; leave it out")
    parts = [part for spec in recipe.tasks for part in expanded(spec)]
    last = at_stage(recipe, len(recipe.stages) - 1).rollout
    evaluation = recipe.evaluation
    return Asked(
        _suite([(part.task, part.options, part.worked_examples) for part in parts], levels),
        temperature=evaluation.temperature if evaluation else last.temperature,
        top_p=evaluation.top_p if evaluation else 1.0,
        max_new_tokens=longest(recipe, Path(words[0])),
        deadline=recipe.verifier.deadline,
    )


@contextmanager
def bench(
    out: Path, what: Asked, problems_per_task: int, precision: str, told: Told, workers: int = 1
) -> Iterator[Bench]:
    """A bench on the store in `out`, with its workers."""
    problems: list[Problem] = what.suite.held_out(Split.TEST, problems_per_task)
    compute = Compute.model_validate({"precision": precision})
    with (
        Store.open(out) as store,
        WorkerPool[Problem](what.suite.judge, workers, what.deadline, probes=what.suite.probes()) as pool,
    ):
        yield Bench(store, what.suite, problems, pool, compute, told)


def rejudge(folder: Path, what: Asked, problems_per_task: int, label: str, told: Told) -> int:
    """Judge all samples in a folder again; returns how many were judged.

    Raises UserError for a folder without samples, and for problems that were not asked.
    """
    Store.read(folder)  # opening one for more samples would begin it
    by_id = {problem.id: problem for problem in what.suite.held_out(Split.TEST, problems_per_task)}
    judged = 0
    with (
        Store.open(folder) as store,
        WorkerPool[Problem](what.suite.judge, 1, what.deadline, probes=what.suite.probes()) as pool,
    ):
        for key in list(store.keys.values()):
            judged += verdicts.rejudge(
                store, key, verdicts.checked_label(label), pool.submit, by_id,
                lambda done, total: told(f"judging part by part, {label}", done, total),
            )  # fmt: skip
    return judged


def _suite(specs: Sequence[tuple[str, Mapping[str, Any], int]], levels: Sequence[int]) -> Suite:
    tasks = []
    for name, options, examples in specs:
        for level in levels or (None,):
            if level is None:
                tasks.append(build(name, worked_examples=examples, options=options))
            elif "@" in name:
                raise UserError(f"{name} is a variant already; --levels makes variants of plain tasks")
            else:
                with_level = {**options, "level": level}
                tasks.append(build(f"{name}@level{level}", worked_examples=examples, options=with_level))
    return Suite(tasks)


def _recipe_of(word: str) -> Recipe | None:
    inside = Path(word) / "recipe.yaml"
    if inside.is_file():
        return load(str(inside))
    return load(word) if word in packaged() or word.endswith((".yaml", ".yml")) else None
