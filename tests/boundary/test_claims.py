"""Claims: exact p-values, every label for its reason, and few false ones where nothing is new."""

import json
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from prorl.boundary.claim_tests import detectable_rate, escape_p, escaped_rate, guess_p, needed_successes
from prorl.boundary.claims import FORMAT_ONLY, GUESSABLE, LABELS, NEW, NOT_ESTABLISHED, candidates, claims
from prorl.boundary.self_test.made_up import counts
from prorl.boundary.self_test.made_up import frame as exact
from prorl.errors import UserError

N = 64


@pytest.mark.parametrize(("successes", "tuned", "base"), [(1, 8, 16), (2, 64, 128), (6, 256, 512), (3, 30, 7)])
def test_escape_p_is_the_largest_chance_over_all_rates(successes: int, tuned: int, base: int) -> None:
    rates = np.linspace(0, 1, 2_000_001)[1:-1]
    brute = np.max((1 - rates) ** base * binom.sf(successes - 1, tuned, rates))
    assert escape_p(successes, tuned, base) == pytest.approx(brute, rel=1e-5)


def test_one_success_against_twice_as_many_failures() -> None:
    # (1−p)^2n (1 − (1−p)^n) is largest where (1−p)^n = 2/3
    assert escape_p(1, 256, 512) == pytest.approx(4 / 27)
    assert escape_p(0, 256, 512) == 1.0


@given(st.integers(1, 40), st.integers(40, 300), st.integers(1, 600))
def test_more_successes_are_more_evidence(successes: int, tuned: int, base: int) -> None:
    assert escape_p(successes + 1, tuned + 1, base) < escape_p(successes, tuned + 1, base)
    assert escape_p(successes, tuned, base + 1) <= escape_p(successes, tuned, base)


@pytest.mark.parametrize("alpha", [0.05, 1e-3, 1e-6])
def test_needed_successes_are_the_fewest(alpha: float) -> None:
    needed = needed_successes(alpha, 64, 128)
    assert escape_p(needed, 64, 128) <= alpha < escape_p(needed - 1, 64, 128)
    assert needed_successes(1e-6, 4, 8) is None


def test_rates_that_escape_and_rates_that_are_found() -> None:
    assert (1 - escaped_rate(512)) ** 512 == pytest.approx(0.05)
    assert binom.sf(6, 256, detectable_rate(7, 256)) == pytest.approx(0.8)


def test_guessing_is_tested_by_rate_and_by_samples() -> None:
    assert guess_p(3, 10, 0.25) == pytest.approx(sum(binom.pmf(x, 10, 0.25) for x in range(3, 11)))
    assert guess_p(3, 3, None, 0, 3) == pytest.approx(1 / 20)
    assert guess_p(3, 3, 0.01, 0, 3) == pytest.approx(1 / 20)
    assert guess_p(3, 10, None) is None
    assert guess_p(3, 10, None, 0, 0) is None


