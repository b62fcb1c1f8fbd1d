"""Rows of a data set, from a local file, a folder of files or the Hugging Face Hub.

JSONL, JSON, Parquet and CSV files are read; of each row only the columns asked for are kept.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from prorl.errors import UserError, lines_of

HUB = "hf:"
SUFFIXES = (".parquet", ".jsonl", ".json", ".csv")
"""The kinds of files that are read."""

Row = dict[str, Any]
_ABSENT = object()


def rows(source: str, *, columns: Sequence[str], task: str, optional: Sequence[str] = ()) -> list[Row]:
    """All rows of `source` in order, each with the `columns` and the `optional` ones, under the names given here.

    `source` is a `.jsonl`, `.json`, `.parquet` or `.csv` file, a folder whose files of these kinds are read in the
    order of their names, or `hf:owner/name[@revision][:split]`. A dotted name looks inside: `reward_model.style`.
    An optional column that is missing or null is None. `task` is whose data this is: messages begin with it.

    Raises UserError naming file, row (counted from 1) and column if a column is missing or null in a row, a file
    can't be read, or there are no rows.
    """
    read: list[Row] = []
    for path in _files(source, task):
        for number, raw in enumerate(_raw(path, (*columns, *optional), task), start=1):
            row = {name: _inside(raw, name) for name in (*columns, *optional)}
            for name in columns:
                if row[name] is None or row[name] is _ABSENT:
                    why = "is null" if row[name] is None else f"is missing; it has: {', '.join(raw) or 'nothing'}"
                    raise UserError(f"{task}: {path}, row {number}: column {name!r} {why}")
            read.append({name: None if value is _ABSENT else value for name, value in row.items()})
    if not read:
        raise UserError(f"{task}: {source} has no rows")
    return read


def _files(source: str, task: str) -> list[Path]:
    if source.startswith(HUB):
        from prorl.tasks.hub import dataset_files  # takes a moment to import

        return dataset_files(source.removeprefix(HUB), task)
    path = Path(source).expanduser()
    if path.is_dir():
        found = sorted(entry for entry in path.iterdir() if entry.is_file() and entry.suffix in SUFFIXES)
        if not found:
            raise UserError(f"{task}: folder {path} has no {', '.join(SUFFIXES)} file; name a file or another folder")
        return found
    if path.suffix not in SUFFIXES:
        kinds = f"{', '.join(SUFFIXES)} file, a folder or {HUB}owner/name[@revision][:split]"
        raise UserError(f"{task}: source {source!r} is none of these: a {kinds}")
    if not path.is_file():
        raise UserError(f"{task}: there is no file {path}")
    return [path]


def _raw(path: Path, names: Iterable[str], task: str) -> Iterable[Mapping[str, Any]]:
    """Rows as the file has them; of a Parquet file only what `names` need."""
    try:
        if path.suffix == ".parquet":
            return _parquet(path, names)
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as stream:
                return list(csv.DictReader(stream, strict=True))
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{task}: {path} cannot be read: {error}") from error
    if path.suffix == ".json" and text.lstrip().startswith("["):
        return _array(text, path, task)
    return _lines(text, path, task)


def _lines(text: str, path: Path, task: str) -> Iterator[Mapping[str, Any]]:
    # Not splitlines(): JSON texts may hold U+2028 and its like as they are.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _object(_parsed(line, f"{path}, line {number}", task), f"{path}, line {number}", task)


def _array(text: str, path: Path, task: str) -> Iterator[Mapping[str, Any]]:
    for number, entry in enumerate(_parsed(text, str(path), task), start=1):
        yield _object(entry, f"{path}, row {number}", task)


def _parsed(text: str, where: str, task: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{task}: {where}: not valid JSON: {error}") from error


def _object(entry: Any, where: str, task: str) -> Mapping[str, Any]:
    if not isinstance(entry, dict):
        raise UserError(f"{task}: {where}: a row must be a JSON object, this is {type(entry).__name__}")
    return entry


def _parquet(path: Path, names: Iterable[str]) -> Iterable[Mapping[str, Any]]:
    import polars

    try:
        there = set(polars.scan_parquet(path, glob=False).collect_schema())
        wanted = {name if name in there else name.split(".")[0] for name in names} & there
        # A file without any of the columns is read whole, so that the message can say what it has.
        frame = polars.read_parquet(path, columns=sorted(wanted) or None, glob=False)
    except (polars.exceptions.PolarsError, OSError) as error:
        raise OSError(lines_of(error)[0]) from error
    return cast(Iterable[Mapping[str, Any]], frame.iter_rows(named=True))


def _inside(row: Mapping[str, Any], name: str) -> Any:
    """The value of a column, `_ABSENT` if there is none. A name with dots is first looked for as it is."""
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return _ABSENT
        value = value[part]
    return value
