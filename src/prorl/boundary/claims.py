"""Which problems may be called newly solvable.

A problem looks new when the tuned model solved it and the base never did. Among many problems some look new by luck, so
each is held against more, in this order; the first that fails names its label:

1. A fresh, independent base sample, at least as large as the first, fails as well. Otherwise: not established.
2. The tuned model succeeds too often for its rate to be the base's (`claim_tests.escape_p`), corrected for all problems
   compared by Benjamini and Hochberg's method. Otherwise: not established.
3. Where steps were checked, enough of the successes have right steps for 2. Otherwise, and where what the check found
   can't be read: not established.
4. The base has no success by tolerant extraction either. Otherwise: new but format only.
5. The tuned model succeeds more often than by guessing, in a claim that stands corrected like 2. Otherwise: new but
   guessable, if guesses were right so often that they alone explain it; not established, if there are too few successes
   to tell, or nothing is known of guessing (`claim_labels`).
6. Where no steps were checked: it succeeds at more problems than by guesses that it repeats (`claim_swaps`). Otherwise:
   new but guessable, if answers to another problem would do here; not established, if too few problems stand out.

What passes is new. Of these, an expected share of at most `q` is false.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from prorl.boundary.claim_labels import (
    FORMAT_ONLY,
    GUESSABLE,
    LABELS,
    NEW,
    NOT_ESTABLISHED,
    guessing_p,
    label_of,
    repeats_explain,
)
from prorl.boundary.claim_power import Power, power_of
from prorl.boundary.claim_rows import candidates, rows_of, unsolved
from prorl.boundary.claim_swaps import swapped
from prorl.boundary.claim_tests import escape_p
from prorl.boundary.plain import Plain

__all__ = [
    "FORMAT_ONLY", "GUESSABLE", "LABELS", "NEW", "NOT_ESTABLISHED", "Claim", "Claims", "candidates", "claims",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Claim(Plain):
    """A problem that looks new, and what is to be thought of it."""

    task: str
    problem: str
    label: str
    reason: str
    successes: int
    """Of the tuned model, in the format that was asked for."""
    samples: int
    verified: int | None
    """Successes whose steps are right; None where steps weren't checked, or what came of it can't be read."""
    base_samples: int
    """First and fresh together."""
    base_tolerant: int
    """Successes of the base by tolerant extraction, first and fresh together."""
    guesses: int | None
    """Samples without reasoning, or answers to other problems; None where there were none."""
    right_guesses: int | None
    by_others: float | None
    """Greatest share of right answers here among those to another problem that the base never solved either."""
    p_value: float | None
    """Corrected p-value of "same rate as the base"; None without a fresh sample, or where that solved it."""
    guess_p_value: float | None
    """Corrected p-value of "same rate as the base, or as guessing"; None where nothing is known of guessing."""


@dataclass(frozen=True, slots=True)
class Claims(Plain):
    """All problems that look new, and how far the labels can be trusted."""

    base: str
    tuned: str
    family: int
    """Problems compared: what the correction is for."""
    q: float
    """Expected share of false ones among those called new is at most this."""
    claims: tuple[Claim, ...]
    refuted: int
    """Problems that looked new and that the fresh base sample solved: what a naive count would have claimed falsely."""
    power: Power

    @property
    def counts(self) -> dict[str, int]:
        """Number of problems by label; together they are the naive count."""
        found = Counter(claim.label for claim in self.claims)
        return {label: found[label] for label in LABELS}

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Besides the fields."""
        return ("counts",)


