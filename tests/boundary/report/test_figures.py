"""Figures show every task by a name of its own."""

from __future__ import annotations

import polars as pl
import pytest

from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.reckon import reckon
from prorl.boundary.laboratory.results import Results
from prorl.boundary.report import figures, figures_covariates
from prorl.boundary.report.page import page
from prorl.boundary.self_test.made_up import frame

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


@pytest.fixture(scope="module")
def uneven() -> Results:
    """Three tasks of 3, 5 and 4 problems, two of which are levels of one."""
    base = {"x": [1, 2, 3], "y@1": [0, 1, 2, 3, 4], "y@2": [0, 1, 2, 3]}
    counts = {"b": frame(base, 4), "s": frame(base, 4), "t": frame({task: [4] * len(c) for task, c in base.items()}, 4)}
    return reckon(Evidence(counts, 4, {"command": "c"}))


def test_every_caption_says_of_how_many_problems_its_figure_is(uneven: Results) -> None:
    for chosen in (figures.pass_at_k(uneven)["tolerant"], figures.delta(uneven), figures.histograms(uneven)):
        assert [figure.title for figure in chosen] == ["overall", "x", "y@1", "y@2"]
        for figure, problems in zip(chosen, (12, 3, 5, 4), strict=True):
            assert f" {problems} problems, n = 4 samples of each" in figure.caption
    for figure in figures.solvable(uneven):
        assert " 3 to 5 problems a task, n = 4 samples of each" in figure.caption
    (levels,) = figures_covariates.levels(uneven)
    assert " 4 to 5 problems a level, n = 4 samples of each" in levels.caption


def test_the_caption_of_several_panels_is_true_of_each(uneven: Results) -> None:
    panels = dict(figures.everything(uneven))
    for name in ("pass_at_k_strict_by_task", "delta_pass_at_k_by_task"):
        assert len(panels[name]) == 3
        assert {figure.shared for figure in panels[name]} == {panels[name][0].shared}
        assert " 3 to 5 problems a task, n = 4 samples of each" in panels[name][0].shared
    first, second = panels["solvable_sets"]
    assert first.shared == second.shared
    assert "by b and by the model that a panel names" in first.shared
    assert "by b and by s" in first.caption


def test_tasks_of_equal_size_are_said_to_be() -> None:
    counts = {model: frame({"x": [1, 2], "y": [0, 3]}, 4) for model in "bt"}
    results = reckon(Evidence(counts, 4, {"command": "c"}))
    assert " 2 problems a task, n = 4" in figures.solvable(results)[0].caption
