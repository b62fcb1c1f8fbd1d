"""`prorl train`: begin a run or go on with one."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from prorl.cli import complete
from prorl.cli.say import AsJson, emit
from prorl.errors import UserError

if TYPE_CHECKING:
    from prorl.run.job import Result


def train(
    recipe: Annotated[
        str | None,
        typer.Argument(help="Name of a shipped recipe, or path of a .yaml file.", autocompletion=complete.recipes),
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Changes, e.g. rollout.temperature=1.2")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="New folder for the run. Default: runs/RECIPE.")
    ] = None,
    resume: Annotated[
        Path | None, typer.Option("--resume", help="Go on with the run in this folder.", autocompletion=complete.runs)
    ] = None,
    fork: Annotated[
        str | None, typer.Option("--fork", metavar="RUN@STEP", help="Begin with the policy of that checkpoint.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Train a model and compare it with its base on held-out problems.

    Ctrl-C finishes the step, writes a checkpoint and leaves; twice leaves at once. A finished run goes on by --resume
    when its last stage gets more steps, or another stage comes after it. Exit codes: 0 done or stopped by
    you, 1 a fault, 2 something you can mend, 3 a guard stopped the run.

    \b
    prorl train quickstart
    prorl train quickstart seed=1 compute.precision=fp32 --out runs/mine
    prorl train --resume runs/mine
    prorl train --resume runs/mine stages.second.steps=40
    prorl train quickstart seed=2 --fork runs/mine@12
    """
    if recipe is not None and "=" in recipe and not Path(recipe).is_file():
        if resume is None:
            raise UserError(
                f"{recipe!r} stands in the place of the recipe, and there is no such file; name the recipe first, "
                "then changes: prorl train quickstart seed=1"
            )
        changes = [recipe, *(changes or [])]
        recipe = None
    if resume is not None and (recipe is not None or out is not None or fork is not None):
        raise UserError(f"--resume {resume} goes on with that run's own recipe and folder; give only KEY=VALUE with it")
    if resume is None and recipe is None:
        raise UserError("name a recipe (prorl train quickstart) or a run to go on with (--resume RUN_DIR)")
    console = Console(stderr=as_json)
    from prorl.policy.progress import on_terminal
    from prorl.recipe.load import load

    loaded = load(recipe, changes or ()) if recipe is not None else None
    from prorl.run import job, lineage
    from prorl.run.directory import free_path
    from prorl.run.progress import make_progress

    progress = make_progress(console)
    fetching = partial(on_terminal, "model", console)
    if loaded is not None:
        origin = lineage.parse(fork) if fork is not None else None
        result = job.start(loaded, out or free_path(Path("runs"), loaded.name), progress, fetching, origin)
    else:
        assert resume is not None
        result = job.resume(resume, progress, fetching, changes or ())
    if as_json:
        emit(_facts(result))
    elif result.comparison is not None:
        from prorl.boundary.table import render

        console.print(render(result.comparison))
    if not result.finished:
        typer.echo(f"stopped; go on with: prorl train --resume {result.path}", err=as_json)
    typer.echo(f"report: {result.report}", err=as_json)
    if result.stopped is not None and not result.stopped.asked:
        raise typer.Exit(3)


def _facts(result: Result) -> dict[str, Any]:
    stopped = {"reason": result.stopped.reason, "asked": result.stopped.asked} if result.stopped else None
    comparison = result.comparison.to_dict() if result.comparison else None
    facts = {"run": str(result.path), "report": str(result.report), "finished": result.finished, "stopped": stopped}
    return {**facts, "comparison": comparison}
