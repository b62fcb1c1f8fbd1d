"""The terminal view redrawn until a person leaves."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live

from prorl.run.watch_data import Watched
from prorl.run.watch_view import View

LEAVE = ("q", "Q", "\x03", "\x04")
"""Keys that end it, as Escape does."""
END = b"\x04"
"""What stands for a terminal that is gone."""


def live(watched: Watched, console: Console, every: float) -> None:
    """Show the run on the whole terminal until q or Ctrl-C."""
    page = 0
    with _keys(), Live(console=console, screen=True, auto_refresh=False) as drawing:
        try:
            while True:
                drawing.update(View(watched.look(), page, keys=True), refresh=True)
                keys = _pressed(every)
                if keys == "\x1b" or keys[:1] in LEAVE:
                    return
                page += keys.count(" ")
        except KeyboardInterrupt:
            return


@contextmanager
def _keys() -> Iterator[None]:
    """Keys arrive one by one and unseen, as they are pressed; the terminal is as it was afterwards.

    Ctrl-C is a key like the others: an interruption may come where it is swallowed, in the middle of a drawing.
    """
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        quiet = termios.tcgetattr(sys.stdin)
        quiet[3] &= ~termios.ISIG
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _pressed(seconds: float) -> str:
    """What is pressed within so many seconds, or nothing; an arrow and its like are several characters at once."""
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    return (os.read(sys.stdin.fileno(), 64) or END).decode(errors="replace") if ready else ""
