"""How often a guess is right: what is held against problems that look newly solvable.

- `blind`: the answers that the model gave to other problems of the task, judged as answers to this one. That is what
  knowing a task's usual answers without reading the question is worth. They are drawn without replacement from all
  samples of all other problems, as many as a claim has samples and 256 at least. It needs no sampling, only judging.
- `direct`: the model samples the answer at once, with an instruction not to reason (Yue et al., arXiv 2504.13837,
  leave out problems that are solved so). For models that reason before they answer; a model that never does is
  asked the same thing twice by it.
- Where the task knows the chance of a random answer (`guess_rate`), that is used besides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from prorl.boundary.claim_power import blind_guesses
from prorl.boundary.laboratory.bench import Bench
from prorl.boundary.laboratory.plan import Plan
from prorl.boundary.laboratory.subject import Subject
from prorl.boundary.samples import SUCCESS
from prorl.boundary.store.key import Key, Mode
from prorl.tasks.contract import Problem

DIRECT_TOKENS = 48
"""Longest answer without reasoning."""


def guess_columns(bench: Bench, subject: Subject, key: Key, plan: Plan, chosen: Sequence[Problem]) -> pl.DataFrame:
    """By problem: `guess_n` guesses of which `guess_c` were right, and `guess_rate` where the task knows it."""
    known = {problem.id: getattr(bench.suite.tasks[problem.task], "guess_rate", None) for problem in chosen}
    found = {"blind": _blind, "direct": _direct, "off": _none}[plan.guess](bench, subject, key, plan, chosen)
    rows = [
        {"task": problem.task, "problem": problem.id, "guess_rate": known[problem.id], "guess_n": n, "guess_c": c}
        for problem, (n, c) in zip(chosen, found, strict=True)
    ]
    schema = {
        "task": pl.String, "problem": pl.String, "guess_rate": pl.Float64, "guess_n": pl.Int64, "guess_c": pl.Int64
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def _blind(
    bench: Bench, subject: Subject, key: Key, plan: Plan, chosen: Sequence[Problem]
) -> list[tuple[int | None, int | None]]:
    said = _said(bench, key, plan)
    judged: list[tuple[int | None, int | None]] = []
    for problem in chosen:
        others = said.filter((pl.col("task") == problem.task) & (pl.col("problem") != problem.id))
        drawn = np.random.default_rng(key.stream(problem.id)).permutation(others.height)
        texts = others["text"].gather(drawn[: blind_guesses(plan.samples)]).to_list()
        by_text = {text: bench.pool.submit(problem, text) for text in set(texts)}
        right = sum(by_text[text].result().score >= SUCCESS for text in texts)
        judged.append((len(texts), right) if texts else (None, None))
    return judged


def _said(bench: Bench, key: Key, plan: Plan) -> pl.DataFrame:
    """What the model said, and to which problem, in an order that doesn't depend on how the samples were made."""
    rows = bench.store.parts(key).scan(("task", "problem", "sample", "text"))
    asked = [problem.id for problem in bench.problems]
    return (
        rows.filter((pl.col("sample") < plan.samples) & pl.col("problem").is_in(asked))
        .sort("task", "problem", "sample")
        .collect()
    )


def _direct(
    bench: Bench, subject: Subject, key: Key, plan: Plan, chosen: Sequence[Problem]
) -> list[tuple[int | None, int | None]]:
    from dataclasses import replace

    longest = min(DIRECT_TOKENS, plan.asking.max_new_tokens)
    asking = replace(plan.asking, mode=Mode.GUESS, max_new_tokens=longest)
    what = f"{subject.name}: answers without reasoning"
    of_guesses = bench.sample(subject, asking, plan.seed, plan.samples, chosen, what)
    counted = bench.counts(of_guesses, plan.samples, chosen)
    by_id = {row["problem"]: (row["n"], row["c"]) for row in counted.iter_rows(named=True)}
    return [by_id[problem.id] for problem in chosen]


def _none(
    bench: Bench, subject: Subject, key: Key, plan: Plan, chosen: Sequence[Problem]
) -> list[tuple[int | None, int | None]]:
    return [(None, None)] * len(chosen)
