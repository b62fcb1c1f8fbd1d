"""`prorl watch`: a run on the terminal, live, from its files alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from prorl.cli import complete
from prorl.cli.say import AsJson, emit


def watch(
    run: Annotated[Path, typer.Argument(help="Folder of a running or finished job.", autocompletion=complete.runs)],
    once: Annotated[
        bool, typer.Option("--once", help="Draw it once and leave; so it is where output is no terminal.")
    ] = False,
    every: Annotated[float, typer.Option(help="Seconds between looks at the files.", min=0.1, max=86_400)] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Show a run: curves, stages and resets, tasks, the last rollouts and the journal.

    It reads the run's files and nothing else, so it can be started and ended at any time and on any machine that sees
    the folder. Keys: q leaves, space shows more rollouts. With --json: where the run stands, once.

    \b
    prorl watch runs/mine
    prorl watch runs/mine --once
    prorl watch runs/mine --json
    """
    from prorl.run.watch_data import Watched
    from prorl.run.watch_view import View

    watched = Watched(run)
    if as_json:
        emit(watched.look().to_dict())
        return
    console = Console(highlight=False)
    if once or not console.is_terminal or not sys.stdin.isatty():
        height = console.size.height if console.is_terminal else 50
        for line in View(watched.look()).lines(console.width, height):
            console.print(line, no_wrap=True, crop=True)
        return
    from prorl.run.watch_live import live

    live(watched, console, every)
