"""What commands say: one JSON value on standard output to machines, and others' texts to a terminal."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any
from unicodedata import category

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead, for programs.")]
"""The option that every command has which prints something worth reading."""

_UNPRINTABLE = ("Cc", "Cs")
"""Categories of control characters, ESC among them, and of halves of characters, which no stream takes."""


def emit(value: Any) -> None:
    """Print a value of plain data as JSON. A number that isn't finite is null: JSON has no word for it."""
    typer.echo(json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, indent=1, default=str))


def printable(text: str) -> str:
    """Text that others wrote, for a terminal: control characters but line breaks and tabs are shown as ·."""
    return "".join("·" if category(char) in _UNPRINTABLE and char not in "\n\t" else char for char in text)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
