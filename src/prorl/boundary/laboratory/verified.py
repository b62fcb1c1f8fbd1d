"""Which right answers stand under the checks of their reasoning, read from the verdicts beside the samples."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import polars as pl

from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.samples import SUCCESS
from prorl.boundary.store.key import Key
from prorl.boundary.store.store import Store
from prorl.boundary.store.verdicts import scan
from prorl.tasks.contract import Outcome

STEPS = "steps"
"""The label of verdicts by the tasks' own checks."""

_SAMPLE = ["problem", "sample"]


def tasks_with_steps(store: Store, keys: Iterable[Key], samples: int) -> list[str]:
    """The tasks of which a right answer, of any of these models, had steps that could be read.

    Elsewhere the check has nothing to check. Raises UserError if some samples have no verdict on their steps.
    """
    found: set[str] = set()
    for key in keys:
        right = store.parts(key).scan().filter((pl.col("score") >= SUCCESS) & (pl.col("sample") < samples))
        checked = scan(store, key, STEPS, (*_SAMPLE, "task", "outcome"))
        read = checked.filter(pl.col("outcome") != Outcome.UNPARSEABLE.value).join(right.select(_SAMPLE), on=_SAMPLE)
        found |= set(read.select("task").unique().collect()["task"])
    return sorted(found)


def hold_to_steps(
    evidence: Evidence, store: Store, keys: Mapping[str, Key], rows: Mapping[str, pl.LazyFrame], tasks: Collection[str]
) -> None:
    """Count the successes whose steps hold, for every model, over these tasks.

    `rows` are the samples that count, by model. Raises UserError if some have no verdict on their steps, and then
    counts none.
    """
    chosen = pl.col("task").is_in(list(tasks))
    found = {name: standing(rows[name].filter(chosen), [accepted(store, key, STEPS)]) for name, key in keys.items()}
    evidence.verified |= {name: counted for name, counted in found.items() if counted.height}


def hold_to_judge(
    evidence: Evidence, store: Store, keys: Mapping[str, Key], rows: Mapping[str, pl.LazyFrame], tasks: Collection[str],
    label: str,
) -> None:  # fmt: skip
    """Count the successes that a judge accepts, for every model; and those that stand under the steps of `tasks` too.

    Raises UserError if some samples have no verdict of this label, and then counts none.
    """
    evidence.judged |= {name: standing(rows[name], [accepted(store, key, label)]) for name, key in keys.items()}
    if tasks:
        evidence.jointly |= {
            name: standing(rows[name], [accepted(store, key, label), accepted(store, key, STEPS, tasks)])
            for name, key in keys.items()
        }


def checked_tasks(evidence: Evidence, model: str) -> set[str]:
    """The tasks of which a model's right answers were held to right steps, by their own check or by a judge."""
    frames = [found[model] for found in (evidence.verified, evidence.judged) if model in found]
    return {task for frame in frames for task in frame["task"].unique()}


def accepted(store: Store, key: Key, label: str, tasks: Collection[str] | None = None) -> pl.LazyFrame:
    """`problem, sample` of what the verdicts of a label accept; where `tasks` are named, others pass as they are."""
    passes = pl.col("score") >= SUCCESS
    if tasks is not None:
        passes |= ~pl.col("task").is_in(list(tasks))
    return scan(store, key, label, (*_SAMPLE, "task", "score")).filter(passes).select(_SAMPLE)


def standing(rows: pl.LazyFrame, checks: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """`task, problem, c_verified` of all problems in `rows`: successes that every check accepts."""
    right = rows.filter(pl.col("score") >= SUCCESS).select("task", *_SAMPLE)
    for check in checks:
        right = right.join(check, on=_SAMPLE, how="semi")
    by_problem = ["task", "problem"]
    counted = right.group_by(by_problem).agg(c_verified=pl.len().cast(pl.Int64))
    asked = rows.select(by_problem).unique().join(counted, on=by_problem, how="left")
    return asked.with_columns(pl.col("c_verified").fill_null(0)).sort(by_problem).collect()
