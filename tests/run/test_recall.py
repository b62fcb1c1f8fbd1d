"""What a run that goes on from its end takes from its last validation is what was measured there."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from prorl.boundary import samples
from prorl.errors import IntegrityError
from prorl.files import sha256_of
from prorl.run import job

from .small import SHORT, decisions, recipe_of, silent


def test_an_altered_table_of_a_validation_decides_nothing(nano: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    recipe = recipe_of(
        nano, SHORT, stages=[{"name": "one", "steps": 2}], evaluation=None,
        validation={"every": 2, "problems_per_task": 1, "samples": 4},
    )  # fmt: skip
    job.start(recipe, run, silent())
    table = run / "samples" / "validation_000002.parquet"
    hashes = {e["step"]: e["sha256"] for e in decisions(run) if e["event"] == "validation"}
    assert hashes[2] == sha256_of(table)
    before = table.read_bytes()
    samples.write(samples.read(table).with_columns(score=pl.lit(1.0)), table)
    longer = ["stages.one.steps=4", "stages.one.until={plateau: {patience: 1}}"]
    with pytest.raises(IntegrityError, match=r"validation_000002\.parquet is not what was written; restore it from"):
        job.resume(run, silent(), changed=longer)
    table.write_bytes(before)
    assert job.resume(run, silent()).finished
