"""Figures of what gain may depend on: competence of the base, steps of training, difficulty, majority votes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prorl.boundary.laboratory.results import Results
from prorl.boundary.levels import Level
from prorl.boundary.paired import STRICT
from prorl.boundary.report.figure import Figure, Series, many
from prorl.tasks.names import OVERALL, short


def everything(results: Results) -> Iterator[tuple[str, Figure]]:
    """Those that there is evidence for, with the names of their files."""
    for name, figure in (
        ("competence", competence(results)),
        ("duration", duration(results)),
        ("majority", majority(results)),
    ):
        if figure is not None:
            yield name, figure
    for figure in levels(results):
        yield figure.id, figure


def competence(results: Results) -> Figure | None:
    """Base pass@K against the gain, a point a task; only with two tasks or more."""
    k = results.analysis.boundary_k
    base = {
        curve.task: curve.strict[k].estimate for curve in results.analysis.curves if curve.model == results.models[0]
    }
    tasks = sorted(base.keys() - {OVERALL})
    if len(tasks) < 2 or len(results.models) < 2:
        return None
    series = []
    for place, tuned in enumerate(results.models[1:], 1):
        gains = {
            row.task: row.delta[k].estimate
            for row in results.analysis.contrasts
            if row.tuned == tuned and row.extraction == STRICT
        }
        names = list(short(tasks).values())
        series.append(
            Series(tuned, place, [base[t] for t in tasks], [gains[t] for t in tasks], kind="points", labels=names)
        )
    caption = (
        f"A point is a task; both axes use the same base samples (n = {results.samples}, strict), which alone makes "
        "the correlation negative: see the corrected numbers in the table."
    )
    x, y = f"pass@{k} of {results.models[0]}", f"Δ pass@{k}"
    return Figure("competence", "base competence and gain", caption, series, x, y, lines=(0.0,))


def duration(results: Results) -> Figure | None:
    """pass@1 and the boundary by training steps."""
    if not results.duration:
        return None
    k = results.analysis.boundary_k
    series = [
        Series.of("pass@1", 1, [(row.steps, row.accuracy) for row in results.duration]),
        Series.of(f"pass@{k}", 2, [(row.steps, row.boundary) for row in results.duration]),
    ]
    base = next(row.steps for row in results.duration if row.model == results.models[0])
    caption = _caption(
        results, f"The suite's mean by training steps; {base} is the base. ", f"{results.problems} problems"
    )
    return Figure("duration", "training duration", caption, series, "training steps", "pass@k", y_range=(-0.02, 1.02))


def majority(results: Results) -> Figure | None:
    """majority@k of all models."""
    if not results.majority:
        return None
    series = []
    for place, model in enumerate(results.models):
        points = {k: rows[-1].mean for k, rows in results.majority[model].items()}
        series.append(Series.of(model, place, {k: mean for k, mean in points.items() if mean is not None}))
    caption = _caption(
        results,
        "Chance that the most frequent of k answers is right; ties broken evenly. ",
        f"{results.problems} problems",
    )
    return Figure("majority", "majority@k", caption, series, "k", "majority@k", log_x=True, y_range=(-0.02, 1.02))


def levels(results: Results) -> Iterator[Figure]:
    """pass@1 and the boundary by level, one figure a task."""
    k = results.analysis.boundary_k
    for task, name in short(sorted({row.task for row in results.levels})).items():
        rows = [row for row in results.levels if row.task == task]
        series = []
        for place, model in enumerate(results.models):
            of_model = {row.level: next(c for c in row.curves if c.model == model) for row in rows}
            first = {level: curve.strict[1] for level, curve in of_model.items()}
            reach = {level: curve.strict[k] for level, curve in of_model.items()}
            series += [Series.of(f"{model}, pass@1", place, first)]
            series += [Series.of(f"{model}, pass@{k}", place, reach, dashed=True)]
        of = many((curve.problems for row in rows for curve in row.curves), "a level")
        caption = _caption(results, f"By level of difficulty; {_trained(rows)}. ", of)
        file = f"levels_{name.replace('/', '-')}"
        yield Figure(file, f"difficulty of {name}", caption, series, "level", "pass@k", y_range=(-0.02, 1.02))


def _trained(rows: Sequence[Level]) -> str:
    """What is known of the levels that training asked."""
    trained = ", ".join(f"{row.level:g}" for row in rows if row.trained)
    if any(row.trained is None for row in rows):
        return f"trained at {trained}; of the others it isn't known" if trained else "it isn't known which were trained"
    return f"trained at {trained}" if trained else "no level was trained"


def _caption(results: Results, what: str, of: str) -> str:
    return (
        f"{what}{of}, n = {results.samples} samples of each; strict extraction; "
        f"{results.analysis.level:.0%} intervals over problems."
    )
