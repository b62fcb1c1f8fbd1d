"""Figures show every task by a name of its own."""

from __future__ import annotations

import polars as pl

from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.reckon import reckon
from prorl.boundary.report import figures, figures_covariates
from prorl.boundary.report.page import page

from .made_up import evidence

NAMES = {"task0": "mmlu/algebra", "task1": "math/algebra", "task2": "math/sums"}


def test_tasks_that_would_be_called_the_same_keep_their_whole_names() -> None:
    counts = {
        model: frame.filter(pl.col("task").is_in(list(NAMES))).with_columns(pl.col("task").replace(NAMES))
        for model, frame in evidence(tasks=3).counts.items()
    }
    results = reckon(Evidence(counts, 64, {"command": "prorl boundary"}), seed=0)
    wanted = ["overall", "math/algebra", "sums", "mmlu/algebra"]
    for figure in figures.solvable(results):
        for series in figure.series:
            assert series.x == wanted
    for chosen in (figures.pass_at_k(results)["strict"], figures.delta(results), figures.histograms(results)):
        assert [figure.title for figure in chosen] == wanted
    competence = figures_covariates.competence(results)
    assert competence is not None
    assert competence.series[0].labels == wanted[1:]
    assert '<td title="math/algebra">math/algebra</td>' in page(results)
    assert '<td title="math/sums">sums</td>' in page(results)
