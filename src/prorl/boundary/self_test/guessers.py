"""Models that only guess where the base gives up, as a measurement would see them: by what they answer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prorl.boundary.claim_power import blind_guesses
from prorl.boundary.claims import NEW, Claims, claims
from prorl.boundary.self_test.lines import Line, at_least, at_most
from prorl.boundary.self_test.made_up import PROBLEMS, SAMPLES, frame, swaps

USUAL = 10
"""Answers that are usual in a task, each as often right as another."""
KEPT = (0.0, 0.1, 0.2, 0.5, 1.0)
"""Shares of a problem's samples that repeat one answer; 1 is a model that has collapsed on it."""
LEARNT = 12
"""Problems that a model learnt, where it learnt some and guesses at the others."""

Ints = NDArray[np.int64]
Made = tuple[Ints, Ints, Ints]
"""Right answers and solved samples of the base, [problems], and the tuned model's answers, [problems, samples]."""


def guessing(tasks: int, seed: int) -> list[Line]:
    """False claims of models that guess: each sample anew, or again and again the same; and beside what they know."""
    rng = np.random.default_rng([seed, 8])
    lines = []
    for kept in KEPT:
        lines += _false(
            f"guessing, {kept:.0%} of a problem's samples the same", tasks, rng, partial(repeats, kept=kept)
        )
    lines += _false("guessing beside as many problems that it knows", tasks, rng, beside_known)
    return lines + _mixed(tasks, rng)


def repeats(rng: np.random.Generator, kept: float, problems: int = PROBLEMS) -> Made:
    """A share of a problem's samples repeats one usual answer, drawn without regard to the problem."""
    right, favourite = rng.integers(0, USUAL, (2, problems))
    anew = rng.integers(0, USUAL, (problems, SAMPLES))
    answers = np.where(rng.random(anew.shape) < kept, favourite[:, None], anew)
    return right, np.zeros(problems, np.int64), answers


def beside_known(rng: np.random.Generator) -> Made:
    """Both models know half of the problems, which all have other answers; the rest have four usual ones."""
    known = rng.random(PROBLEMS) < 0.5
    right = np.where(known, USUAL + np.arange(PROBLEMS), rng.integers(0, 4, PROBLEMS))
    answers = np.where(known[:, None], right[:, None], rng.integers(0, 4, (PROBLEMS, SAMPLES)))
    return right, np.where(known, 200, 0), answers


def beside_learnt(rng: np.random.Generator) -> Made:
    """The model learnt the first problems, and repeats one usual answer at each of the others."""
    right, base, answers = repeats(rng, 1.0)
    right[:LEARNT] = USUAL + np.arange(LEARNT)
    wrong = -1 - rng.integers(0, 1000, (LEARNT, SAMPLES))
    answers[:LEARNT] = np.where(rng.random((LEARNT, SAMPLES)) < 0.3, right[:LEARNT, None], wrong)
    return right, base, answers


def claimed(made: Made, rng: np.random.Generator) -> Claims:
    """The claims about a task, with the guess controls that a measurement would have made."""
    right, solved, answers = made
    base, tuned = frame({"task": solved}, SAMPLES), frame({"task": (answers == right[:, None]).sum(axis=1)}, SAMPLES)
    guesses = blind_guesses(SAMPLES)
    others = (np.delete(answers, at, axis=0).ravel() for at in range(len(right)))
    blind = [int((rng.permutation(given)[:guesses] == one).sum()) for given, one in zip(others, right, strict=True)]
    tuned = tuned.with_columns(guess_n=guesses, guess_c=pl.Series(blind))
    hits = (answers[None] == right[:, None, None]).sum(axis=2)
    return claims(base, tuned, base.filter(pl.col("c") == 0), swaps=swaps(base, hits))


def _false(what: str, tasks: int, rng: np.random.Generator, make: Callable[[np.random.Generator], Made]) -> list[Line]:
    found = [claimed(make(rng), rng) for _ in range(tasks)]
    false, looking = [one.counts[NEW] > 0 for one in found], [len(one.claims) for one in found]
    return [
        at_most(f"{what}, {tasks} tasks: any problem 'new'", float(np.mean(false)), 0.05),
        at_least(f"{what}, {tasks} tasks: problems that look new, by task", float(np.mean(looking)), 1.0),
    ]


def _mixed(tasks: int, rng: np.random.Generator) -> list[Line]:
    shares, found = [], 0
    for _ in range(tasks):
        called = [claim.problem for claim in claimed(beside_learnt(rng), rng).claims if claim.label == NEW]
        true = sum(int(problem.removeprefix("task-")) < LEARNT for problem in called)
        shares.append((len(called) - true) / max(1, len(called)))
        found += true
    what = f"{LEARNT} problems learnt beside as many repeated guesses, {tasks} tasks"
    return [
        at_most(f"{what}: false among those called new, mean", float(np.mean(shares)), 0.05),
        at_least(f"{what}: learnt problems called new", found / tasks / LEARNT, 0.8),
    ]
