"""Telling a person how far a long step has come."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars


class Progress(Protocol):
    """Called as work goes on: `done` of `total` `unit`s of `step`. A `total` of 0 means that it isn't known."""

    def __call__(self, step: str, done: int = 0, total: int = 0, unit: str = "") -> None: ...


def silent(step: str, done: int = 0, total: int = 0, unit: str = "") -> None:
    """A `Progress` that says nothing."""


@contextmanager
def on_terminal(title: str, console: Console | None = None) -> Iterator[Progress]:
    """A `Progress` drawn on standard error: one bar a step, or one plain line a step where there is no terminal."""
    console = console or Console(stderr=True)
    if console.is_terminal:
        with _bars(title, console) as progress:
            yield progress
    else:
        yield _lines(title, console)


def _lines(title: str, console: Console) -> Progress:
    seen: set[str] = set()

    def progress(step: str, done: int = 0, total: int = 0, unit: str = "") -> None:
        if step not in seen:
            seen.add(step)
            console.print(f"{title}: {step}{_amount(0, total, unit)}", highlight=False, markup=False, soft_wrap=True)

    return progress


@contextmanager
def _bars(title: str, console: Console) -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[amount]}", markup=False),
        TimeElapsedColumn(),
    )
    with Bars(*columns, console=console) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(step: str, done: int = 0, total: int = 0, unit: str = "") -> None:
            if step not in tasks:
                for earlier in tasks.values():
                    bars.stop_task(earlier)
                tasks[step] = bars.add_task(f"{title}: {step}", total=None, amount="")
            bars.update(tasks[step], completed=done, total=total or None, amount=_amount(done, total, unit))

        yield progress


def _amount(done: int, total: int, unit: str) -> str:
    if not total:
        return ""
    if unit == "bytes":
        return f" {done / 1e6:.0f}/{total / 1e6:.0f} MB" if done else f" {total / 1e6:.0f} MB"
    return f" {done}/{total} {unit}" if done else f" {total} {unit}"
