"""A name with [ ] * ? is that file and no pattern: what is read is what was named, and nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import polars as pl
import pytest

from prorl.boundary import samples
from prorl.boundary.imports import generic
from prorl.boundary.novelty import corpus
from prorl.boundary.store.key import Asking, Key
from prorl.boundary.store.rows import SCHEMA
from prorl.boundary.store.store import Store
from prorl.boundary.store.verdicts import rejudge, scan
from prorl.tasks.contract import Message, Outcome, Problem, Verdict
from prorl.tasks.rows import rows
from prorl.tasks.teaching import rates

NAMES = ("[lr=1e-5]", "a?", "a*")
"""The first matches no file, not even itself; the others also match the neighbour."""
NEIGHBOUR = "ab"


def table(model: str) -> pl.DataFrame:
    """One sample, of a problem that is called as the model is."""
    row = {"model": model, "task": "t", "problem": model, "sample": 0, "score": 1.0, "tolerant_score": 1.0}
    return samples.table([{**row, "text": "x", "outcome": "solved", "tokens": 1, "finished": True}])


def of_samples(file: Path) -> list[str]:
    return samples.read(file)["model"].to_list()


def of_others(file: Path) -> list[str]:
    found: list[str] = generic.read(file)[0].collect()["model"].to_list()
    return found


def of_profiles(file: Path) -> list[str]:
    return [rate.problem for rate in rates(file)]


def of_data(file: Path) -> list[str]:
    return [row["model"] for row in rows(str(file), columns=["model"], task="t")]


def of_a_corpus(file: Path) -> list[str]:
    return list(corpus._texts(file))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("read", [of_samples, of_others, of_profiles, of_data])
def test_a_file_is_read_alone(read: Callable[[Path], list[str]], name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.parquet"
    samples.write(table("named"), file)
    samples.write(table("beside"), tmp_path / f"{NEIGHBOUR}.parquet")
    assert read(file) == ["named"]


@pytest.mark.parametrize("name", NAMES)
def test_lines_and_texts_are_read_alone(name: str, tmp_path: Path) -> None:
    for stem, model in ((name, "named"), (NEIGHBOUR, "beside")):
        row = {"problem": "p", "model": model, "score": 1.0}
        (tmp_path / f"{stem}.jsonl").write_text(json.dumps(row) + "\n")
        pl.DataFrame({"text": [model]}).write_parquet(tmp_path / f"{stem}.parquet")
    assert of_others(tmp_path / f"{name}.jsonl") == ["named"]
    assert of_a_corpus(tmp_path / f"{name}.parquet") == ["named"]


def wrong(problem: Problem, text: str) -> Future[Verdict]:
    judged: Future[Verdict] = Future()
    judged.set_result(Verdict(0.0, Outcome.WRONG))
    return judged


@pytest.mark.parametrize("name", NAMES)
def test_a_store_and_its_verdicts(name: str, tmp_path: Path) -> None:
    key = Key("m", Asking(1.0, 4), 0)
    for folder, model in ((name, "named"), (NEIGHBOUR, "beside")):
        stored = table(model).with_columns(answer=None, logprob=-1.0, ids=[1]).select(SCHEMA.names()).cast(SCHEMA)
        with Store.open(tmp_path / folder) as store:
            store.parts(key).add(stored)
            assert rejudge(store, key, "again", wrong, {model: Problem(model, "t", (Message("user", "?"),))}) == 1
    store = Store.read(tmp_path / name)
    assert store.parts(key).scan().collect()["model"].to_list() == ["named"]
    assert scan(store, key, "again").collect().select("model", "score").rows() == [("named", 0.0)]
