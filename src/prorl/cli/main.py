"""The command line. Exit codes: 0 done, 2 something the user can mend, 1 a fault, 3 a guard stopped the run."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from prorl import __version__
from prorl.cli import (
    ask,
    boundary,
    doctor,
    evaluate,
    export,
    lineage,
    models,
    recipe,
    rejudge,
    report,
    tasks,
    train,
    watch,
)
from prorl.errors import IntegrityError, UserError

_HOME = re.compile(r"(--[\w-]+=)(~.*)", re.DOTALL)
"""`--out=~/runs/mine`, in which a shell leaves `~` alone; in `--out ~/runs/mine` it puts the home folder itself."""


class _Commands(TyperGroup):
    """Puts the home folder where it was meant, so that no folder is called `~`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As ever, from words in which `~` stands for nothing any more."""
        return super().parse_args(ctx, [_at_home(word) for word in args])


def _at_home(word: str) -> str:
    found = _HOME.fullmatch(word)
    try:
        return f"{found[1]}{Path(found[2]).expanduser()}" if found else word
    except RuntimeError:
        raise UserError(f"{word}: nobody here has that home folder; write the folder out") from None


app = typer.Typer(
    name="prorl",
    cls=_Commands,
    help="Train language models with prolonged reinforcement learning, and measure what it changed.",
    epilog="Begin with: prorl train quickstart. Exit codes: 0 done, 1 a fault, 2 something you can mend.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS: dict[str, dict[str, Callable[..., None]]] = {
    "Train": {
        "train": train.train, "reset": ask.reset, "pause": ask.pause, "continue": ask.go_on, "stop": ask.stop,
    },
    "Look": {"watch": watch.watch, "report": report.report, "lineage": lineage.lineage},
    "Measure": {
        "eval": evaluate.evaluate, "boundary": boundary.boundary, "rejudge": rejudge.rejudge, "export": export.export,
    },
}  # fmt: skip
"""By the panel of `--help` that they stand in."""

for panel, commands in COMMANDS.items():
    for name, command in commands.items():
        app.command(name, rich_help_panel=panel)(command)
for name, group in {"recipe": recipe.app, "tasks": tasks.app, "models": models.app}.items():
    app.add_typer(group, name=name, rich_help_panel="Look up")
app.command("doctor", rich_help_panel="Look up")(doctor.doctor)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"prorl {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """What holds for every command."""


INTERRUPTED = 130
"""Exit code of whoever leaves at once because of Ctrl-C; the command line's library makes it from the interrupt."""


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
    except SystemExit as left:
        if left.code == INTERRUPTED:
            training = sys.argv[1:2] == ["train"]
            _tell("prorl: interrupted" + ("; a run goes on with: prorl train --resume RUN_DIR" if training else ""))
        raise


def _tell(line: str) -> None:
    Console(stderr=True, soft_wrap=True, highlight=False, emoji=False).print(line, markup=False)
