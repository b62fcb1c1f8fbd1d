"""Majority votes and entropies of several models: one rule for equal answers, and equal numbers of them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from prorl.boundary.laboratory import by_answers
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.tally import answer_counts, right_in_any

Given = list[tuple[str, str, float, int]]
"""Answer, outcome, score, how often."""


def _rows(given: Given, problem: str = "p") -> pl.LazyFrame:
    rows = [
        {"task": "t", "problem": problem, "answer": answer, "outcome": outcome, "score": score}
        for answer, outcome, score, times in given
        for _ in range(times)
    ]
    return pl.LazyFrame(rows)


def _evidence(models: dict[str, pl.LazyFrame]) -> Evidence:
    return Evidence({}, 256, {}, answers={name: answer_counts(rows) for name, rows in models.items()})


def _majority(models: dict[str, pl.LazyFrame]) -> dict[str, list[float]]:
    found = by_answers.majority(_evidence(models), 256, 0, 0.95)
    return {name: [rows[-1].mean.estimate for rows in of_model.values()] for name, of_model in found.items()}


def test_an_answer_out_of_format_does_not_vote() -> None:
    """One strict success must not make 200 unformatted samples right: the model was right 0 or 1 times of 256."""
    never: Given = [("42", "unparseable", 0.0, 200), ("41", "wrong", 0.0, 56)]
    once: Given = [("42", "unparseable", 0.0, 199), ("42", "solved", 1.0, 1), ("41", "wrong", 0.0, 56)]
    found = _majority({"never": _rows(never), "once": _rows(once)})
    assert found["never"] == [0.0] * 5
    assert found["once"][0] == 1 / 256
    assert max(found["once"]) < 0.02


def test_equal_answers_are_right_of_all_models_or_of_none() -> None:
    """Capitals make no difference to the vote; so what is right in one model's writing is right in the other's."""
    models = {
        "a": _rows([("ABC", "solved", 1.0, 200), ("x", "wrong", 0.0, 56)]),
        "b": _rows([("abc", "wrong", 0.0, 200), ("x", "wrong", 0.0, 56)]),
    }
    found = _majority(models)
    assert found["a"] == found["b"]
    assert found["a"][0] == 200 / 256
    counted = {name: answer_counts(rows) for name, rows in models.items()}
    shared = right_in_any(counted)
    assert shared["b"].to_dicts() == [
        {"task": "t", "problem": "p", "answer": "abc", "count": 200, "correct": True},
        {"task": "t", "problem": "p", "answer": "x", "count": 56, "correct": False},
    ]
    assert shared["a"].equals(counted["a"])


def test_samples_that_were_not_judged_do_not_vote() -> None:
    rows = _rows([("7", "solved", 1.0, 2), ("8", "timeout", 0.0, 3), ("8", "error", 0.0, 3)])
    assert answer_counts(rows).select("answer", "count").rows() == [(None, 6), ("7", 2)]


def test_entropies_are_of_the_same_problems_and_equally_many_answers() -> None:
    different: Given = [(str(index), "wrong", 0.0, 1) for index in range(32)]
    three: Given = [*different[:3], ("", "unparseable", 0.0, 29)]
    models = {
        "base": pl.concat([_rows(different, "p"), _rows([("7", "wrong", 0.0, 32)], "q")]),
        "tuned": pl.concat([_rows(three, "p"), _rows([("7", "wrong", 0.0, 32)], "q")]),
    }
    found = by_answers.entropy(_evidence(models), 0, 0.95)
    for rows in found.values():
        assert (rows[-1].problems, rows[-1].missing) == (1, 1)
        assert rows[-1].mean.estimate == 0.0
    alone = by_answers.entropy(_evidence({"base": models["base"]}), 0, 0.95)["base"][-1]
    assert (alone.problems, alone.mean.estimate) == (2, pytest.approx(np.log(32) / 2))
    short = by_answers.entropy(_evidence({"tuned": _rows(three)}), 0, 0.95)["tuned"][-1]
    assert (short.mean, short.missing) == (None, 1)
    assert by_answers.entropy(_evidence({}), 0, 0.95) == by_answers.majority(_evidence({}), 256, 0, 0.95) == {}
