"""Figures of covariates say what is known and leave nothing out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prorl.boundary.laboratory.reckon import reckon
from prorl.boundary.laboratory.results import Results
from prorl.boundary.report.figures_covariates import duration, levels

from .made_up import evidence


@pytest.fixture(scope="module")
def results() -> Results:
    return reckon(evidence(tasks=2))


def test_runs_of_equal_duration_are_points_of_their_own(results: Results) -> None:
    same = tuple(replace(row, steps=min(row.steps, 40)) for row in results.duration)
    figure = duration(replace(results, duration=same))
    assert figure is not None
    for series, measure in zip(figure.series, ("accuracy", "boundary"), strict=True):
        found = [getattr(row, measure) for row in same]
        assert series.x == [0, 40, 40]
        assert series.y == [interval.estimate for interval in found]
        assert series.low == [interval.low for interval in found]


@pytest.mark.parametrize("steps", [0, 100])
def test_the_caption_says_where_the_base_stands(results: Results, steps: int) -> None:
    rows = tuple(replace(row, steps=steps if row.model == "base" else row.steps) for row in results.duration)
    figure = duration(replace(results, duration=rows))
    assert figure is not None
    assert figure.caption.startswith(f"The suite's mean by training steps; {steps} is the base. ")


@pytest.mark.parametrize(
    ("trained", "said"),
    [
        ((True, False, True), "trained at 1, 3"),
        ((False, False, False), "no level was trained"),
        ((None, None, None), "it isn't known which were trained"),
        ((None, True, None), "trained at 2; of the others it isn't known"),
    ],
)
def test_what_is_not_known_of_training_is_not_denied(
    results: Results, trained: tuple[bool | None, ...], said: str
) -> None:
    rows = tuple(replace(row, trained=known) for row, known in zip(results.levels, trained, strict=True))
    (figure,) = levels(replace(results, levels=rows))
    assert figure.caption.startswith(f"By level of difficulty; {said}. ")


def test_tasks_of_one_short_name_are_figures_of_their_own(results: Results) -> None:
    rows = tuple(replace(row, task=f"{family}/sums") for family in "ab" for row in results.levels)
    found = list(levels(replace(results, levels=rows)))
    assert [figure.id for figure in found] == ["levels_a-sums", "levels_b-sums"]
    assert [figure.title for figure in found] == ["difficulty of a/sums", "difficulty of b/sums"]
