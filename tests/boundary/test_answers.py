"""Majority votes and entropy of answers, against enumeration of all subsets."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorl.boundary.answers import by_problem, entropy, majority_at_k
from prorl.errors import UserError


def _expanded(counts: list[int], unread: int = 0) -> list[int | None]:
    return [answer for answer, count in enumerate(counts) for _ in range(count)] + [None] * unread


def _majority(counts: list[int], correct: list[bool], k: int, unread: int) -> float:
    values = []
    for drawn in combinations(_expanded(counts, unread), k):
        votes = [drawn.count(answer) for answer in range(len(counts))]
        winners = [answer for answer, count in enumerate(votes) if count == max(votes) and count > 0]
        values.append(np.mean([correct[answer] for answer in winners]) if winners else 0.0)
    return float(np.mean(values))


@given(st.data())
def test_majority_equals_the_mean_over_all_subsets(data: st.DataObject) -> None:
    counts = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    correct = data.draw(st.lists(st.booleans(), min_size=len(counts), max_size=len(counts)))
    unread = data.draw(st.integers(0, 2))
    k = data.draw(st.integers(1, min(sum(counts) + unread, 7)))
    if sum(counts) + unread > 12:
        return
    found = majority_at_k(np.array(counts), np.array(correct), k, unread=unread)
    assert found == pytest.approx(_majority(counts, correct, k, unread), abs=1e-9)


def test_drawn_majorities_agree_with_exact_ones() -> None:
    counts, correct = np.array([20, 24, 10, 1, 1, 1, 1]), np.array([True] + [False] * 6)
    exact = majority_at_k(counts, correct, 16, unread=6)
    drawn = majority_at_k(counts, correct, 16, unread=6, rng=np.random.default_rng(0), exact_cost=0)
    assert 0.2 < exact < 0.5
    assert drawn == pytest.approx(exact, abs=0.02)


def test_all_samples_together_are_one_vote() -> None:
    assert majority_at_k(np.array([3, 2]), np.array([True, False]), 5) == pytest.approx(1.0)
    assert majority_at_k(np.array([3, 3]), np.array([True, False]), 6) == pytest.approx(0.5)
    assert majority_at_k(np.array([3, 9]), np.array([True, False]), 1) == 0.25
    with pytest.raises(ValueError, match="majority@7 needs at least 7 samples; there are 6"):
        majority_at_k(np.array([3, 3]), np.array([True, False]), 7)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.data())
def test_entropy_is_the_mean_over_all_subsets(counts: list[int], data: st.DataObject) -> None:
    if sum(counts) > 12:
        return
    samples = data.draw(st.integers(1, sum(counts)))
    values = []
    for drawn in combinations(_expanded(counts), samples):
        shares = np.unique(drawn, return_counts=True)[1] / samples
        values.append(-np.sum(shares * np.log(shares)))
    assert entropy(np.array(counts), samples) == pytest.approx(np.mean(values), abs=1e-9)


def test_entropy_of_equal_numbers_of_answers_compares() -> None:
    few, many = np.full(8, 4), np.full(8, 400)
    assert entropy(few, 32) == pytest.approx(np.log(8))
    assert entropy(many, 3200) == pytest.approx(np.log(8))
    assert entropy(many, 32) < 0.97 * np.log(8)
    with pytest.raises(ValueError, match="33 answers can't be drawn from 32"):
        entropy(few, 33)


def _table(rows: list[tuple[str, str, str | None, int, bool]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["task", "problem", "answer", "count", "correct"], orient="row")


def test_a_table_of_answers_by_problem() -> None:
    answers = _table(
        [("x", "b", "7", 24, True), ("x", "b", "8", 8, False), ("x", "a", None, 64, False), ("x", "b", None, 32, False)]
    )
    found = by_problem(answers, (1, 64))
    assert found.columns == ["task", "problem", "n", "entropy", "majority@1", "majority@64"]
    assert found.rows()[0] == ("x", "a", 64, None, 0.0, 0.0)
    assert found.row(1)[4:] == (24 / 64, pytest.approx(1.0))
    assert found.row(1)[3] == pytest.approx(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25)))


def test_few_answers_have_no_entropy_for_it_would_be_smaller() -> None:
    """Three different answers come to log 3 and 32 to log 32, which are no different models."""
    few = _table([("x", "a", str(index), 1, False) for index in range(31)])
    many = _table([("x", "a", str(index), 1, False) for index in range(32)])
    assert by_problem(few, ())["entropy"].to_list() == [None]
    assert by_problem(many, ())["entropy"].to_list() == [pytest.approx(np.log(32))]
    unread = pl.concat([few, _table([("x", "a", None, 225, False)])])
    assert by_problem(unread, ())["entropy"].to_list() == [None]


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UserError, match="the table of answers lacks correct"):
        by_problem(_table([("x", "a", "1", 1, True)]).drop("correct"), (1,))
    with pytest.raises(UserError, match="an answer of problem a twice"):
        by_problem(_table([("x", "a", "1", 1, True), ("x", "a", "1", 2, True)]), (1,))
