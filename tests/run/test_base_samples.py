"""Base and trained model are compared by samples of the same settings, though the run began anew with others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from prorl.boundary import samples
from prorl.errors import IntegrityError
from prorl.run import job
from prorl.run.loop import Loop

from .small import SHORT, decisions, kept_checkpoints, recipe_of, silent

STAGES = [{"name": "one", "steps": 2}, {"name": "two", "steps": 1}]
LONGER = ["stages.one.set={rollout.max_new_tokens: 9}"]


def begun(nano: Path, run: Path) -> None:
    job.start(recipe_of(nano, SHORT, stages=STAGES, checkpoint={"every": 100}), run, silent())


@pytest.fixture
def run(nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that died after its first step, without a checkpoint."""

    def die(self: Loop, *values: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "record", die)
        with pytest.raises(KeyboardInterrupt):
            begun(nano, tmp_path / "run")
    assert kept_checkpoints(tmp_path / "run") == []
    return tmp_path / "run"


def compared(run: Path) -> list[tuple[str, int]]:
    """What the journal says of both models' samples: whose, and up to how many tokens."""
    return [(e["model"], e["max_new_tokens"]) for e in decisions(run) if e["event"] == "evaluation"]


def longest(run: Path, name: str) -> Any:
    return pl.read_parquet(run / "samples" / f"{name}.parquet")["tokens"].max()


def test_a_run_that_begins_anew_with_longer_answers_compares_up_to_the_length_of_its_base(run: Path) -> None:
    assert job.resume(run, silent(), changed=LONGER).finished
    assert compared(run) == [("base", 3), ("trained", 3)]
    assert longest(run, "base") == longest(run, "trained") == 3


def test_altered_samples_of_the_base_are_found_by_a_run_that_begins_anew(run: Path) -> None:
    file = run / "samples" / "base.parquet"
    samples.write(samples.read(file).with_columns(score=pl.lit(0.0), text=pl.lit("?")), file)
    with pytest.raises(IntegrityError, match=r"base\.parquet is not what was written; restore it from a copy"):
        job.resume(run, silent())


def test_samples_that_the_journal_does_not_speak_of_are_set_aside_and_made_again(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process died between the file and the journal, so nothing tells how they were made."""
    run, write = tmp_path / "run", samples.write

    def write_and_die(table: pl.DataFrame, path: Path) -> None:
        write(table, path)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(samples, "write", write_and_die)
        with pytest.raises(KeyboardInterrupt):
            begun(nano, run)
    before = (run / "samples" / "base.parquet").read_bytes()
    assert job.resume(run, silent(), changed=LONGER).finished
    assert compared(run) == [("base", 9), ("trained", 9)]
    assert longest(run, "base") == longest(run, "trained") == 9
    assert (run / "samples" / "base_aside.parquet").read_bytes() == before
