"""Numbers by step: `metrics.jsonl` (equal for equal runs, byte by byte) and `timings.jsonl` (the clock's)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prorl.errors import IntegrityError
from prorl.run import jsonl

Value = float | int | str


class MetricsLog:
    """Appends one JSON line a step to `path`; keys in the order given, floats with every digit."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._mended = False

    def append(self, step: int, values: Mapping[str, Value]) -> None:
        """Write the values of one step. A step cut off by the death of an earlier process is dropped first."""
        if values.get("step", step) != step:
            raise ValueError(f"{self.path.name}: values of step {values['step']} given for step {step}")
        if not self._mended and jsonl.cut_off_tail(self.path):
            _rewrite(self.path, None)
        self._mended = True
        jsonl.append(self.path, jsonl.encode({"step": step, **values}))

    def truncate_after(self, step: int) -> None:
        """Forget every step beyond `step`: what a resumed run is about to do again. The kept lines don't change."""
        if self.path.exists():
            _rewrite(self.path, step)
        self._mended = True


def read(path: Path) -> list[dict[str, Any]]:
    """Every whole line as a record; a cut-off last line is left out.

    Raises IntegrityError when a line before the last is not a record: then the file was damaged, not interrupted.
    """
    return [record for _, record in _whole_lines(Path(path))]


def _whole_lines(path: Path) -> list[tuple[bytes, dict[str, Any]]]:
    found: list[tuple[bytes, dict[str, Any]]] = []
    content = jsonl.lines(path)
    for number, line in enumerate(content, start=1):
        record = jsonl.decode(line)
        if record is not None and isinstance(record.get("step"), int):
            found.append((line, record))
        elif number < len(content):
            raise IntegrityError(f"{path}: line {number} is not a record with a step; restore the file from a copy")
    return found


def _rewrite(path: Path, last_step: int | None) -> None:
    kept = [line for line, record in _whole_lines(path) if last_step is None or record["step"] <= last_step]
    jsonl.replace(path, b"".join(line + b"\n" for line in kept))
