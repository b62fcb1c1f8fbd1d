"""`prorl recipe`: look at recipes before running them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from prorl.cli import complete
from prorl.cli.say import AsJson, emit

app = typer.Typer(help="Recipes: what a run is.", no_args_is_help=True)

Name = Annotated[
    str, typer.Argument(help="Name of a shipped recipe, or path of a .yaml file.", autocompletion=complete.recipes)
]
Changes = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Changes to apply.")]


@app.command("list")
def list_recipes(as_json: AsJson = False) -> None:
    """Show the recipes that ship with the package."""
    from prorl.recipe import load as recipes

    found = {name: recipes.load(name) for name in recipes.packaged()}
    if as_json:
        emit(
            {
                name: {"description": r.description, "model": r.model, "steps": r.total_steps}
                for name, r in found.items()
            }
        )
        return
    for name, recipe in found.items():
        typer.echo(f"{name:<20} {recipe.description}")


@app.command("show")
def show(
    recipe: Name,
    changes: Changes = None,
    gpus: Annotated[
        str | None, typer.Option("--gpus", help="Estimate memory and time on such GPUs, e.g. 8xH100.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print a recipe with every value resolved, and what follows from it.

    \b
    prorl recipe show quickstart
    prorl recipe show quickstart rollout.samples_per_prompt=32
    prorl recipe show quickstart > mine.yaml
    prorl recipe show prorl-v2-1.5b --gpus 8xH100
    """
    from rich.syntax import Syntax

    from prorl.kernels.build import has_tiles
    from prorl.policy.shape import shape_of
    from prorl.recipe import load as recipes
    from prorl.recipe.derived import derive
    from prorl.recipe.estimate_text import describe

    loaded = recipes.load(recipe, changes or ())
    shape = shape_of(loaded.model)
    derived = derive(loaded, shape, has_tiles()) | (describe(loaded, shape, gpus) if gpus is not None else {})
    if as_json:
        emit({"recipe": loaded.model_dump(mode="json"), "derived": derived})
        return
    console = Console()
    text = recipes.to_yaml(loaded)
    if console.is_terminal:
        console.print(Syntax(text, "yaml", background_color="default"))
    else:
        typer.echo(text)
    typer.echo("# derived")
    for name, value in derived.items():
        typer.echo(f"# {name}: {value}")


@app.command("diff")
def diff(one: Name, other: Name, changes: Changes = None, as_json: AsJson = False) -> None:
    """Show every value in which two recipes differ; KEY=VALUE changes the second one.

    A run's recipe is its recipe.yaml. Exit code 0 whether they differ or not.

    \b
    prorl recipe diff prorl-v1-1.5b prorl-v2-1.5b
    prorl recipe diff quickstart runs/mine/recipe.yaml
    prorl recipe diff quickstart quickstart rollout.temperature=1.2
    """
    from rich.table import Table

    from prorl.recipe.load import load
    from prorl.recipe.text import write_line
    from prorl.run.edits import changes as differences

    found = differences(load(one), load(other, changes or ()))
    if as_json:
        emit([{"key": change.key, "before": change.before, "after": change.after} for change in found])
        return
    if not found:
        typer.echo("no value differs")
        return
    table = Table("key", box=None, padding=(0, 2, 0, 0))
    for name in (one, other):
        table.add_column(name, overflow="fold")
    for change in found:
        table.add_row(change.key, write_line(change.before), write_line(change.after))
    console = Console(emoji=False)
    (console if console.is_terminal else Console(emoji=False, width=160)).print(table, highlight=False, markup=False)
