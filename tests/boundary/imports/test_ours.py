"""A folder is counted again only where everything that its measurement counted is there, once."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest

from prorl.boundary.imports.read import evidence_of
from prorl.boundary.laboratory.plan import FRESH
from prorl.boundary.store.key import Asking, Key
from prorl.boundary.store.rows import SCHEMA
from prorl.boundary.store.store import Store
from prorl.errors import UserError

ASKING = Asking(1.0, 4)
MODELS = {"base": "b0", "tuned": "t0"}
PROBLEMS = ("p", "q")


def rows(model: str, first: int, count: int) -> pl.DataFrame:
    known = {"model": model, "task": "t", "tolerant_score": 0.0, "outcome": "wrong", "finished": True, "text": "x"}
    found = [
        {**known, "problem": problem, "sample": number, "score": 0.0, "tokens": 1, "logprob": -1.0, "ids": [1]}
        for problem in PROBLEMS
        for number in range(first, first + count)
    ]
    return pl.DataFrame(found, schema=SCHEMA)


@pytest.fixture
def measured(tmp_path: Path) -> Path:
    """Two parts of four samples a problem for both models, the second longer than what was counted, and a fresh one."""
    with Store.open(tmp_path) as store:
        for model in MODELS.values():
            parts = store.parts(Key(model, ASKING, 0))
            parts.add(rows(model, 0, 4))
            parts.add(rows(model, 4, 6))
        store.parts(Key(MODELS["base"], ASKING, FRESH)).add(rows(MODELS["base"], 0, 8))
    source = {
        "command": "prorl boundary base tuned", "models": MODELS, "steps": {}, "asking": asdict(ASKING), "samples": 8,
        "seed": 0, "guess": "off", "tasks": ["t"], "trained": [], "asked": PROBLEMS,
        "checked": {"steps": [], "judge": ""},
    }  # fmt: skip
    (tmp_path / "measurement.json").write_text(json.dumps(source))
    return tmp_path


def part(folder: Path, model: str, number: int, seed: int = 0) -> Path:
    return folder / "samples" / Key(MODELS[model], ASKING, seed).folder / f"{number:06d}.parquet"


def test_a_whole_folder_is_counted(measured: Path) -> None:
    assert evidence_of([measured], [], None, "c").counts["tuned"]["n"].to_list() == [8, 8]


@pytest.mark.parametrize(("lost", "there"), [((2,), 8), ((1,), 8), ((1, 2), 0)])
def test_samples_that_are_missing_are_told_with_how_to_make_them(
    measured: Path, lost: tuple[int, ...], there: int
) -> None:
    for number in lost:
        part(measured, "tuned", number).unlink()
    with pytest.raises(UserError, match=rf"{there} of 16 samples of tuned are there; .*: prorl boundary base tuned$"):
        evidence_of([measured], [], None, "c")
    assert evidence_of([measured], ["base"], None, "c").counts["base"]["n"].to_list() == [8, 8], "it isn't asked for"


def test_what_is_missing_beyond_the_samples_that_count_is_nothing(measured: Path) -> None:
    part(measured, "tuned", 2).unlink()
    assert evidence_of([measured], [], 4, "c").counts["tuned"]["n"].to_list() == [4, 4]


@pytest.mark.parametrize(("model", "number", "seed", "twice"), [("tuned", 2, 0, 8), ("base", 1, FRESH, 16)])
def test_samples_that_stand_twice_are_told_with_where(
    measured: Path, model: str, number: int, seed: int, twice: int
) -> None:
    file = part(measured, model, number, seed)
    shutil.copy(file, file.with_name("copy.parquet"))
    with pytest.raises(UserError, match=rf"{twice} samples of {model} stand there twice") as refused:
        evidence_of([measured], [], None, "c")
    assert str(refused.value).startswith(str(file.parent))


def test_a_copy_in_place_of_what_is_missing_is_not_taken_for_it(measured: Path) -> None:
    shutil.copy(part(measured, "tuned", 1), part(measured, "tuned", 2))
    with pytest.raises(UserError, match="8 samples of tuned stand there twice"):
        evidence_of([measured], [], None, "c")


def test_a_part_that_was_cut_off_is_named(measured: Path) -> None:
    file = part(measured, "tuned", 2)
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"can't be read") as refused:
        evidence_of([measured], [], None, "c")
    assert str(file) in str(refused.value)
    assert "\n" not in str(refused.value)
