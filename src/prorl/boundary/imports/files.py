"""The files of samples that are meant: each of them once, also under two names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from prorl.boundary.imports import lm_eval
from prorl.errors import UserError
from prorl.files import sha256_of


def files_of(paths: Sequence[Path]) -> list[Path]:
    """All files of samples that these files and folders hold, in order.

    Raises UserError where there is none, and for one that is given twice or a copy of another: its samples would count
    twice. Files that lm-evaluation-harness wrote name neither model nor task, so of two models they may be alike.
    """
    files = [found for path in paths for found in _within(path)]
    times = Counter(file.resolve() for file in files)
    for file in files:
        if times[file.resolve()] > 1:
            raise UserError(f"{file}: it is given twice, and its samples would count twice; give every file once")
    sizes = Counter(file.stat().st_size for file in files)
    known: dict[tuple[str, ...], Path] = {}
    for file in files:
        if sizes[file.stat().st_size] > 1:
            of = (file.parent.name, lm_eval.task_of(file)) if lm_eval.looks_like(file) else ()
            first = known.setdefault((sha256_of(file), *of), file)
            if first is not file:
                raise UserError(
                    f"{file} holds just what {first} holds, and it would count twice; leave one of them out"
                )
    return files


def _within(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found = sorted([*path.rglob("*.jsonl"), *path.rglob("*.parquet")]) if path.is_dir() else []
    if not found:
        raise UserError(f"{path}: there are no samples; give Parquet or JSONL files, or a folder of them")
    return found
