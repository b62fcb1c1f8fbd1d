"""A store is filled with what is missing: nothing is lost, doubled or sampled again, whatever interrupts it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from prorl.boundary.store import fill as filling
from prorl.boundary.store.fill import fill, jobs
from prorl.boundary.store.key import Asking, Key
from prorl.boundary.store.store import Store
from prorl.engine.local.engine import LocalEngine
from prorl.errors import IntegrityError, UserError
from prorl.policy.nano import make_nano
from prorl.recipe.schema import Compute
from prorl.tasks.contract import Problem, Split
from prorl.tasks.registry import build
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

KEY = Key("nano", Asking(temperature=1.0, max_new_tokens=4), seed=3)
SUITE = Suite([build("toy/successor", options={"symbols": 16, "length": 2})])
PROBLEMS = SUITE.held_out(Split.TEST, 6)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_nano(tmp_path_factory.mktemp("models") / "nano", init_std=0.1)


@pytest.fixture(scope="module")
def engine(model: Path) -> LocalEngine:
    return LocalEngine(model, Compute(precision="fp32", concurrent_samples=24), seed=0)


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool[Problem]]:
    with WorkerPool[Problem](SUITE.judge, 1) as opened:
        yield opened


def filled(folder: Path, engine: LocalEngine, pool: WorkerPool[Problem], *samples: int, key: Key = KEY) -> pl.DataFrame:
    """The rows after filling up to each of these numbers of samples, one after the other."""
    for wanted in samples:
        with Store.open(folder) as store:
            parts = store.parts(key)
            fill(engine, key, parts, jobs(PROBLEMS, wanted, parts.held()), SUITE.prompt, pool)
    return Store.read(folder).parts(key).scan().collect().sort("problem", "sample")


def test_jobs_are_the_gaps_in_what_is_held() -> None:
    held = {PROBLEMS[0].id: {0, 1, 4}, PROBLEMS[1].id: set(range(700))}
    found = [(job.problem.id, job.first, job.count) for job in jobs(PROBLEMS[:3], 600, held)]
    first, third = PROBLEMS[0].id, PROBLEMS[2].id
    assert found == [
        (first, 2, 2), (first, 5, 256), (first, 261, 256), (first, 517, 83),
        (third, 0, 256), (third, 256, 256), (third, 512, 88),
    ]  # fmt: skip


def test_more_samples_are_added_without_making_any_again(
    tmp_path: Path, engine: LocalEngine, pool: WorkerPool[Problem]
) -> None:
    at_once = filled(tmp_path / "once", engine, pool, 24)
    few = filled(tmp_path / "twice", engine, pool, 5)
    (written,) = (tmp_path / "twice/samples").rglob("*.parquet")
    content = written.read_bytes()
    grown = filled(tmp_path / "twice", engine, pool, 24)
    assert few.height == 5 * len(PROBLEMS)
    assert written.read_bytes() == content
    assert grown.drop("logprob").equals(at_once.drop("logprob"))
    assert (grown["logprob"] - at_once["logprob"]).abs().max() < 1e-4  # type: ignore[operator]
    assert len(set(at_once["text"].to_list())) > 50, "samples differ, else this says nothing"


def test_seed_and_asking_have_samples_of_their_own(
    tmp_path: Path, engine: LocalEngine, pool: WorkerPool[Problem]
) -> None:
    other = Key("nano", KEY.asking, seed=4)
    ours = filled(tmp_path, engine, pool, 8)
    theirs = filled(tmp_path, engine, pool, 8, key=other)
    assert ours["text"].to_list() != theirs["text"].to_list()
    assert filled(tmp_path, engine, pool, 8).equals(ours)


def test_verdicts_are_those_of_the_task(tmp_path: Path, engine: LocalEngine, pool: WorkerPool[Problem]) -> None:
    by_id = {problem.id: problem for problem in PROBLEMS}
    for row in filled(tmp_path, engine, pool, 16).iter_rows(named=True):
        verdict = SUITE.judge(by_id[row["problem"]], row["text"])
        assert (row["score"], row["outcome"], row["answer"]) == (verdict.score, verdict.outcome, verdict.answer)
        assert row["text"] == engine.decode(row["ids"])
        assert row["tokens"] == len(row["ids"])


def test_what_was_complete_is_kept_when_sampling_fails(
    tmp_path: Path, engine: LocalEngine, pool: WorkerPool[Problem]
) -> None:
    def stop(done: int, total: int) -> None:
        if done >= 3 * 8:
            raise KeyboardInterrupt

    with Store.open(tmp_path) as store, pytest.raises(KeyboardInterrupt):
        fill(engine, KEY, store.parts(KEY), jobs(PROBLEMS, 8, {}), SUITE.prompt, pool, stop)
    assert Store.read(tmp_path).parts(KEY).scan().collect().height == 3 * 8


def test_a_doubled_sample_is_found(tmp_path: Path, engine: LocalEngine, pool: WorkerPool[Problem]) -> None:
    rows = filled(tmp_path, engine, pool, 2)
    parts = Store.read(tmp_path).parts(KEY)
    parts.add(rows.head(1))
    with pytest.raises(IntegrityError, match="twice"):
        parts.held()


def test_two_processes_do_not_write_into_one_store(tmp_path: Path) -> None:
    with Store.open(tmp_path), pytest.raises(UserError, match="in use"):
        Store.open(tmp_path)
    Store.open(tmp_path).close()


KILLER = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import test_fill
test_fill.kill_until_done(Path(sys.argv[2]), Path(sys.argv[3]))
"""


def sample_with_a_part_for_every_group(folder: Path, engine: LocalEngine, ready: int) -> None:
    filling.PART_SECONDS = 0.0
    with WorkerPool[Problem](SUITE.judge, 1) as pool, Store.open(folder) as store:
        parts = store.parts(KEY)
        wanted = jobs(PROBLEMS, 300, parts.held())
        os.write(ready, b"!")
        fill(engine, KEY, parts, wanted, SUITE.prompt, pool)


def kill_until_done(model: Path, folder: Path) -> None:
    """Writes how many kills came after a new part. In a process of its own: polars does not survive a fork."""
    engine = LocalEngine(model, Compute(precision="fp32", concurrent_samples=6), seed=0)
    kills = between = 0
    while True:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            try:
                sample_with_a_part_for_every_group(folder, engine, write)
                os._exit(0)
            finally:
                os._exit(1)
        os.close(write)
        assert os.read(read, 1), "the child failed before it began"
        os.close(read)
        had = len(list(folder.rglob("*.parquet")))
        time.sleep(0.004 + 0.037 * kills)
        os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        assert status in (0, -signal.SIGKILL)
        if status == 0:
            sys.stdout.write(str(between))
            return
        kills += 1
        between += len(list(folder.rglob("*.parquet"))) > had


def test_kills_at_any_moment_lose_and_double_nothing(
    tmp_path: Path, model: Path, engine: LocalEngine, pool: WorkerPool[Problem]
) -> None:
    folder = tmp_path / "store"
    command = [sys.executable, "-c", KILLER, str(Path(__file__).parent), str(model), str(folder)]
    between = subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=200).stdout
    assert int(between) >= 2, "kills must also come between two parts, else this says nothing"
    found = Store.read(folder).parts(KEY)
    assert found.held() == {problem.id: set(range(300)) for problem in PROBLEMS}
    rows = found.scan().collect().sort("problem", "sample")
    assert rows["text"].equals(filled(tmp_path / "whole", engine, pool, 300)["text"])
