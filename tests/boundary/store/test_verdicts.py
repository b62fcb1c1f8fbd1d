"""Verdicts are made again offline: beside the old ones, on every sample once."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path

import polars as pl
import pytest

from prorl.boundary.samples import counts
from prorl.boundary.store.key import Asking, Key
from prorl.boundary.store.rows import SCHEMA
from prorl.boundary.store.store import Store
from prorl.boundary.store.verdicts import checked_label, labels, rejudge, scan
from prorl.errors import UserError
from prorl.tasks.contract import Message, Outcome, Problem, Verdict

KEY = Key("m", Asking(1.0, 4), 0)
PROBLEMS = {name: Problem(name, "t", (Message("user", name),)) for name in ("p", "q")}


def rows(first: int, count: int) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "model": "m", "task": "t", "problem": problem, "sample": i, "score": float(i % 2),
                "tolerant_score": 0.0, "outcome": "solved" if i % 2 else "wrong", "tokens": 1,
                "finished": True, "text": f"{problem}{i % 3}",
                "answer": None, "logprob": -1.0, "ids": [i],
            }
            for problem in PROBLEMS
            for i in range(first, first + count)
        ],
        schema=SCHEMA,
    )  # fmt: skip


class Judge:
    """Solved if the text ends in 0; remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, problem: Problem, text: str) -> Future[Verdict]:
        self.asked.append((problem.id, text))
        done: Future[Verdict] = Future()
        right = text.endswith("0")
        done.set_result(Verdict(float(right), Outcome.SOLVED if right else Outcome.WRONG, float(right), text))
        return done


@pytest.fixture
def store(tmp_path: Path) -> Store:
    with Store.open(tmp_path) as opened:
        opened.parts(KEY).add(rows(0, 6))
        opened.parts(KEY).add(rows(6, 3))
        return opened


def test_new_verdicts_stand_beside_the_old_ones(store: Store) -> None:
    before = {path: path.read_bytes() for path in store.folder.rglob("*.parquet")}
    judge = Judge()
    assert rejudge(store, KEY, "new", judge, PROBLEMS) == 18
    assert {path: path.read_bytes() for path in before} == before
    assert labels(store) == ["new"]
    old, new = (counts(found)["c"].to_list() for found in (store.parts(KEY).scan(), scan(store, KEY, "new")))
    assert old == [4, 4]
    assert new == [3, 3]
    merged = scan(store, KEY, "new").collect().sort("problem", "sample")
    kept = store.parts(KEY).scan().collect().sort("problem", "sample")
    assert merged.drop("score", "tolerant_score", "outcome", "answer").equals(
        kept.drop("score", "tolerant_score", "outcome", "answer")
    )
    assert merged["answer"].equals(merged["text"].alias("answer"))


def test_only_new_parts_are_judged_the_next_time_and_equal_texts_once(store: Store) -> None:
    first, second = Judge(), Judge()
    rejudge(store, KEY, "new", first, PROBLEMS)
    assert len(first.asked) == 2 * 3 + 2 * 3
    store.parts(KEY).add(rows(9, 1))
    with pytest.raises(UserError, match=r"some samples have no verdict 'new'; run prorl rejudge again"):
        scan(store, KEY, "new")
    assert rejudge(store, KEY, "new", second, PROBLEMS) == 2
    assert scan(store, KEY, "new").collect().height == 20


def test_with_only_solved_wrong_answers_keep_their_verdict(store: Store) -> None:
    judge = Judge()
    rejudge(store, KEY, "steps", judge, PROBLEMS, only_solved=True)
    merged = scan(store, KEY, "steps").collect()
    assert merged.filter(pl.col("sample") % 2 == 0)["score"].to_list() == [0.0] * 10
    right = merged.filter((pl.col("sample") % 2 == 1) & pl.col("text").str.ends_with("0"))
    assert right["score"].to_list() == [1.0] * 2
    assert merged["score"].sum() == 2


def test_right_answers_to_problems_that_are_not_asked_are_judged_once_they_are(store: Store) -> None:
    first, second, third, all_at_once = Judge(), Judge(), Judge(), Judge()
    rejudge(store, KEY, "steps", first, {"p": PROBLEMS["p"]}, only_solved=True)
    assert {problem for problem, _ in first.asked} == {"p"}
    half = scan(store, KEY, "steps").collect()
    empty = half.filter(pl.col("outcome").is_null())
    assert sorted(empty.select("problem", "sample").iter_rows()) == [("q", 1), ("q", 3), ("q", 5), ("q", 7)]
    assert rejudge(store, KEY, "steps", second, PROBLEMS, only_solved=True) == 4
    assert {problem for problem, _ in second.asked} == {"q"}
    assert rejudge(store, KEY, "steps", third, PROBLEMS, only_solved=True) == 0
    rejudge(store, KEY, "whole", all_at_once, PROBLEMS, only_solved=True)
    assert scan(store, KEY, "steps").collect().equals(scan(store, KEY, "whole").collect())


def test_problems_that_are_not_known_and_labels_that_cannot_be_are_refused(store: Store) -> None:
    with pytest.raises(UserError, match="not among those of the suite"):
        rejudge(store, KEY, "new", Judge(), {"p": PROBLEMS["p"]})
    with pytest.raises(UserError, match="label"):
        checked_label("../x")
