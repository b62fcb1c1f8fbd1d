"""The figures of a measurement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prorl.boundary.curves import Curve
from prorl.boundary.laboratory.results import Results
from prorl.boundary.paired import STRICT, TOLERANT
from prorl.boundary.report import figures_covariates
from prorl.boundary.report.figure import Figure, Series, many
from prorl.tasks.names import OVERALL, short

SHARES = (-0.02, 1.02)


def rows_of(results: Results) -> list[str]:
    """Rows of every table and chart: the suite first, then its tasks."""
    return [OVERALL, *sorted({curve.task for curve in results.analysis.curves} - {OVERALL})]


def names_of(results: Results) -> dict[str, str]:
    """What tables and charts call these rows."""
    return short(rows_of(results))


def how(results: Results, extraction: str, what: str, of: str, intervals: bool = True) -> str:
    """What a caption says of every figure; `of`: how many problems it is of."""
    level = f"{results.analysis.level:.0%} intervals over problems (BCa bootstrap)" if intervals else "no intervals"
    return (
        f"{what}{of}, n = {results.samples} samples of each; {extraction} extraction, success is a score of 1; {level}."
    )


def _problems(results: Results) -> dict[str, int]:
    """By row: of how many problems it is."""
    return {curve.task: curve.problems for curve in results.analysis.curves}


def _a_task(results: Results) -> str:
    return many((size for task, size in _problems(results).items() if task != OVERALL), "a task")


def pass_at_k(results: Results) -> dict[str, list[Figure]]:
    """pass@k by extraction: the suite's first, then one a task."""
    found: dict[str, list[Figure]] = {}
    for extraction in (STRICT, TOLERANT):
        found[extraction] = [
            _pass_at_k(results, index, task, extraction) for index, task in enumerate(rows_of(results))
        ]
    return found


def _pass_at_k(results: Results, index: int, task: str, extraction: str) -> Figure:
    curves = _curves(results, task)
    series = [
        Series.of(curve.model, place, curve.strict if extraction == STRICT else curve.tolerant)
        for place, curve in enumerate(curves)
    ]
    caption, shared = (
        how(results, extraction, "Unbiased pass@k. ", of) for of in (f"{curves[0].problems} problems", _a_task(results))
    )
    name, y = names_of(results)[task], f"pass@k, {extraction}"
    return Figure(f"{extraction}-{index}", name, caption, series, "k", y, log_x=True, y_range=SHARES, shared=shared)


def _curves(results: Results, task: str) -> list[Curve]:
    by_model = {curve.model: curve for curve in results.analysis.curves if curve.task == task}
    return [by_model[model] for model in results.models]


def delta(results: Results) -> list[Figure]:
    """Δpass@k of every tuned model: the suite's first, then one a task; strict with its band, tolerant dashed."""
    found, names = [], names_of(results)
    for index, task in enumerate(rows_of(results)):
        rows = [row for row in results.analysis.contrasts if row.task == task]
        series = [
            Series.of(
                f"{row.tuned}{'' if row.extraction == STRICT else ', tolerant'}", results.models.index(row.tuned),
                row.delta, dashed=row.extraction == TOLERANT,
            )
            for row in rows
        ]  # fmt: skip
        what = f"Mean over problems of pass@k − pass@k of {results.models[0]}, paired. "
        caption, shared = (
            how(results, "strict (line and band) and tolerant (dashed)", what, of)
            for of in (f"{rows[0].problems} problems", _a_task(results))
        )
        figure = Figure(
            f"delta-{index}", names[task], caption, series, "k", "Δ pass@k", log_x=True, lines=(0.0,), shared=shared
        )
        found.append(figure)
    return found


SETS = (("both", "both"), ("base_only", "base only"), ("tuned_only", "tuned only"), ("neither", "neither"))


def solvable(results: Results) -> list[Figure]:
    """Shares of the four sets by task, one figure for each tuned model."""
    found, called = [], names_of(results)
    for place, tuned in enumerate(results.models[1:]):
        rows = {row.task: row for row in results.analysis.supports if row.tuned == tuned and row.extraction == STRICT}
        names = [task for task in rows_of(results) if task in rows]
        if not names:
            continue
        totals = [sum(rows[task].counts.values()) for task in names]
        series = [
            Series(
                label, colour, [called[task] for task in names],
                [rows[task].counts[key] / total for task, total in zip(names, totals, strict=True)], kind="bar",
            )
            for (key, label), colour in zip(SETS, (1, 3, 2, 0), strict=True)
        ]  # fmt: skip
        sizes = (total for task, total in zip(names, totals, strict=True) if task != OVERALL)
        of, title = many(sizes, "a task"), f"solvable sets, {tuned}"
        caption, shared = (
            how(results, STRICT, f"Problems solved at least once by {results.models[0]} and by {by}. ", of, False)
            for by in (tuned, "the model that a panel names")
        )
        figure = Figure(f"sets-{place}", title, caption, series, "", "share of problems", stacked=True, shared=shared)
        found.append(figure)
    return found


def histograms(results: Results) -> list[Figure]:
    """pass@1 of problems as a histogram, all models side by side; the suite's first, then one a task."""
    found, names, problems = [], names_of(results), _problems(results)
    for index, task in enumerate(rows_of(results)):
        spreads = {spread.model: spread for spread in results.analysis.spreads if spread.task == task}
        series = []
        for place, model in enumerate(results.models):
            spread = spreads[model]
            edges = zip(spread.edges[:-1], spread.edges[1:], strict=True)
            bins = ["0", *(f"{low:.1f}–{high:.1f}" for low, high in edges), "1"]
            series.append(Series(model, place, bins, [spread.never, *spread.between, spread.always], kind="bar"))
        of = f"{problems[task]} problems"
        caption = how(results, STRICT, "Problems by c/n, which sampling noise blurs. ", of, intervals=False)
        found.append(
            Figure(f"rates-{index}", names[task], caption, series, "share of samples solved", "share of problems")
        )
    return found


def everything(results: Results) -> Iterator[tuple[str, Sequence[Figure]]]:
    """All figures with the names of their files; several are the panels of one."""
    for extraction, figures in pass_at_k(results).items():
        yield f"pass_at_k_{extraction}", figures[:1]
        if len(figures) > 2:
            yield f"pass_at_k_{extraction}_by_task", figures[1:]
    if len(results.models) > 1:
        deltas = delta(results)
        yield "delta_pass_at_k", deltas[:1]
        if len(deltas) > 2:
            yield "delta_pass_at_k_by_task", deltas[1:]
        yield "solvable_sets", solvable(results)
    yield "pass_at_1_histogram", histograms(results)[:1]
    for name, figure in figures_covariates.everything(results):
        yield name, [figure]
