"""Evidence of made-up models, with every control that a measurement can hold."""

from __future__ import annotations

import numpy as np
import polars as pl

from prorl.boundary.claims import candidates
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.scoring import SCHEMA, Scores
from prorl.boundary.laboratory.temperature import Matched
from prorl.boundary.self_test import made_up
from prorl.boundary.store.questions import Question

HOSTILE = "</script><script>document.title='broken'</script><b>&amp;<img src=x onerror=\"document.title='broken'\">"
SAMPLES, PROBLEMS = 64, 12
MODELS = ("base", "run@40", "run@80")


def evidence(tasks: int = 6) -> Evidence:
    """A base, a checkpoint that is sharper, and a final one that is sharper still and has learnt something new."""
    rng = np.random.default_rng(5)
    true = made_up.rates(rng, tasks, PROBLEMS)
    for level in (1, 2, 3):
        true[f"graph_color@{level}"] = rng.beta(0.5, 2.0 * level, PROBLEMS)
    later = made_up.expanded(made_up.sharpened(true, 3.0), 0.5, 0.4, rng)
    counts = {
        model: made_up.counts(rates, SAMPLES, rng).with_columns(
            c_tolerant=pl.min_horizontal(pl.col("n"), pl.col("c") + pl.col("problem").str.ends_with("3").cast(pl.Int64))
        )
        for model, rates in zip(MODELS, (true, made_up.sharpened(true, 2.0), later), strict=True)
    }
    new = sorted({problem for model in MODELS[1:] for problem in candidates(counts["base"], counts[model])})
    fresh = made_up.counts(true, SAMPLES, rng)
    listed = pl.DataFrame(new, schema={"task": pl.String, "problem": pl.String}, orient="row")
    guesses = listed.with_columns(
        guess_n=pl.lit(SAMPLES), guess_c=(pl.col("problem").str.ends_with("7")).cast(pl.Int64) * 20,
        guess_rate=pl.lit(None, pl.Float64),
    )  # fmt: skip
    questions = {problem: Question(task, problem, f"What is {problem}? {HOSTILE}", "p") for task, problem in new}
    return Evidence(
        counts=counts,
        samples=SAMPLES,
        source={
            "command": "prorl boundary base run@40 run@80 --suite made-up", "models": dict.fromkeys(MODELS, "abc"),
            "samples": SAMPLES, "seed": 0, "guess": "blind", "notes": ["one note"], "asked": [],
        },
        answers={model: _answers(frame) for model, frame in counts.items()},
        shares={model: _shares(frame) for model, frame in counts.items()},
        steps={"run@40": 40, "run@80": 80},
        fresh=fresh.join(listed, on=["task", "problem"], how="semi"),
        guesses=dict.fromkeys(MODELS[1:], guesses),
        verified={model: frame.select("task", "problem", c_verified="c") for model, frame in counts.items()},
        scores=[_scores(scorer, author) for scorer in MODELS for author in MODELS],
        matched=[Matched(model, 0.9, 1.4, 0.91, ((1.0, 0.5), (1.4, 0.91))) for model in MODELS[1:]],
        at_matched={model: made_up.counts(later, SAMPLES, rng) for model in MODELS[1:]},
        questions=questions,
        trained=frozenset({"task0", "task1", "graph_color@1"}),
    )  # fmt: skip


def _answers(counts: pl.DataFrame) -> pl.DataFrame:
    """The right answer as often as it was found, and two wrong ones."""
    right = counts.select("task", "problem", answer=pl.lit("right"), count="c", correct=True)
    wrong = pl.col("n") - pl.col("c")
    parts = {"a": wrong // 2, "b": wrong - wrong // 2}
    others = [
        counts.select("task", "problem", answer=pl.lit(name), count=part, correct=False) for name, part in parts.items()
    ]
    return pl.concat([right, *others]).filter(pl.col("count") > 0)


def _shares(counts: pl.DataFrame) -> pl.DataFrame:
    tasks = counts.select("task").unique().sort("task")
    return tasks.with_columns(unparseable=0.1, timeout=0.0, error=0.0, unfinished=0.2, tokens=11.5)


def _scores(scorer: str, author: str) -> Scores:
    rows = [
        {"task": "t", "problem": "p", "sample": i, "solved": True, "tokens": 10, "logprob": -5.0 - i, "entropy": 4.0}
        for i in range(3)
    ]
    return Scores(scorer, author, scorer != author, pl.DataFrame(rows, schema=SCHEMA))
