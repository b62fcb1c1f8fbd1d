"""Verdicts of another verifier, beside the samples: nothing is sampled again and nothing is overwritten."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import polars as pl

from prorl.boundary.samples import SUCCESS, write_whole
from prorl.boundary.store.fill import verdict_columns
from prorl.boundary.store.key import Key
from prorl.boundary.store.rows import SCHEMA, VERDICT, WHO
from prorl.boundary.store.store import Store
from prorl.errors import UserError
from prorl.tasks.contract import Problem, Verdict

Judge = Callable[[Problem, str], Future[Verdict]]
_LABEL = re.compile(r"[\w.-]+")


def rejudge(
    store: Store,
    key: Key,
    label: str,
    judge: Judge,
    problems: Mapping[str, Problem],
    told: Callable[[int, int], None] = lambda done, total: None,
    only_solved: bool = False,
) -> int:
    """Judge every sample of a key that has no verdict called `label` yet; returns how many were judged.

    With `only_solved`, samples that were no success keep their verdict: for judges of the reasoning behind a right
    answer. Equal texts of a problem are judged once. Raises UserError for a problem that isn't in `problems`.
    """
    files = [file for file in store.parts(key).files if not _beside(store, label, file).exists()]
    judged = 0
    for done, file in enumerate(files):
        told(done, len(files))
        rows = pl.read_parquet(file, columns=[*WHO, "text", *VERDICT], glob=False)
        absent = set(rows["problem"].unique()) - problems.keys()
        if absent:
            raise UserError(
                f"{file}: {len(absent)} problems are not among those of the suite ({min(absent)}); "
                "name the suite and the options that were asked"
            )
        texts: dict[tuple[str, str], Future[Verdict]] = {}
        verdicts: list[Future[Verdict] | dict[str, Any]] = []
        for row in rows.iter_rows(named=True):
            if only_solved and row["score"] < SUCCESS:
                verdicts.append({name: row[name] for name in VERDICT})
                continue
            place = row["problem"], row["text"]
            if place not in texts:
                texts[place] = judge(problems[row["problem"]], row["text"])
            verdicts.append(texts[place])
        columns = [found if isinstance(found, dict) else verdict_columns(found.result()) for found in verdicts]
        fresh = pl.DataFrame(columns, schema={name: SCHEMA[name] for name in VERDICT})
        write_whole(pl.concat([rows.select(WHO), fresh], how="horizontal"), _beside(store, label, file))
        judged += rows.height
    return judged


def scan(store: Store, key: Key, label: str, columns: Iterable[str] = SCHEMA.names()) -> pl.LazyFrame:
    """The rows of a key with the verdicts called `label` in place of the first ones.

    Raises UserError if some samples have none.
    """
    wanted = list(columns)
    frames = []
    for file in store.parts(key).files:
        beside = _beside(store, label, file)
        if not beside.exists():
            raise UserError(f"{store.folder}: some samples have no verdict {label!r}; run prorl boundary rejudge again")
        fresh, first = (pl.scan_parquet(path, glob=False) for path in (beside, file))
        rest = first.select(name for name in wanted if name not in (*WHO, *VERDICT))
        frames.append(pl.concat([fresh, rest], how="horizontal").select(wanted))
    return pl.concat(frames) if frames else store.parts(key).scan(wanted)


def labels(store: Store) -> list[str]:
    """The verdicts that stand beside the first ones."""
    return sorted(folder.name for folder in (store.folder / "verdicts").glob("*") if folder.is_dir())


def checked_label(label: str) -> str:
    """The label, if a folder can be called so. Raises UserError."""
    if not _LABEL.fullmatch(label):
        raise UserError(f"label {label!r}: use letters, digits, dots, - and _")
    return label


def _beside(store: Store, label: str, part: Path) -> Path:
    return store.folder / "verdicts" / checked_label(label) / part.relative_to(store.folder / "samples")
