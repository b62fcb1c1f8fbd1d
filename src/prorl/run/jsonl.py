"""Files of one JSON object a line that survive `kill -9`: whole-line appends, and a tail that may be cut off."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from prorl.files import append, lines, replace

__all__ = ["append", "cut_off_tail", "decode", "encode", "lines", "replace"]

_NON_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def encode(record: dict[str, Any]) -> bytes:
    """One line of valid JSON with keys in the given order; non-finite floats become "nan", "inf" or "-inf"."""
    return json.dumps(_to_json(record), allow_nan=False, separators=(", ", ": ")).encode() + b"\n"


def decode(line: bytes) -> dict[str, Any] | None:
    """The record of one line, or None if the line is not a whole JSON object. "nan" and "inf" become floats again."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return _from_json(record) if isinstance(record, dict) else None


def cut_off_tail(path: Path) -> bytes:
    """What follows the last newline: empty unless the last write was interrupted (or is under way)."""
    if not path.exists():
        return b""
    content = path.read_bytes()
    return content[content.rfind(b"\n") + 1 :]


def _to_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _to_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    number = float(value)
    if math.isfinite(number):
        return number
    return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


def _from_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_from_json(item) for item in value]
    return _NON_FINITE.get(value, value) if isinstance(value, str) else value
