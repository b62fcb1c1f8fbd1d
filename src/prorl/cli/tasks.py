"""`prorl tasks`: what can be asked, what it looks like, whether it keeps its contract, and what a model makes of it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from prorl.cli import complete
from prorl.cli.say import AsJson, emit, printable
from prorl.errors import UserError

if TYPE_CHECKING:
    from prorl.boundary.profile import Profile
    from prorl.tasks.check import Report
    from prorl.tasks.contract import Split
    from prorl.tasks.show import Shown

app = typer.Typer(help="Tasks: what is asked, and what counts as solved.", no_args_is_help=True)

_WORDS = "Names, patterns such as 'math/*', suites, and option=value."


@app.command("list")
def list_tasks(
    pattern: Annotated[str, typer.Argument(help="Part of a name, or a pattern such as 'math/*'.")] = "*",
    notes: Annotated[bool, typer.Option("--notes", help="Also show what is known against them.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the built-in tasks and the suites.

    Levels are difficulties that the option `level` chooses. A star: something is known against it (--notes).

    \b
    prorl tasks list
    prorl tasks list 'math/*' --notes
    """
    from prorl.tasks.describe import describe
    from prorl.tasks.suites import SUITES

    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("task", "domain", "kind"):
        table.add_column(column, overflow="fold")
    for column in ("problems", "levels"):
        table.add_column(column, justify="right")
    table.add_column("notes", overflow="fold")
    listed = list(describe(pattern))
    if not listed:
        raise UserError(f"no task is called like {pattern!r}; prorl tasks list shows them all")
    if as_json:
        emit([asdict(task) for task in listed])
        return
    for task in listed:
        size = "in its data" if task.needs_data else "no end" if task.size is None else f"{task.size:,}"
        said = "; ".join(task.notes) if notes else "*" * bool(task.notes)
        table.add_row(task.name, task.domain, task.kind, size, str(task.levels or ""), said)
    console = _console()
    console.print(table, markup=False)
    console.print(f"{len(listed)} tasks", highlight=False)
    if pattern == "*":
        console.print("\nsuites", style="bold")
        for name, (what, _) in SUITES.items():
            console.print(f"{name}: {what}", markup=False, highlight=False)


