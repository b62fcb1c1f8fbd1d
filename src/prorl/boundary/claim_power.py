"""What a search for newly solvable problems could have found, and what could have escaped it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from prorl.boundary.claim_tests import detectable_rate, escaped_rate, needed_successes
from prorl.boundary.plain import Plain


@dataclass(frozen=True, slots=True)
class Power(Plain):
    """At the fewest samples of any problem: what the samples can show."""

    base_samples: int
    """First and fresh together."""
    tuned_samples: int
    zeta: float
    escaped_rate: float
    """A base that solves a problem at this rate fails in all its samples with a chance of ζ. "New" never means less."""
    alpha: float
    """What a problem's p-value must not exceed, after correction for all problems."""
    needed_successes: int | None
    """Successes of the tuned model that a claim needs; None where no number of them is enough."""
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
        return (
            f"{limit} A claim takes {self.needed_successes} successes in {self.tuned_samples} samples, which a tuned "
            f"model reaches with a chance of 80% when it solves the problem at a rate of {self.detectable_rate:.2g}."
        )

    @classmethod
    def derived(cls) -> tuple[str, ...]:
        """Besides the fields."""
        return ("statement",)


def power_of(base: pl.DataFrame, tuned: pl.DataFrame, fresh: pl.DataFrame, alpha: float, zeta: float) -> Power:
    """Power at the fewest samples, for claims that need a p-value of at most `alpha`.

    Where there is no fresh sample yet, one of the base's size is taken as planned.
    """
    first, other = (int(frame["n"].to_numpy().min()) for frame in (base, tuned))
    second = first if fresh.is_empty() else int(fresh["n"].to_numpy().min())
    needed = needed_successes(alpha, other, first + second)
    return Power(
        base_samples=first + second,
        tuned_samples=other,
        zeta=zeta,
        escaped_rate=escaped_rate(first + second, zeta),
        alpha=alpha,
        needed_successes=needed,
        detectable_rate=None if needed is None else detectable_rate(needed, other),
    )
