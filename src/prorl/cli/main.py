"""The command line. Exit codes: 0 done, 2 something the user can mend, 1 a fault, 3 a guard stopped the run."""

from __future__ import annotations

import sys

import typer
from rich.console import Console

from prorl import __version__
from prorl.cli import ask, boundary, doctor, export, lineage, models, recipe, rejudge, report, tasks, train
from prorl.errors import IntegrityError, UserError

app = typer.Typer(
    name="prorl",
    help="Train language models with prolonged reinforcement learning, and measure what it changed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("train")(train.train)
app.command("reset")(ask.reset)
app.command("pause")(ask.pause)
app.command("continue")(ask.go_on)
app.command("stop")(ask.stop)
app.command("lineage")(lineage.lineage)
app.command("export")(export.export)
app.command("report")(report.report)
app.command("boundary")(boundary.boundary)
app.command("rejudge")(rejudge.rejudge)
app.command("doctor")(doctor.doctor)
app.add_typer(recipe.app, name="recipe")
app.add_typer(models.app, name="models")
app.add_typer(tasks.app, name="tasks")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"prorl {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """What holds for every command."""


def main() -> None:
    """Run the command line; errors that were foreseen are one line on standard error."""
    try:
        app()
    except UserError as error:
        _tell(f"prorl: {error}")
        sys.exit(2)
    except IntegrityError as error:
        _tell(f"prorl: {error}")
        sys.exit(1)
    except KeyboardInterrupt:
        _tell("prorl: interrupted; go on with: prorl train --resume RUN_DIR")
        sys.exit(130)


def _tell(line: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False).print(line, markup=False)
