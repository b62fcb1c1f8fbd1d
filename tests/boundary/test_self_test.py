"""The self-test passes as it is, and fails where an estimator, a claim or a call is broken."""

import json

import numpy as np
import pytest

from prorl.boundary import claim_labels
from prorl.boundary import claims as claims_module
from prorl.boundary import regimes as regimes_module
from prorl.boundary.self_test import Line, SelfTest, exact, guessers, nothing, power, run
from prorl.boundary.self_test.coverage import coverage


@pytest.fixture(scope="module")
def short() -> SelfTest:
    return run(suites=20, repetitions=60)


def test_a_short_run_asks_every_question_and_holds_error_rates(short: SelfTest) -> None:
    names = " | ".join(line.name for line in short.lines)
    for subject in (
        "pass@k: deviation", "majority@k", "Invisible Leash, ProRL v2: SRR", "group_anagrams curve",
        "8 tasks of 24, Δ pass@128", "base against base", "any regime", "any problem 'new'", "samples the same",
        "sharper only", "learnt at rate", "called new", "true sustained", "no gain",
    ):  # fmt: skip
        assert subject in names
    # Means and shares of so few repetitions are too rough for their ranges.
    rough = ("coverage", "no gain", "samples the same")
    exact_enough = [line for line in short.lines if not any(part in line.name for part in rough)]
    wrong = [line for line in exact_enough if not line.ok]
    assert not wrong
    assert len({line.name for line in short.lines}) == len(short.lines)


def test_is_plain_data(short: SelfTest) -> None:
    content = short.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert set(content["lines"][0]) == {"name", "measured", "wanted", "ok"}
    assert content["ok"] == short.ok


def test_a_line_knows_its_range() -> None:
    inside = Line("x", 0.95, 0.93, 0.97)
    assert (inside.ok, inside.wanted) == (True, "0.93 to 0.97")
    assert not Line("x", 0.98, 0.93, 0.97).ok
    assert not Line("x", float("nan"), 0.93, 0.97).ok
    assert not SelfTest((inside, Line("y", 1, 2, 2)), 0.0).ok


def test_a_biased_estimator_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "pass_at_k", lambda n, c, k: 1 - (1 - np.divide(c, n)) ** k)
    assert not exact.brute_force()[0].ok


def test_claims_without_correction_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims_module, "_corrected", lambda p_values, family: p_values)
    lines = {line.name: line for line in nothing.base_against_base(12, 0)}
    assert not next(line for name, line in lines.items() if "any problem 'new'" in name).ok


def test_claims_without_a_guess_control_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    anew = guessers.guessing(12, 0)[:2]
    assert (anew[0].ok, anew[1].measured) == (True, 24)
    monkeypatch.setattr(claims_module, "_beyond_guessing", lambda row, p_value, guessing, q: p_value)
    assert guessers.guessing(12, 0)[0].measured == 1


def test_claims_that_count_samples_as_guesses_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without swaps: those of models that repeat themselves, that guess beside what they know and what they learnt."""
    for module in (claims_module, claim_labels):
        monkeypatch.setattr(module, "repeats_explain", lambda row, q: False)
    lines = {line.name: line for line in guessers.guessing(30, 0)}
    wrong = [name for name, line in lines.items() if not line.ok]
    for subject in ("10%", "20%", "50%", "100%", "beside as many problems that it knows", "false among those called"):
        assert any(subject in name for name in wrong), subject


def test_new_problems_are_found_against_guesses_that_were_made() -> None:
    """0.02 of 256 samples is 5: enough against a known guess rate of 0.0001, but not against 256 wrong guesses."""
    lines = {line.name: line.measured for line in power.new_problems(500, 0)}
    found = {rate: value for rate in power.RATES for name, value in lines.items() if f", {rate:g} a new" in name}
    assert found[0.02] < 0.1
    assert 0.8 < found[0.04] <= found[0.08]


def test_regimes_without_tests_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regimes_module, "ALPHA", 1.1)
    monkeypatch.setattr(regimes_module, "mean_intervals", _narrow(regimes_module.mean_intervals))
    monkeypatch.setattr(regimes_module, "unseen_share", lambda tasks, problems, level: 0.0)
    lines = {line.name: line for line in nothing.base_against_base(12, 0)}
    assert not next(line for name, line in lines.items() if "any regime" in name).ok


def _narrow(mean_intervals):
    return lambda strata, rng, **options: mean_intervals(strata, rng, **{**options, "level": 0.3})


def test_narrow_intervals_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from prorl.boundary.self_test import coverage as module

    full = module.mean_intervals
    monkeypatch.setattr(module, "mean_intervals", lambda strata, rng, **o: full(strata, rng, **{**o, "level": 0.8}))
    assert not any(line.ok for line in coverage(120, 0)[:8])
