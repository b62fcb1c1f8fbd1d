"""`prorl report`: one page about a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from prorl.cli import complete
from prorl.errors import UserError

FORMATS = (".svg", ".png", ".pdf")
"""Endings of a figure's name."""


def report(
    run: Annotated[Path, typer.Argument(help="Folder of a finished or running job.", autocompletion=complete.runs)],
    figure: Annotated[Path | None, typer.Option(help="Also draw the run into this .svg, .png or .pdf file.")] = None,
) -> None:
    """Write RUN/report.html from the run's files: one page that needs no network.

    `prorl train` does it at the end, too.

    \b
    prorl report runs/mine
    prorl report runs/mine --figure mine.svg
    """
    if figure is not None and figure.suffix.lower() not in FORMATS:
        raise UserError(f"--figure {figure}: its name must end in {' or '.join(FORMATS)}, which says what is drawn")
    if not (run / "recipe.yaml").is_file():
        raise UserError(f"{run} holds no run (no recipe.yaml); give the folder that prorl train wrote")
    from prorl.run.report import write_report

    try:
        typer.echo(write_report(run))
    except OSError as error:
        raise UserError(f"{run / 'report.html'}: {error.strerror}; make the folder writable, or copy it") from None
    if figure is not None:
        from prorl.run.figure import run_figure

        run_figure(run, figure)
        typer.echo(figure)
