"""Answers to one problem judged as answers to another: what is held against guesses that a model repeats.

It needs no sampling, only judging. Swapped are the problems that the base never solved, task by task, where the tuned
model solved some of them and no steps were checked. At every such problem whole sets of answers to others are judged:
those to at most `MOST_OTHERS` problems, drawn at random, and of each as many samples as the model has, `MOST_ANSWERS`
at most. Equal answers are judged once.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl

from prorl.boundary.claim_swaps import SCHEMA
from prorl.boundary.laboratory.bench import Bench
from prorl.boundary.laboratory.plan import Plan
from prorl.boundary.laboratory.tally import NOT_READ
from prorl.boundary.samples import SUCCESS
from prorl.boundary.store.key import Key
from prorl.tasks.contract import Problem
from prorl.verify.verdict import SHOWN

MOST_OTHERS = 24
MOST_ANSWERS = 256

Answers = list[tuple[str, int]]
"""What was answered to a problem, each by a text that gives it, and how often."""


def swap_columns(
    bench: Bench, key: Key, plan: Plan, unsolved: Sequence[Problem], tasks: Collection[str], what: str
) -> pl.DataFrame:
    """What swaps between the `unsolved` problems of these tasks come to (`claim_swaps.SCHEMA`).

    `unsolved` are those that the base never solved. With `--guess off` there are no swaps, as in a task with but one.
    """
    groups = [[problem for problem in unsolved if problem.task == task] for task in sorted(tasks)]
    chosen = [problem for group in groups if len(group) > 1 for problem in group] if plan.guess != "off" else []
    samples = min(plan.samples, MOST_ANSWERS)
    answers = _answers(bench, key, samples, chosen)
    rows = []
    for done, problem in enumerate(chosen, 1):
        others = [other.id for other in chosen if other.task == problem.task and other.id != problem.id]
        drawn = np.random.default_rng(key.stream(problem.id)).permutation(len(others))[:MOST_OTHERS]
        swapped = {others[at]: answers[others[at]] for at in sorted(drawn)}
        right = _right(bench, problem, swapped)
        rows += [(problem.task, problem.id, other, samples, count) for other, count in right.items()]
        bench.told(what, done, len(chosen))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def _right(bench: Bench, problem: Problem, swapped: Mapping[str, Answers]) -> dict[str, int]:
    """How many of the answers to each other problem are right here."""
    texts = {text for given in swapped.values() for text, _ in given}
    verdicts = {text: bench.pool.submit(problem, text) for text in sorted(texts)}
    return {
        other: sum(times for text, times in given if verdicts[text].result().score >= SUCCESS)
        for other, given in swapped.items()
    }


def _answers(bench: Bench, key: Key, samples: int, chosen: Sequence[Problem]) -> dict[str, Answers]:
    """By problem: its answers in the format that was asked for; what couldn't be read is right nowhere.

    The text that stands for an answer is the first of the whole task, so that it is judged once. Where the verifier
    names no answer, or cut it, the text itself is one.
    """
    read = ~pl.col("outcome").is_in([outcome.value for outcome in NOT_READ]).fill_null(False)
    named = pl.col("answer").str.len_chars() < SHOWN
    rows = (
        bench.store.parts(key)
        .scan(("task", "problem", "sample", "text", "answer", "outcome"))
        .filter(read & (pl.col("sample") < samples) & pl.col("problem").is_in([problem.id for problem in chosen]))
        .sort("problem", "sample")
        .with_columns(named=named.fill_null(False))
        .with_columns(said=pl.when("named").then("answer").otherwise("text"))
        .with_columns(text=pl.col("text").first().over("task", "named", "said"))
        .group_by("problem", "text", maintain_order=True)
        .agg(times=pl.len())
        .collect()
    )
    found: dict[str, Answers] = {problem.id: [] for problem in chosen}
    for problem, text, times in rows.iter_rows():
        found[problem].append((text, times))
    return found
