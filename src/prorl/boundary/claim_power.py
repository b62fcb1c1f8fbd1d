"""What a search for newly solvable problems could have found, and what could have escaped it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from prorl.boundary.claim_tests import detectable_rate, escaped_rate, needed_successes
from prorl.boundary.plain import Plain


@dataclass(frozen=True, slots=True)
class Power(Plain):
    """At the fewest samples of any problem: what the samples can show."""

    base_samples: int
    """First and fresh together."""
    tuned_samples: int
    guesses: int | None
    """Fewest guesses at a problem that looks new; None where guessing is known by its rate alone."""
    guess_rate: float | None
    """Lowest known chance of a random answer among problems that look new; None where one of them has none."""
    unlike: bool
    """Whether others have so high a one that they need more successes."""
    zeta: float
    escaped_rate: float
    """A base that solves a problem at this rate fails in all its samples with a chance of ζ. "New" never means less."""
    alpha: float
    """What a problem's p-value must not exceed, after correction for all problems."""
    needed_successes: int | None
    """Successes of the tuned model that a claim needs where no guess is right, so that neither the base's rate nor
    guessing explains them; None where no number of them is enough."""
    detectable_rate: float | None
    """Rate of the tuned model at which a problem out of the base's reach is found with a chance of 80 %."""

    @property
    def statement(self) -> str:
        """Two sentences for a reader."""
        limit = (
            f"A base model that solves a problem at a rate of {self.escaped_rate:.2g} fails in all {self.base_samples} "
            f"samples with a chance of {self.zeta:.0%}, so 'new' means less than about that, not never."
        )
        if self.needed_successes is None or self.detectable_rate is None:
            return f"{limit} With {self.tuned_samples} samples no number of successes can establish a claim here."
        against = "" if self.guesses is None else f" where none of {self.guesses} guesses is right"
        more = " Problems at which a random answer is right more often need more." if self.unlike else ""
        return (
            f"{limit} A claim takes {self.needed_successes} successes in {self.tuned_samples} samples{against}; a "
            "tuned model reaches these with a chance of 80% when it solves the problem at a rate of "
            f"{self.detectable_rate:.2g}.{more}"
        )

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Besides the fields."""
        return ("statement",)


def blind_guesses(samples: int) -> int:
    """Guesses that are judged at a problem, where there are so many: one for each sample of a claim, 256 at least."""
    return max(256, samples)


def power_of(
    looking_new: Sequence[dict[str, Any]], base: pl.DataFrame, tuned: pl.DataFrame, alpha: float, zeta: float
) -> Power:
    """Power at the fewest samples, for claims that need a p-value of at most `alpha`.

    Where no problem that looks new has a fresh sample yet, one of the base's size is taken as planned; where nothing is
    known of guessing at these problems, `blind_guesses` are.
    """
    first, other = (int(frame["n"].to_numpy().min()) for frame in (base, tuned))
    second = min((row["n_fresh"] for row in looking_new if row["n_fresh"] is not None), default=first)
    rates = [row["guess_rate"] for row in looking_new]
    known = [rate for rate in rates if rate is not None]
    made = [row["guess_n"] for row in looking_new if row["guess_n"]]
    guesses = min(made, default=None if known else blind_guesses(other))
    rate = min(known) if known and len(known) == len(rates) else None
    needed = needed_successes(alpha, other, first + second, guesses, rate)
    at_most = needed_successes(alpha, other, first + second, guesses, max(known, default=None))
    return Power(
        base_samples=first + second,
        tuned_samples=other,
        guesses=guesses,
        guess_rate=rate,
        unlike=at_most != needed,
        zeta=zeta,
        escaped_rate=escaped_rate(first + second, zeta),
        alpha=alpha,
        needed_successes=needed,
        detectable_rate=None if needed is None else detectable_rate(needed, other),
    )
