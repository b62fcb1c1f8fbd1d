"""What the answers of a problem agree on: majority@k and the entropy of answers, from counts of each answer.

The table has one row for each different answer of a problem: task, problem, answer (null: none could be read), count,
correct. Equivalent answers must be one row; several right answers that differ (a valid colouring, say) are several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from prorl.errors import UserError

Ints = NDArray[np.int64]
COLUMNS = ("task", "problem", "answer", "count", "correct")
ENTROPY_SAMPLES = 32
"""Answers over which the entropy is taken in Wu et al. (arXiv 2507.14843)."""
EXACT_COST = 3_000_000
"""Multiplications up to which majority@k of one problem is worked out exactly."""
DRAWS = 4000
"""Sets of k samples that are drawn otherwise."""


def by_problem(answers: pl.DataFrame, ks: Sequence[int], *, seed: int = 0) -> pl.DataFrame:
    """Columns task, problem, n, `entropy` (nats, over 32 answers; null where there are fewer, since the entropy of few
    is smaller) and `majority@k` for each k; one row a problem, sorted. Raises UserError for a table that doesn't fit.
    """
    rows: list[dict[str, Any]] = []
    for task, problem, counts, correct, unread in _problems(answers):
        read = int(counts.sum())
        rng = np.random.default_rng([seed, len(rows)])
        rows.append(
            {
                "task": task,
                "problem": problem,
                "n": read + unread,
                "entropy": entropy(counts, ENTROPY_SAMPLES) if read >= ENTROPY_SAMPLES else None,
                **{f"majority@{k}": majority_at_k(counts, correct, k, unread=unread, rng=rng) for k in ks},
            }
        )
    return pl.DataFrame(rows, schema_overrides={"entropy": pl.Float64})


def entropy(counts: Ints, samples: int) -> float:
    """Entropy in nats of `samples` answers, expected over all ways to draw them from those counted.

    The plug-in entropy −Σ p ln p of a few answers is smaller than that of many, so models are compared at equal
    numbers. `counts`, [answers], holds how often each was given. Raises ValueError for more samples than answers.
    """
    from scipy.stats import hypergeom

    total = int(counts.sum())
    if not 1 <= samples <= total:
        raise ValueError(f"the entropy of {samples} answers can't be drawn from {total}")
    drawn = np.arange(1, samples + 1)
    share = drawn / samples
    # Answers that were given equally often contribute equally.
    sizes, times = np.unique(counts[counts > 0], return_counts=True)
    chances = hypergeom.pmf(drawn[None], total, sizes[:, None], samples)
    return float(np.maximum(times @ (chances @ (-share * np.log(share))), 0.0))


def majority_at_k(
    counts: Ints,
    correct: NDArray[np.bool_],
    k: int,
    *,
    unread: int = 0,
    rng: np.random.Generator | None = None,
    exact_cost: int = EXACT_COST,
) -> float:
    """The chance that the most frequent of k answers is right, when k of the n samples are drawn without replacement.

    `counts` and `correct`, [answers]; `unread` samples gave no answer: they are drawn, but don't vote, and a draw
    without votes is wrong. Ties are broken evenly. Exact where that takes at most `exact_cost` multiplications; else
    the mean of `DRAWS` draws from `rng`, whose standard error is below 0.008. Raises ValueError for k beyond n.
    """
    n = int(counts.sum()) + unread
    if not 1 <= k <= n:
        raise ValueError(f"majority@{k} needs at least {k} samples; there are {n}")
    if not correct.any():
        return 0.0
    if k == 1:
        return float(counts[correct].sum() / n)
    others = int((counts > 0).sum())
    most = min(k, int(counts[correct].max()))
    if (
        sum(others * (k + 1) * (min(votes, k) + 1) * (k // (2 * votes) + 1) for votes in range(1, most + 1))
        <= exact_cost
    ):
        return _exactly(counts, correct, k, unread, most)
    return _drawn(counts, correct, k, unread, np.random.default_rng(0) if rng is None else rng)


def _exactly(counts: Ints, correct: NDArray[np.bool_], k: int, unread: int, most: int) -> float:
    """Sum over the winner, its number of votes v, and the number of others that also have v.

    Drawing without replacement is drawing each sample with chance k/n, given that k are drawn; so the chances of votes
    multiply as polynomials. With T others tied, the winner is right with 1/(1+T) = ∫ y^T dy over [0, 1], which
    Gauss-Legendre quadrature takes exactly, T being at most k/v − 1.
    """
    from scipy.stats import binom

    n = int(counts.sum()) + unread
    rate = k / n
    silent = binom.pmf(np.arange(k + 1), unread, rate)
    votes = [binom.pmf(np.arange(k + 1), size, rate) for size in counts]
    total = 0.0
    for v in range(1, most + 1):
        nodes, weights = np.polynomial.legendre.leggauss(k // (2 * v) + 1)
        for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
            for winner in np.flatnonzero(correct & (counts >= v)):
                chance = silent * votes[winner][v]
                for other, of_other in enumerate(votes):
                    if other != winner:
                        fewer = np.append(of_other[:v], node * of_other[v])
                        chance = np.convolve(chance, fewer)[: k + 1]
                total += weight * chance[k - v]
    return float(total / binom.pmf(k, n, rate)) if k < n else float(total)


def _drawn(counts: Ints, correct: NDArray[np.bool_], k: int, unread: int, rng: np.random.Generator) -> float:
    votes = rng.multivariate_hypergeometric([*counts, unread], k, DRAWS, method="marginals")[:, :-1]
    highest = votes.max(axis=1, keepdims=True)
    winners = (votes == highest) & (highest > 0)
    return float(np.mean((winners & correct).sum(axis=1) / np.maximum(winners.sum(axis=1), 1)))


def _problems(answers: pl.DataFrame) -> Iterator[tuple[str, str, Ints, NDArray[np.bool_], int]]:
    """Task, problem, counts and correctness of what was answered, and the number of samples without an answer."""
    missing = [name for name in COLUMNS if name not in answers.columns]
    if missing:
        raise UserError(f"the table of answers lacks {', '.join(missing)}; it needs {', '.join(COLUMNS)}")
    repeated = answers.filter(answers.select("task", "problem", "answer").is_duplicated())
    if not repeated.is_empty():
        raise UserError(
            f"the table of answers holds an answer of problem {repeated['problem'][0]} twice; merge its rows"
        )
    for part in answers.sort("task", "problem", "answer").partition_by("task", "problem", maintain_order=True):
        read = part.filter(pl.col("answer").is_not_null())
        unread = int(part.filter(pl.col("answer").is_null())["count"].sum())
        yield (
            part["task"][0],
            part["problem"][0],
            read["count"].to_numpy().astype(np.int64),
            read["correct"].to_numpy().astype(bool),
            unread,
        )