@app.command("show")
def show(
    task: Annotated[str, typer.Argument(help="Name of a task.", autocompletion=complete.tasks)],
    options: Annotated[list[str] | None, typer.Argument(metavar="[OPTION=VALUE]...", help="Its options.")] = None,
    count: Annotated[int, typer.Option(help="How many problems.", min=1)] = 2,
    split: Annotated[str, typer.Option(help="train, validation, test or examples.")] = "train",
    worked_examples: Annotated[int, typer.Option(help="Solved problems shown before the question.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Print a few problems as the model would see them, their worked solution and the verdict on it.

    \b
    prorl tasks show reasoning_gym/gcd max_value=50 --worked-examples 1
    """
    from prorl.tasks.choose import parsed
    from prorl.tasks.show import show as show_problems

    console = _console()
    wanted = _split(split)
    found = show_problems(task, parsed(options or []), split=wanted, count=count, worked_examples=worked_examples)
    if as_json:
        emit([_shown(shown) for shown in found])
        return
    for shown in found:
        console.rule(shown.problem.id)
        for turn in shown.prompt:
            console.print(f"[{turn.role}]", style="bold cyan", markup=False)
            console.print(printable(turn.content), markup=False)
        if shown.solution is None or shown.verdict is None:
            console.print("no solution is known", style="dim")
            continue
        console.print("[worked solution]", style="bold green", markup=False)
        console.print(printable(shown.solution), markup=False)
        detail = f" ({shown.verdict.detail})" if shown.verdict.detail else ""
        verdict = f"verdict: {shown.verdict.outcome}, score {shown.verdict.score:g}{detail}"
        console.print(printable(verdict), markup=False)


@app.command("check")
def check(
    words: Annotated[list[str] | None, typer.Argument(metavar="[TASK]...", help=f"{_WORDS} All if none.")] = None,
    problems: Annotated[int, typer.Option(help="Problems of each task to check with.", min=2)] = 6,
    as_json: AsJson = False,
) -> None:
    """Test that tasks keep their contract; exit code 1 if one doesn't and isn't on the written list.

    Solutions score 1; nothing and junk score 0; the same problems are drawn again, in this process and in others; the
    global random state is left alone; judging is fast; splits are disjoint; blind guesses rarely solve anything.

    \b
    prorl tasks check toy/copy toy/echo
    prorl tasks check my_package.tasks:MyTask
    """
    from prorl.tasks.check import CHECKS
    from prorl.tasks.check_all import check_all
    from prorl.tasks.choose import chosen

    specs = chosen(words or [])
    console = _console()
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("task", *CHECKS):
        table.add_column(column, overflow="fold")
    reports: list[Report] = []
    with Console(stderr=True).status("") as status:
        for report in check_all(
            specs, problems=problems, told=lambda name: status.update(Text(f"{len(reports)}/{len(specs)} {name}"))
        ):
            reports.append(report)
            _add_row(table, report)
    given = set(words or [])
    unread = [report for report in reports if report.needs_data and report.task not in given]
    refused = [report for report in reports if not report.accepted and report not in unread]
    excused = [report for report in reports if any(not f.passed and f.known for f in report.findings.values())]
    if as_json:
        emit([_checked(report, report in refused, report in unread) for report in reports])
        raise typer.Exit(1 if refused else 0)
    console.print(table)
    for report in excused:
        for name, finding in report.findings.items():
            if not finding.passed and finding.known:
                console.print(f"on the list: {report.task} {name}: {finding.known}", style="yellow", markup=False)
    for report in unread:
        console.print(f"not checked, needs data: {report.task}", style="dim", markup=False)
    for report in refused:
        failing = [f"{name}: {f.shown}" for name, f in report.findings.items() if not f.accepted]
        console.print(f"failed: {report.task}: {report.error or '; '.join(failing)}", style="red", markup=False)
    passed = len(reports) - len(unread) - len(refused) - len(excused)
    console.print(f"{passed} passed, {len(excused)} on the list, {len(refused)} failed, {len(unread)} need data")
    if refused:
        raise typer.Exit(1)


@app.command("profile")
def profile(
    model: Annotated[str, typer.Argument(help="Catalogue name, local Hugging Face folder, or Hugging Face model id.")],
    words: Annotated[list[str], typer.Argument(metavar="TASK...", help=_WORDS)],
    out: Annotated[Path, typer.Option("--out", "-o", help="Parquet file of samples; what is in it is kept.")],
    problems: Annotated[int, typer.Option(help="Problems of each task.", min=1)] = 16,
    samples: Annotated[int, typer.Option(help="Completions of each problem.", min=1)] = 8,
    worked_examples: Annotated[int, typer.Option(help="Solved problems shown before the question.", min=0)] = 0,
    max_new_tokens: Annotated[int, typer.Option(help="Longest completion, in tokens.", min=1)] = 64,
    temperature: Annotated[float, typer.Option(help="Of the sampling distribution.", min=0.01, max=100)] = 1.0,
    seed: Annotated[int, typer.Option(help="The seed of the run that is to ask these problems.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Measure a model's pass rate on the problems that a run would ask, and show which of them can still teach it.

    A problem teaches when some of its samples are solved and some are not. Run again after an interruption: it goes on.

    \b
    prorl tasks profile smollm2-135m reasoning_gym/gcd max_value=50 --worked-examples 2 --out profile.parquet
    """
    from prorl.boundary.profile import Profiling
    from prorl.boundary.profile import profile as measure
    from prorl.tasks.choose import chosen

    settings = Profiling(model, problems, samples, worked_examples, max_new_tokens, temperature, seed)
    console = _console()
    with Console(stderr=True).status("") as status:
        profiles = measure(chosen(words), settings, out, told=lambda said: status.update(Text(said)))
    if as_json:
        emit([asdict(row) for row in profiles])
        return
    _print_profiles(console, profiles)
    console.print(f"samples: {out}", markup=False)


def _console() -> Console:
    """One that cuts no table when its output goes into a file."""
    console = Console(soft_wrap=True, highlight=False, emoji=False)
    return console if console.is_terminal else Console(soft_wrap=True, highlight=False, emoji=False, width=240)


def _shown(shown: Shown) -> dict[str, Any]:
    prompt = [{"role": turn.role, "content": turn.content} for turn in shown.prompt]
    verdict = asdict(shown.verdict) if shown.verdict else None
    return {"id": shown.problem.id, "prompt": prompt, "worked_solution": shown.solution, "verdict": verdict}


def _checked(report: Report, refused: bool, unread: bool) -> dict[str, Any]:
    findings = {
        name: {"passed": finding.passed, "shown": finding.shown, "known": finding.known}
        for name, finding in report.findings.items()
    }
    outcome = "needs data" if unread else "failed" if refused else "passed"
    return {"task": report.task, "outcome": outcome, "error": report.error, "findings": findings}


def _add_row(table: Table, report: Report) -> None:
    from prorl.tasks.check import CHECKS

    cells = []
    for name in CHECKS:
        finding = report.findings.get(name)
        colour = "" if finding is None or finding.passed else "yellow" if finding.known else "red"
        cells.append(Text("" if finding is None else finding.shown[:24], style=colour))
    table.add_row(Text(report.task), *cells)


def _print_profiles(console: Console, profiles: list[Profile]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("task", overflow="fold")
    for column in ("problems", "samples", "pass rate", "never", "teach", "always"):
        table.add_column(column, justify="right")
    for row in profiles:
        counts = (row.problems, row.samples, f"{row.rate:.3f}", row.never, row.teach, row.always)
        table.add_row(row.task, *map(str, counts))
    console.print(table, markup=False)


def _split(name: str) -> Split:
    from prorl.tasks.contract import Split

    try:
        return Split(name)
    except ValueError:
        raise UserError(f"there is no split {name!r}; there are {', '.join(Split)}") from None
