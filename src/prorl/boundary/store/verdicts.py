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
_EMPTY: dict[str, Any] = dict.fromkeys(VERDICT)
"""In place of the verdict on a right answer to a problem that wasn't asked when the others were judged."""
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
    answer. Of a problem that isn't in `problems` these are judged once it is; without `only_solved` it is a UserError.
    Equal texts of a problem are judged once.
    """
    files = [file for file in store.parts(key).files if not _is_judged(_beside(store, label, file), problems)]
    judged = 0
    for done, file in enumerate(files):
        told(done, len(files))
        rows = pl.read_parquet(file, columns=[*WHO, "text", *VERDICT], glob=False)
        absent = set(rows["problem"].unique()) - problems.keys()
        if absent and not only_solved:
            raise UserError(
                f"{file}: {len(absent)} problems are not among those of the suite ({min(absent)}); "
                "name the suite and the options that were asked"
            )
        beside = _beside(store, label, file)
        before = pl.read_parquet(beside, columns=list(VERDICT), glob=False).to_dicts() if beside.exists() else None
        texts: dict[tuple[str, str], Future[Verdict]] = {}
        verdicts: list[Future[Verdict] | dict[str, Any]] = []
        for row, known in zip(rows.iter_rows(named=True), before or [_EMPTY] * rows.height, strict=True):
            kept = _kept(row, known, problems, only_solved)
            place = row["problem"], row["text"]
            if kept is None and place not in texts:
                texts[place] = judge(problems[row["problem"]], row["text"])
            verdicts.append(texts[place] if kept is None else kept)
        columns = [found if isinstance(found, dict) else verdict_columns(found.result()) for found in verdicts]
        fresh = pl.DataFrame(columns, schema={name: SCHEMA[name] for name in VERDICT})
        write_whole(pl.concat([rows.select(WHO), fresh], how="horizontal"), beside)
        judged += sum(isinstance(found, Future) for found in verdicts)
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
            raise UserError(f"{store.folder}: some samples have no verdict {label!r}; run prorl rejudge again")
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


def _kept(
    row: Mapping[str, Any], known: dict[str, Any], problems: Mapping[str, Problem], only_solved: bool
) -> dict[str, Any] | None:
    """The verdict with which a sample stays, or None if it is to be judged."""
    if known != _EMPTY:
        return known
    if only_solved and row["score"] < SUCCESS:
        return {name: row[name] for name in VERDICT}
    return None if row["problem"] in problems else _EMPTY


def _is_judged(beside: Path, problems: Mapping[str, Problem]) -> bool:
    """Whether a part has its verdicts, as far as these problems call for them."""
    if not beside.exists():
        return False
    verdicts = pl.read_parquet(beside, columns=["problem", "outcome"], glob=False)
    return not verdicts.filter(pl.col("outcome").is_null() & pl.col("problem").is_in(list(problems))).height


def _beside(store: Store, label: str, part: Path) -> Path:
    return store.folder / "verdicts" / checked_label(label) / part.relative_to(store.folder / "samples")
