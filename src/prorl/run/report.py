"""The run report: one HTML page that needs nothing but a browser."""

from __future__ import annotations

from pathlib import Path

from prorl.page.render import render, script_json
from prorl.run import (
    jsonl,
    report_answers,
    report_charts,
    report_data,
    report_domains,
    report_parts,
    report_pass_at_k,
    report_rollouts,
    report_time,
)
from prorl.tasks.names import short


def write_report(run_dir: Path) -> Path:
    """Write `report.html` into a run folder from the files in it, and return its path.

    Works for a run in progress: a section without data says which file it waits for. The page holds its own copy of
    plotly.js and asks for nothing over a network. Raises UserError if the folder holds no run.
    """
    files = report_data.load(Path(run_dir))
    path = files.path / "report.html"
    jsonl.replace(path, _page(files).encode())
    return path


def _page(files: report_data.RunFiles) -> str:
    curves, pass_at_k = report_charts.curves(files), report_pass_at_k.pass_at_k(files)
    curves = [*curves, *report_domains.by_domain(files)]
    single = {"by_task": report_charts.by_task(files), "time_by_step": report_charts.time_by_step(files)}
    single["timeline"] = report_time.timeline(files)
    rollouts = report_rollouts.browser(files)
    return render(
        "prorl.run",
        "report.html.j2",
        [*curves, *pass_at_k, *(chart for chart in single.values() if chart)],
        short=short(row.task for row in files.comparison.tasks) if files.comparison else {},
        name=files.recipe.get("name") or files.path.name,
        description=files.recipe.get("description") or "",
        status=report_parts.status(files),
        facts=report_parts.facts(files),
        comparison=files.comparison,
        curves=curves,
        pass_at_k=pass_at_k,
        **single,
        time_spent=report_time.time_spent(files),
        speed=report_time.speed(files),
        markers=files.markers,
        examples=report_answers.examples(files),
        rollouts=rollouts,
        rollouts_json=script_json(rollouts),
        environment=report_parts.environment(files),
        journal=report_parts.journal_rows(files),
        recipe_text=files.recipe_text,
    )
