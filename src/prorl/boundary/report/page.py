"""The report's page: one HTML file that needs nothing but a browser."""

from __future__ import annotations

from typing import Any

from prorl.boundary.claims import LABELS
from prorl.boundary.laboratory.results import Results
from prorl.boundary.paired import STRICT, TOLERANT
from prorl.boundary.report import figures, figures_covariates
from prorl.boundary.report.figure import Figure
from prorl.boundary.report.plotly import chart
from prorl.page.render import render
from prorl.tasks.names import OVERALL

_EMPTY = {"unparseable": None, "timeout": None, "error": None, "unfinished": None, "tokens": None}


def page(results: Results) -> str:
    """The whole page."""
    analysis = results.analysis
    curves = figures.pass_at_k(results)
    delta = figures.delta(results) if len(results.models) > 1 else []
    solvable, histograms = figures.solvable(results), figures.histograms(results)
    covariates: dict[str, Figure | None] = {
        "competence": figures_covariates.competence(results),
        "duration": figures_covariates.duration(results),
        "majority": figures_covariates.majority(results),
    }
    levels = list(figures_covariates.levels(results))
    drawn = [*curves[STRICT], *curves[TOLERANT], *delta, *solvable, *histograms, *levels]
    drawn += [figure for figure in covariates.values() if figure is not None]
    by_row = {
        extraction: {(row.tuned, row.task): row for row in analysis.contrasts if row.extraction == extraction}
        for extraction in (STRICT, TOLERANT)
    }
    return render(
        "prorl.boundary.report",
        "boundary.html.j2",
        [chart(figure) for figure in drawn],
        short=figures.names_of(results),
        results=results,
        models=results.models,
        tuned=results.models[1:],
        rows=figures.rows_of(results),
        k=analysis.boundary_k,
        curves=curves,
        delta=delta,
        solvable=solvable,
        histograms=histograms,
        levels=levels,
        overall=[curve for curve in analysis.curves if curve.task == OVERALL],
        strict=by_row[STRICT],
        tolerant=by_row[TOLERANT],
        regimes={regime.task: regime for regime in analysis.regimes},
        supports=[row for row in analysis.supports if row.task == OVERALL],
        labels=LABELS,
        spreads=[spread for spread in analysis.spreads if spread.task == OVERALL],
        bound_ks=[k for k in dict.fromkeys((8, analysis.boundary_k)) if k in analysis.ks and k > 1],
        matched={row.tuned: row for row in results.matched_contrasts if row.task == OVERALL},
        shares=_shares(results),
        lengths=next((list(row.uniqueness) for row in results.novelty if row.uniqueness), []),
        facts=_facts(results.source),
        **covariates,
    )


def _shares(results: Results) -> dict[tuple[str, str], dict[str, Any]]:
    found = {(model, row["task"]): row for model, rows in results.shares.items() for row in rows}
    wanted = [(model, task) for model in results.models for task in figures.rows_of(results)]
    return {place: {**_EMPTY, **found.get(place, {})} for place in wanted}


def _facts(source: dict[str, Any]) -> list[tuple[str, str]]:
    """Settings as names and values."""
    facts = []
    for name, value in source.items():
        if name in ("command", "asked", "notes") or value in ([], {}, ""):
            continue
        if isinstance(value, dict):
            value = ", ".join(f"{key}: {item}" for key, item in value.items())
        elif isinstance(value, list):
            value = ", ".join(map(str, value))
        facts.append((name.replace("_", " "), str(value)))
    return facts
