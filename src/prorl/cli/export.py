"""`prorl export`: any checkpoint as a Hugging Face folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prorl.cli import complete


def export(
    run: Annotated[Path, typer.Argument(help="Folder of the run.", autocompletion=complete.runs)],
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder for the model.")],
    step: Annotated[str, typer.Option("--step", help="A step with a checkpoint, latest, or best.")] = "latest",
) -> None:
    """Write the policy of a checkpoint as a Hugging Face folder.

    \b
    prorl export runs/mine --step best --out model
    """
    from prorl.run.export import export_checkpoint

    typer.echo(export_checkpoint(run, step, out))
