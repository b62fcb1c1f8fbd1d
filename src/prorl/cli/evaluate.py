"""`prorl eval`: how often a model solves held-out problems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from prorl.cli import complete
from prorl.cli.say import AsJson, emit
from prorl.errors import UserError

if TYPE_CHECKING:
    import polars as pl
    from rich.table import Table

    from prorl.boundary.rates import Rates
    from prorl.recipe.schema import Recipe


_K = "Report pass@k; may be repeated, and pass@1 always is. Default: 1 and --samples."


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="Catalogue name, Hugging Face folder or id, a run's folder (newest checkpoint), RUN@STEP or RUN@best.",
            autocompletion=complete.models,
        ),
    ],
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TASK]...",
            help="Names, patterns such as 'math/*', suites, and option=value.",
            autocompletion=complete.tasks,
        ),
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            "-r",
            metavar="RECIPE|RUN",
            autocompletion=complete.recipes,
            help="Ask what the final comparison of this recipe or run asks. A run is measured by its own if neither "
            "this nor a task is given.",
        ),
    ] = None,
    problems: Annotated[int | None, typer.Option(help="Problems of each task. Default: 24.", min=1)] = None,
    samples: Annotated[int | None, typer.Option(help="Completions of each problem. Default: 16.", min=1)] = None,
    k: Annotated[list[int] | None, typer.Option("--k", "-k", help=_K, min=1)] = None,
    worked_examples: Annotated[int, typer.Option(help="Solved problems shown before the question.", min=0)] = 0,
    max_new_tokens: Annotated[
        int | None, typer.Option(help="Longest completion, in tokens. Default: 64.", min=1)
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="Of the sampling distribution. Default: 1.", min=0.01, max=100),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of the random numbers. Default: 0.", min=0)] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Also write the samples to this Parquet file.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sample a model on held-out problems; pass@1 and pass@k by task, with 95 % intervals.

    What isn't given is as in the recipe or run that says what is asked; defaults told below are those of tasks.
    Tokens are drawn from all of them (top-p 1), unless a recipe says otherwise.

    The problems are of the test split, which no training sees. Equal settings and seeds ask the same problems with the
    same random numbers, so files written by --out can be compared pairwise.

    \b
    prorl eval smollm2-135m reasoning_gym/gcd reasoning_gym/lcm --worked-examples 2
    prorl eval runs/mine
    prorl eval runs/mine@best --samples 64 -k 1 -k 8 -k 64
    prorl eval smollm2-135m --recipe runs/mine --out base.parquet
    """
    from prorl.boundary.rates import rates
    from prorl.boundary.samples import check_new
    from prorl.policy.progress import on_terminal
    from prorl.run.measure import measure

    if out is not None:
        check_new(out)
    changed: dict[str, int | float | None] = {"problems_per_task": problems, "samples": samples}
    changed |= {"max_new_tokens": max_new_tokens, "temperature": temperature}
    wanted = _settings(model, words or [], recipe, worked_examples, seed, changed)
    most = wanted.evaluation.samples if wanted.evaluation else 1
    ks = sorted({1, *(k or [most])})
    if ks[-1] > most:
        raise UserError(f"pass@{ks[-1]} needs {ks[-1]} samples of every problem; raise --samples from {most}")
    errors = Console(stderr=True)
    status = errors.status("")

    def told(done: int, total: int) -> None:
        status.update(f"{done}/{total} problems")
        status.start()

    try:
        table = measure(model, wanted, told, lambda: on_terminal(model, errors))
    finally:
        status.stop()
    found = rates(table, ks)
    if as_json:
        emit({"model": model, "tasks": [row.to_dict() for row in found[:-1]], "overall": found[-1].to_dict()})
    else:
        console = Console(highlight=False, emoji=False)
        console = console if console.is_terminal else Console(highlight=False, emoji=False, width=160)
        console.print(_table(found, ks), markup=False)
    if out is not None:
        _write(table, out, told=not as_json)


def _write(table: pl.DataFrame, out: Path, told: bool) -> None:
    from prorl.boundary.samples import write

    try:
        write(table, out)
    except OSError as error:
        raise UserError(f"{out}: {error.strerror}, so the samples are lost; choose another --out") from None
    if told:
        typer.echo(f"samples: {out}")


def _settings(
    model: str,
    words: list[str],
    recipe: str | None,
    worked_examples: int,
    seed: int | None,
    changed: dict[str, int | float | None],
) -> Recipe:
    """What is to be asked: of tasks named one by one, of a recipe, or of the run that the model comes from."""
    from prorl.recipe.schema import Evaluation
    from prorl.run.measure import of_tasks, recipe_of
    from prorl.tasks.choose import chosen

    given = {key: value for key, value in changed.items() if value is not None}
    run = model.rpartition("@")[0] or model
    if words:
        if recipe is not None:
            raise UserError(f"--recipe {recipe} says what is asked; leave out the tasks, or it")
        defaults = {"problems_per_task": 24, "samples": 16, "max_new_tokens": 64}
        return of_tasks(chosen(words), worked_examples, seed or 0, {**defaults, **given})
    if recipe is None and not (Path(run) / "recipe.yaml").is_file():
        raise UserError("say what to ask: tasks (prorl tasks list) or --recipe RECIPE")
    if worked_examples:
        raise UserError("--worked-examples goes with tasks; a recipe has its own")
    found = recipe_of(recipe or run)
    evaluation = (found.evaluation or Evaluation()).model_copy(update=given)
    update = {"evaluation": evaluation} | ({"seed": seed} if seed is not None else {})
    return found.model_copy(update=update)


def _table(found: list[Rates], ks: list[int]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("per cent", overflow="fold")
    table.add_column("problems", justify="right")
    for k in ks:
        table.add_column(f"pass@{k} [95%]", justify="right", no_wrap=True)
    for name in ("tolerant", "unparseable", "cut off", "failed", "tokens"):
        table.add_column(name, justify="right")
    for row in found:
        passed = (
            f"{100 * p.estimate:.1f} [{100 * p.low:.1f}, {100 * p.high:.1f}]" for p in map(row.pass_at.get, ks) if p
        )
        shares = (row.tolerant, row.unparseable, row.unfinished, row.timeouts + row.errors)
        cells = (row.task, str(row.problems), *passed, *(f"{100 * share:.1f}" for share in shares), f"{row.tokens:.1f}")
        table.add_row(*cells, style="bold" if row is found[-1] else None)
    return table
