"""Evidence from samples that are there: files of several kinds, and folders that `prorl boundary` wrote."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from prorl.boundary.imports import generic, lm_eval, ours
from prorl.boundary.imports.files import files_of
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.tally import answer_counts, outcome_shares, right_answers
from prorl.boundary.samples import counts
from prorl.boundary.store.rows import SCHEMA
from prorl.errors import UserError
from prorl.tasks.names import OVERALL


def evidence_of(
    paths: Sequence[Path], models: Sequence[str], samples: int | None, command: str, verdicts: str | None = None
) -> Evidence:
    """What these samples show. `models` names the base and the models to compare with it, in order.

    Of every problem the first `samples` are counted, or as many as every problem has. A folder of `prorl boundary`
    stands alone, for it holds the controls too. Raises UserError for files, names or numbers that don't fit.
    """
    folders = [path for path in paths if path.is_dir() and (path / "keys.json").is_file()]
    if folders:
        if len(paths) > 1:
            raise UserError(f"{folders[0]} is a folder of prorl boundary; give it alone, or Parquet files out of it")
        return ours.evidence_of(folders[0], models, samples, command, verdicts)
    if verdicts:
        raise UserError("--verdicts goes with a folder of prorl boundary; files have the verdicts that stand in them")
    rows, notes = _rows(paths)
    there = rows.select(pl.col("model").unique(maintain_order=True)).collect()["model"].to_list()
    names = _chosen(list(models), there)
    rows = rows.filter(pl.col("model").is_in(names))
    fewest = int(rows.group_by("model", "task", "problem").agg(pl.len()).select(pl.col("len").min()).collect().item())
    if samples is not None and fewest < samples:
        raise UserError(f"--samples {samples}: a problem has only {fewest}; ask for at most so many")
    kept = samples or fewest
    left_out = rows.select(pl.len()).collect().item()
    rows = rows.filter(pl.int_range(pl.len()).over("model", "task", "problem", order_by="sample") < kept)
    left_out -= rows.select(pl.len()).collect().item()
    if left_out:
        notes.append(f"{left_out} samples beyond the first {kept} of a problem are left out: all need equally many")
    of_models = {name: rows.filter(pl.col("model") == name) for name in names}
    counted = {name: counts(part) for name, part in of_models.items()}
    tasks = sorted({str(task) for frame in counted.values() for task in frame["task"].unique()})
    return Evidence(
        counts=counted,
        samples=kept,
        source={
            "command": command, "files": [str(path) for path in paths], "samples": kept, "notes": notes,
            "problems": counted[names[0]].height, "tasks": tasks,
        },
        answers=_answers(of_models),
        shares={name: outcome_shares(part) for name, part in of_models.items()},
        right={name: right_answers(part) for name, part in of_models.items()},
    )  # fmt: skip


def _rows(paths: Sequence[Path]) -> tuple[pl.LazyFrame, list[str]]:
    """All samples of all files; those of a problem that stand in several files are numbered on."""
    frames: list[pl.LazyFrame] = []
    notes: list[str] = []
    for file in files_of(paths):
        frame, said = (lm_eval.read(file), []) if lm_eval.looks_like(file) else generic.read(file)
        if OVERALL in frame.select(pl.col("task").unique()).collect()["task"]:
            raise UserError(f"{file}: a task is called {OVERALL}, as the mean of all tasks is; give it another name")
        frames.append(frame)
        notes += said
    if len(frames) == 1:
        return frames[0], notes
    number = pl.col("sample").cast(pl.Int64)
    numbered = [frame.with_columns(sample=number + index * 10**7) for index, frame in enumerate(frames)]
    again = pl.int_range(pl.len()).over("model", "task", "problem", order_by="sample").cast(SCHEMA["sample"])
    return pl.concat(numbered).with_columns(sample=again), notes


def _chosen(models: list[str], there: list[str]) -> list[str]:
    """The models to compare, the base first."""
    unknown = [name for name in models if name not in there]
    if unknown or len(models) < 2:
        problem = f"there are no samples of {', '.join(unknown)}" if unknown else "name the base and a model to compare"
        raise UserError(f"{problem}; the samples are of {', '.join(there)}")
    return models


def _answers(of_models: dict[str, pl.LazyFrame]) -> dict[str, pl.DataFrame]:
    """Counts of answers by model; none unless the samples of all models say what was answered."""
    said = (part.select(pl.col("answer").is_not_null().any()).collect().item() for part in of_models.values())
    return {name: answer_counts(part) for name, part in of_models.items()} if all(said) else {}
