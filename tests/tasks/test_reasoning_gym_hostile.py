"""Answers that mean no good, to every Reasoning Gym task: none is solved, is run, or outlives its deadline.

Programs that mean no good are in `code/hostile_programs`, answers to the other domains in their folders.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from prorl.tasks.contract import Outcome, Split
from prorl.tasks.registry import build
from prorl.tasks.suite import Suite
from prorl.tasks.suites import expand
from prorl.verify.pool import WorkerPool

DEADLINE = 1.5
GRACE = 0.5
PROGRAM = "__import__('pathlib').Path({path!r}).touch()"
ANSWERS = {
    "a tower of powers": "9**9**9**9",
    "3,000 terms": "+".join("1" * 3000),
    "99,000 digits": "7" * 99_000,
    "deep brackets": "(" * 5000 + "7" + ")" * 5000,
    "deep lists": "[" * 5000 + "]" * 5000,
    "a list to build": "[[0] * 9**9]",
    "many moves": "RLUD" * 9000,
    "a NUL byte": "7\x00",
    "a lone surrogate": "7\ud800",
    "right to left": "\u202e7",
    "infinity": "1e999999",
}


def test_no_hostile_answer_to_a_logic_task_is_solved_or_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tasks = [build(name) for name in expand("logic")]
    outcomes: Counter[Outcome] = Counter()
    with WorkerPool(Suite(tasks).judge, workers=2, deadline=DEADLINE) as pool:
        for task in tasks:
            problem = task.problem(Split.TRAIN, 3)
            pool.submit(problem, "7").result()  # imports and data
            for name, text in {**ANSWERS, "a program": PROGRAM.format(path=str(tmp_path / "ran"))}.items():
                begin = time.monotonic()
                verdict = pool.submit(problem, f"<answer>{text}</answer>").result()
                assert time.monotonic() - begin < DEADLINE + GRACE, (task.name, name)
                assert verdict.outcome in (Outcome.WRONG, Outcome.UNPARSEABLE, Outcome.TIMEOUT), (task.name, name)
                assert max(verdict.score, verdict.tolerant_score) < 1.0, (task.name, name)
                outcomes[verdict.outcome] += 1
    assert outcomes[Outcome.TIMEOUT] <= 4  # sympy works out a tower of powers
    assert os.listdir(tmp_path) == []
