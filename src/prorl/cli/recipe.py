"""`prorl recipe`: look at recipes before running them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from prorl.recipe import load as recipes

app = typer.Typer(help="Recipes: what a run is.", no_args_is_help=True)


@app.command("list")
def list_recipes() -> None:
    """Show the recipes that ship with the package."""
    for name in recipes.packaged():
        typer.echo(f"{name:<20} {recipes.load(name).description}")


@app.command("show")
def show(
    recipe: Annotated[str, typer.Argument(help="Name of a shipped recipe, or path of a .yaml file.")],
    changes: Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Changes to apply.")] = None,
    gpus: Annotated[
        str | None, typer.Option("--gpus", help="Estimate memory and time on such GPUs, e.g. 8xH100.")
    ] = None,
) -> None:
    """Print a recipe with every value resolved, and what follows from it."""
    from rich.syntax import Syntax

    from prorl.policy.shape import shape_of
    from prorl.recipe.derived import derive

    loaded = recipes.load(recipe, changes or ())
    console = Console()
    text = recipes.to_yaml(loaded)
    if console.is_terminal:
        console.print(Syntax(text, "yaml", background_color="default"))
    else:
        typer.echo(text)
    typer.echo("# derived")
    for name, value in derive(loaded, shape_of(loaded.model)).items():
        typer.echo(f"# {name}: {value}")
    if gpus is not None:
        from prorl.recipe.estimate_text import describe

        for name, value in describe(loaded, shape_of(loaded.model), gpus).items():
            typer.echo(f"# {name}: {value}")