def _one(
    c: int = 40, tolerant: int = 0, fresh: dict[str, Any] | None = None, others: int = 20, **columns: Any
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Counts with one problem that looks new among others; base, tuned and fresh."""
    base = exact({"x": [0] + [5] * others}, N)
    base = base.with_columns(c_tolerant=pl.when(pl.col("c") == 0).then(tolerant).otherwise(pl.col("c")))
    tuned = exact({"x": [c] + [5] * others}, N).with_columns(
        **{name: pl.lit(value) for name, value in {"guess_rate": 0.001, **columns}.items()}
    )
    row = {"task": "x", "problem": "x-000", "n": N, "c": 0, "c_tolerant": 0, "score": 0.0, **(fresh or {})}
    return base, tuned, pl.DataFrame([row])


@pytest.mark.parametrize(
    ("case", "label", "reason"),
    [
        ({}, NEW, "two base samples failed"),
        ({"fresh": {"c": 1, "c_tolerant": 1}}, NOT_ESTABLISHED, "the fresh base sample solved it 1 times"),
        ({"fresh": {"n": N - 1}}, NOT_ESTABLISHED, "smaller than the first"),
        ({"fresh": {"problem": "x-001"}}, NOT_ESTABLISHED, "no fresh base sample"),
        ({"c": 2}, NOT_ESTABLISHED, "could have escaped by luck"),
        ({"c_verified": 1}, NOT_ESTABLISHED, "too few of the right answers have right steps"),
        ({"c_verified": 30}, NEW, "two base samples"),
        ({"tolerant": 1}, FORMAT_ONLY, "another format"),
        ({"fresh": {"c_tolerant": 1}}, FORMAT_ONLY, "another format"),
        ({"guess_rate": None}, NOT_ESTABLISHED, "nothing is known of how often a guess is right"),
        ({"guess_rate": 0.6}, GUESSABLE, "guessing"),
        ({"guess_rate": None, "guess_n": 64, "guess_c": 30}, GUESSABLE, "guessing"),
        ({"guess_rate": None, "guess_n": 64, "guess_c": 0}, NEW, "two base samples"),
        ({"guess_rate": 0.001, "guess_n": 64, "guess_c": 30}, GUESSABLE, "guessing"),
    ],
)
def test_every_label_has_its_reason(case: dict[str, Any], label: str, reason: str) -> None:
    base, tuned, fresh = _one(**case)
    assert candidates(base, tuned) == [("x", "x-000")]
    found = claims(base, tuned, fresh)
    assert len(found.claims) == 1
    assert found.claims[0].label == label
    assert reason in found.claims[0].reason
    assert found.counts == {name: int(name == label) for name in LABELS}
    assert found.refuted == int("solved it" in reason)
    content = found.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_the_correction_is_for_all_problems_compared() -> None:
    few, many = (claims(*_one(c=5, others=others)) for others in (3, 3000))
    assert few.claims[0].p_value == pytest.approx(4 * escape_p(5, N, 2 * N))
    assert (few.claims[0].label, few.family) == (NEW, 4)
    assert many.claims[0].p_value == pytest.approx(min(1, 3001 * escape_p(5, N, 2 * N)))
    assert many.claims[0].label == NOT_ESTABLISHED
    assert many.power.needed_successes > few.power.needed_successes


def test_many_true_discoveries_make_each_easier() -> None:
    base = exact({"x": [0] * 50 + [3] * 50}, N)
    tuned = exact({"x": [6] * 50 + [3] * 50}, N).with_columns(guess_rate=0.001)
    fresh = base.filter(pl.col("c") == 0)
    found = claims(base, tuned, fresh)
    assert found.counts[NEW] == 50
    assert found.claims[0].p_value == pytest.approx(2 * escape_p(6, N, 2 * N))


def test_the_statement_of_power_holds_in_simulation() -> None:
    base, tuned, fresh = _one()
    power = claims(base, tuned, fresh).power
    rng = np.random.default_rng(0)
    escaped = np.mean(rng.binomial(power.base_samples, power.escaped_rate, 100_000) == 0)
    found = np.mean(rng.binomial(power.tuned_samples, power.detectable_rate, 100_000) >= power.needed_successes)
    assert (escaped, found) == (pytest.approx(0.05, abs=0.003), pytest.approx(0.8, abs=0.01))
    assert f"fails in all {2 * N} samples with a chance of 5%" in power.statement
    assert f"takes {power.needed_successes} successes in {N} samples" in power.statement
    hopeless = claims(exact({"x": [0]}, 1), exact({"x": [1]}, 1), fresh.clear()).power
    assert (hopeless.needed_successes, hopeless.base_samples) == (None, 2)
    assert "no number of successes" in hopeless.statement


def test_nothing_that_looks_new_is_no_claim() -> None:
    base = exact({"x": [1, 2]}, 8)
    found = claims(base, base, base.clear())
    assert (found.claims, found.refuted) == ((), 0)


def test_repeated_fresh_counts_are_refused() -> None:
    base, tuned, fresh = _one()
    with pytest.raises(UserError, match="the fresh base sample hold problem x-000 of x twice"):
        claims(base, tuned, pl.concat([fresh, fresh]))


def test_where_nothing_is_new_naive_counts_claim_much_and_we_claim_nothing() -> None:
    rng = np.random.default_rng(5)
    naive = false = 0
    for _ in range(100):
        rates = {"x": rng.beta(0.2, 8, 100)}
        base, tuned, fresh = (counts(rates, N, rng) for _ in range(3))
        found = claims(base, tuned.with_columns(guess_rate=0.0), fresh)
        naive += len(found.claims)
        false += found.counts[NEW] > 0
    assert naive > 500
    assert false <= 5
