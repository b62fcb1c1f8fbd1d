"""Answers to one problem judged as answers to another: which ones, how many, and each different one once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from prorl.boundary.laboratory import swapping
from prorl.boundary.laboratory.bench import Bench
from prorl.boundary.laboratory.plan import Plan
from prorl.boundary.laboratory.swapping import swap_columns
from prorl.boundary.store.key import Asking, Key
from prorl.boundary.store.rows import SCHEMA
from prorl.boundary.store.store import Store
from prorl.recipe.schema import Compute
from prorl.tasks.contract import Message, Outcome, Problem, Verdict

PLAN = Plan(Asking(1.0, 4), 8)
KEY = Key("model", PLAN.asking, 0)


def _problem(task: str, number: int) -> Problem:
    return Problem(f"{task}{number}", task, (Message("user", str(number)),))


class Judging:
    """In place of workers: the right answer to problem x7 is 7. Counts what it is asked."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()

    def submit(self, problem: Problem, text: str) -> Future[Verdict]:
        self.asked[problem.id, text] += 1
        done: Future[Verdict] = Future()
        right = text.split()[-1] == problem.messages[0].content
        done.set_result(Verdict(float(right), Outcome.SOLVED if right else Outcome.WRONG))
        return done


@pytest.fixture
def judging() -> Judging:
    return Judging()


def _bench(folder: Path, judging: Any, said: dict[Problem, list[str]], named: bool = True) -> Bench:
    """A bench with these answers in its store; one of `-` couldn't be read."""
    store = Store.open(folder).__enter__()
    rows = [
        {
            "model": KEY.model, "task": problem.task, "problem": problem.id, "sample": number, "score": 0.0,
            "tolerant_score": 0.0, "outcome": "unparseable" if answer == "-" else "wrong", "tokens": 1,
            "finished": True, "text": f"sample {number}: {answer}", "answer": answer if named else None,
            "logprob": 0.0, "ids": [1],
        }
        for problem, answers in said.items()
        for number, answer in enumerate(answers)
    ]  # fmt: skip
    store.parts(KEY).add(pl.DataFrame(rows, schema=SCHEMA))
    return Bench(store, None, list(said), judging, Compute())  # type: ignore[arg-type]


def _counts(frame: pl.DataFrame) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row["problem"], row["other"]): (row["n"], row["c"]) for row in frame.iter_rows(named=True)}


def test_every_set_of_answers_is_judged_at_every_other_problem_of_its_task(tmp_path: Path, judging: Judging) -> None:
    x1, x2, x3, y1 = (_problem(task, number) for task, number in (("x", 1), ("x", 2), ("x", 3), ("y", 1)))
    said = {x1: ["2"] * 5 + ["3"] * 3, x2: ["1"] * 8, x3: ["-"] * 4 + ["1", "1", "2", "9"], y1: ["1"] * 8}
    bench = _bench(tmp_path, judging, said)
    told: list[tuple[str, int, int]] = []
    bench.told = lambda *what: told.append(what)
    found = swap_columns(bench, KEY, PLAN, [x1, x2, x3, y1], {"x", "y"}, "judging")
    assert _counts(found) == {
        ("x1", "x2"): (8, 8), ("x1", "x3"): (8, 2), ("x2", "x1"): (8, 5), ("x2", "x3"): (8, 1), ("x3", "x1"): (8, 3),
        ("x3", "x2"): (8, 0),
    }  # fmt: skip
    assert found["task"].unique().to_list() == ["x"], "y has but one problem"
    assert told == [("judging", done, 3) for done in (1, 2, 3)]
    # At x1 the different answers of x2 and x3 are 1, 2 and 9; what couldn't be read isn't judged.
    assert sum(problem == "x1" for problem, _ in judging.asked) == 3
    assert set(judging.asked.values()) == {1}


def test_where_no_answer_is_named_the_text_is_one(tmp_path: Path, judging: Judging) -> None:
    one, two = _problem("x", 1), _problem("x", 2)
    bench = _bench(tmp_path, judging, {one: ["2"] * 8, two: ["1"] * 6 + ["3"] * 2}, named=False)
    found = swap_columns(bench, KEY, PLAN, [one, two], {"x"}, "")
    assert _counts(found) == {("x1", "x2"): (8, 6), ("x2", "x1"): (8, 8)}
    assert len(judging.asked) == 16


def test_only_tasks_that_ask_for_it_and_samples_that_count(tmp_path: Path, judging: Judging) -> None:
    problems = [_problem(task, number) for task in "xy" for number in (1, 2)]
    bench = _bench(tmp_path, judging, {problem: ["3"] * 4 + ["1"] * 4 for problem in problems})
    found = swap_columns(bench, KEY, replace(PLAN, samples=4), problems, {"y"}, "")
    assert _counts(found) == {("y1", "y2"): (4, 0), ("y2", "y1"): (4, 0)}
    assert swap_columns(bench, KEY, replace(PLAN, guess="off"), problems, {"y"}, "").is_empty()
    assert swap_columns(bench, KEY, PLAN, [], {"y"}, "").is_empty()


def test_answers_of_so_many_others_and_so_many_samples_at_most(
    tmp_path: Path, judging: Judging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(swapping, "MOST_OTHERS", 3)
    monkeypatch.setattr(swapping, "MOST_ANSWERS", 5)
    problems = [_problem("x", number) for number in range(9)]
    bench = _bench(tmp_path, judging, {problem: list("01234567") for problem in problems})
    found = swap_columns(bench, KEY, PLAN, problems, {"x"}, "")
    assert found.group_by("problem").len()["len"].to_list() == [3] * 9
    assert (found["n"] == 5).all()
    assert found["c"].sum() == 3 * 5, "answers 0 to 4 are right at one problem each"
    assert found.equals(swap_columns(bench, KEY, PLAN, problems, {"x"}, ""))