def claims(
    base: pl.DataFrame,
    tuned: pl.DataFrame,
    fresh: pl.DataFrame,
    *,
    swaps: pl.DataFrame | None = None,
    names: tuple[str, str] = ("base", "tuned"),
    q: float = 0.05,
    zeta: float = 0.05,
) -> Claims:
    """Label every problem that looks new.

    `base` and `tuned` are counts (`boundary.samples.counts`) of the same problems; `fresh` are counts of an independent
    sample of the base, of at least the candidates (others in it are ignored). `tuned` may hold: `guess_rate`, the
    chance of a right guess; `guess_n` and `guess_c`, samples without reasoning and how many were right; `c_verified`,
    successes whose steps are right; `unread`, whether steps were checked and the verdicts can't be read. All of
    these may be null for a problem. `swaps` (`claim_swaps.SCHEMA`) say how often answers to one problem are right at
    another. Raises UserError for counts that don't fit.
    """
    rows = rows_of(candidates(base, tuned), base, tuned, fresh)
    from_base = [_from_base(row, row["c"]) for row in rows]
    verified = [1.0 if row["unread"] else _from_base(row, row["c_held"]) for row in rows]
    guessing = [guessing_p(row) for row in rows]
    passing = [_passes(row, p, guess, q) for row, p, guess in zip(rows, from_base, guessing, strict=True)]
    for row, found in zip(rows, swapped(rows, swaps, unsolved(base), passing), strict=True):
        row["swapped"] = found
    beyond_guessing = [
        _beyond_guessing(row, p, guess, q) for row, p, guess in zip(rows, verified, guessing, strict=True)
    ]
    family = base.height
    corrected = zip(*(_corrected(values, family) for values in (from_base, verified, beyond_guessing)), strict=True)
    # Which of the two explains more, before any correction: the base's rate or guessing.
    limits = [guess is not None and guess > p for guess, p in zip(guessing, verified, strict=True)]
    labelled = tuple(_claim(*each, q) for each in zip(rows, corrected, limits, strict=True))
    refuted = sum(1 for row in rows if row["c_fresh"])
    accepted = sum(claim.label == NEW for claim in labelled)
    power = power_of(rows, base, tuned, q * max(1, accepted) / family, zeta)
    return Claims(names[0], names[1], family, q, labelled, refuted, power)


def _from_base(row: dict[str, Any], successes: int) -> float:
    """p-value of "same rate as the base"; 1 where there is no fresh sample, or where that solved it."""
    if row["n_fresh"] is None or row["n_fresh"] < row["n_base"] or row["c_fresh"]:
        return 1.0
    return escape_p(int(successes), row["n"], row["n_base"] + row["n_fresh"])


def _passes(row: dict[str, Any], p_value: float, guessing: float | None, q: float) -> bool:
    """Whether nothing but guesses that are repeated may speak against it, before any correction."""
    known = guessing is not None and guessing <= q and not row["checked"]
    return known and p_value <= q and not row["tolerant_base"] and not row["tolerant_fresh"]


def _beyond_guessing(row: dict[str, Any], p_value: float, guessing: float | None, q: float) -> float:
    """p-value of "the base's rate or guessing explains it"; 1 where nothing is known of guessing, or where guesses
    that are repeated may explain it."""
    if guessing is None or row["tolerant_base"] or row["tolerant_fresh"] or repeats_explain(row, q):
        return 1.0
    return max(p_value, guessing)


def _corrected(p_values: list[float], family: int) -> list[float]:
    """Benjamini and Hochberg's adjustment; the problems that don't look new have p = 1."""
    from scipy.stats import false_discovery_control

    if not p_values:
        return []
    padded = np.ones(family)
    padded[: len(p_values)] = p_values
    return [float(value) for value in false_discovery_control(padded)[: len(p_values)]]


def _claim(row: dict[str, Any], corrected: tuple[float, float, float], limited_by_guessing: bool, q: float) -> Claim:
    p_base, p_verified, p_guess = corrected
    label, reason = label_of(row, p_base, p_verified, p_guess, limited_by_guessing, q)
    tested = row["n_fresh"] is not None and not row["c_fresh"]
    return Claim(
        task=row["task"],
        problem=row["problem"],
        label=label,
        reason=reason,
        successes=row["c"],
        samples=row["n"],
        verified=row["c_verified"],
        base_samples=row["n_base"] + (row["n_fresh"] or 0),
        base_tolerant=row["tolerant_base"] + (row["tolerant_fresh"] or 0),
        guesses=row["guess_n"],
        right_guesses=row["guess_c"],
        by_others=row["swapped"].by_others,
        p_value=p_base if tested else None,
        guess_p_value=p_guess if tested and guessing_p(row) is not None else None,
    )
