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


@pytest.mark.parametrize(
    ("problems", "accepted", "tuned", "guesses", "without", "needed"),
    [(144, 6, 256, 256, 5, 9), (288, 1, 256, 256, 7, 13), (96, 5, 1024, 256, 5, 27), (96, 5, 1024, 1024, 5, 9)],
)
def test_guesses_of_which_none_is_right_ask_for_more_successes(
    problems: int, accepted: int, tuned: int, guesses: int, without: int, needed: int
) -> None:
    alpha, base = 0.05 * accepted / problems, 2 * tuned
    assert needed_successes(alpha, tuned, base) == without
    assert needed_successes(alpha, tuned, base, guesses) == needed
    by_hand = [max(escape_p(c, tuned, base), guess_p(c, tuned, None, 0, guesses) or 0) for c in (needed - 1, needed)]
    assert by_hand[1] <= alpha < by_hand[0]
    assert needed_successes(0.001, 256, 512, None, 0.25) == 87
    assert binom.sf(86, 256, 0.25) <= 0.001 < binom.sf(85, 256, 0.25)


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
        ({"guess_rate": None, "guess_n": 64, "guess_c": 0}, NOT_ESTABLISHED, "a guess that the model repeats"),
        ({"guess_rate": None, "guess_n": 64, "guess_c": 0, "c_verified": 40}, NEW, "two base samples"),
        # A repeated guess is right as often as a problem's answer is: of one problem with a chance of 0.1.
        ({"guess_rate": 0.1, "c": 64}, NOT_ESTABLISHED, "too few problems of its task stand out"),
        ({"guess_rate": 0.1, "c": 64, "c_verified": 64}, NEW, "two base samples"),
        ({"guess_rate": 0.001, "guess_n": 64, "guess_c": 30}, GUESSABLE, "guessing"),
        ({"unread": True}, NOT_ESTABLISHED, "the verdicts on them can't be read"),
        ({"unread": True, "c_verified": 30}, NOT_ESTABLISHED, "the verdicts on them can't be read"),
        ({"unread": False}, NEW, "two base samples"),
        # 6 against 0 of 64: p = 0.014, and 0.29 for 21 problems; no guess was right.
        ({"c": 6, "guess_n": 64, "guess_c": 0}, NOT_ESTABLISHED, "too few right answers to rule guessing out"),
        ({"c_verified": 6, "guess_n": 64, "guess_c": 0}, NOT_ESTABLISHED, "too few right answers with right steps to"),
        # 6 against 0 of 16: p = 0.25 before any correction, and still no guess was right.
        ({"c": 6, "guess_n": 16, "guess_c": 0}, NOT_ESTABLISHED, "too few right answers to rule guessing out"),
        # 12 against 2 of 64: p = 0.0043, which only the correction makes large.
        ({"c": 12, "guess_n": 64, "guess_c": 2}, NOT_ESTABLISHED, "too few right answers to rule guessing out"),
        ({"c": 12, "guess_n": 64, "guess_c": 8}, GUESSABLE, "guessing"),
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


def test_a_problem_is_not_called_guessable_for_what_others_are() -> None:
    """Two problems beyond guessing by far; the base's luck is ruled out only as long as all four look beyond it."""
    base = exact({"x": [0] * 4 + [5] * 196}, N)
    guessable = pl.col("problem").is_in(["x-002", "x-003"])
    tuned = exact({"x": [5, 5, 40, 40] + [5] * 196}, N).with_columns(
        guess_rate=pl.when(guessable).then(0.6).otherwise(1e-6), c_verified=pl.col("c")
    )
    labels = {claim.problem: (claim.label, claim.reason) for claim in claims(base, tuned, base.head(4)).claims}
    assert guess_p(5, N, 1e-6) < 1e-20
    assert 200 / 4 * escape_p(5, N, 2 * N) < 0.05 < 200 / 2 * escape_p(5, N, 2 * N)
    assert [labels[f"x-00{i}"][0] for i in range(4)] == [NOT_ESTABLISHED, NOT_ESTABLISHED, GUESSABLE, GUESSABLE]
    assert "to rule luck out" in labels["x-000"][1]


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
    assert "guesses" not in power.statement
    hopeless = claims(exact({"x": [0]}, 1), exact({"x": [1]}, 1), fresh.clear()).power
    assert (hopeless.needed_successes, hopeless.base_samples) == (None, 2)
    assert "no number of successes" in hopeless.statement


def test_the_power_counts_the_guesses_that_were_made() -> None:
    by_rate, blind = (claims(*_one(**case)).power for case in ({}, {"guess_rate": None, "guess_n": 96, "guess_c": 3}))
    assert (by_rate.guesses, blind.guesses) == (None, 96)
    assert blind.needed_successes == needed_successes(blind.alpha, N, 2 * N, 96) > by_rate.needed_successes
    assert binom.sf(blind.needed_successes - 1, N, blind.detectable_rate) == pytest.approx(0.8)
    assert (
        f"takes {blind.needed_successes} successes in {N} samples where none of 96 guesses is right" in blind.statement
    )
    base = exact({"x": [0] + [5] * 143}, 256)
    planned = claims(base, base, base.clear()).power
    assert (planned.guesses, planned.needed_successes) == (256, 12)
    unlike = base.with_columns(c=pl.lit(40), guess_rate=pl.when(pl.col("problem") == "x-000").then(0.25))
    assert not claims(base, unlike, base.head(1)).power.unlike
    two = exact({"x": [0, 0] + [5] * 142}, 256)
    power = claims(two, unlike.with_columns(guess_n=300, guess_c=0), two.head(2)).power
    assert (power.guesses, power.guess_rate, power.unlike) == (300, None, True)
    assert "need more." in power.statement
    rare = unlike.with_columns(guess_rate=pl.when(pl.col("problem") == "x-000").then(1 / 720), guess_n=300, guess_c=0)
    assert not claims(two, rare, two.head(2)).power.unlike, "300 wrong guesses ask for more than that rate"


def test_the_power_is_that_of_the_problems_that_look_new() -> None:
    """Other fresh samples may be there, of an earlier and smaller measurement: they change nothing."""
    base, tuned = exact({"x": [0, 0, 1]}, N), exact({"x": [20, 0, 0]}, N)
    fresh, smaller = base.head(1), exact({"x": [0, 0, 0]}, 8).slice(1, 1)
    alone, besides = (claims(base, tuned, frame).power for frame in (fresh, pl.concat([fresh, smaller])))
    assert alone.base_samples == 2 * N
    assert besides == alone
    assert claims(base, base, smaller).power.base_samples == 2 * N, "nothing looks new: as it would be planned"


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
