"""The paired test against enumeration, its error rate, and Holm's correction."""

from itertools import product

import numpy as np
import pytest

from prorl.boundary import significance
from prorl.boundary.significance import holm, paired_t, sign_flip_p


def _enumerated(differences: np.ndarray) -> float:
    observed = abs(differences.mean())
    means = [abs(np.mean(np.array(signs) * differences)) for signs in product((-1, 1), repeat=len(differences))]
    return float(np.mean([mean >= observed - 1e-12 for mean in means]))


def test_few_differences_are_enumerated() -> None:
    differences = np.array([0.5, 0.25, 0.125, 0.5, -0.0625, 0.3, 0.0])
    assert sign_flip_p([differences], np.random.default_rng(0)) == _enumerated(differences)


def test_six_gains_and_no_loss_is_two_in_sixty_four() -> None:
    assert sign_flip_p([np.full(6, 0.1)], np.random.default_rng(0)) == 2 / 64


def test_drawn_patterns_agree_with_all_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    differences = np.random.default_rng(1).normal(0.25, 0.5, 10)
    exact = sign_flip_p([differences], np.random.default_rng(0))
    monkeypatch.setattr(significance, "EXACT_UP_TO", 0)
    assert 0.01 < exact < 0.9
    assert sign_flip_p([differences], np.random.default_rng(0), draws=100_000) == pytest.approx(exact, abs=0.005)


def test_no_difference_anywhere_is_no_evidence() -> None:
    assert sign_flip_p([np.zeros(9)], np.random.default_rng(0)) == 1.0


def test_tasks_weigh_the_same_whatever_their_sizes() -> None:
    small, large = np.array([0.5, 0.25]), np.array([0.1, -0.3, 0.2, -0.4, -0.1, 0.3])

    def mean_of_means(signs: tuple[int, ...]) -> float:
        return abs(np.mean(small * signs[:2]) + np.mean(large * signs[2:])) / 2

    means = [mean_of_means(signs) for signs in product((-1, 1), repeat=8)]
    expected = np.mean([mean >= mean_of_means((1,) * 8) - 1e-12 for mean in means])
    assert sign_flip_p([small, large], np.random.default_rng(0)) == expected


def test_equal_models_are_called_different_at_most_one_time_in_twenty() -> None:
    rng = np.random.default_rng(7)
    calls = 0
    for _ in range(1000):
        rates = rng.beta(0.5, 2, 14)
        differences = (rng.binomial(16, rates) - rng.binomial(16, rates)) / 16
        calls += sign_flip_p([differences], rng, draws=999) < 0.05
    assert calls / 1000 <= 0.065


def test_holm_steps_down_and_stays_in_order() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_paired_t_by_hand() -> None:
    differences = np.array([0.1, 0.3, 0.0, 0.2])
    found = paired_t(differences)
    assert found.mean == pytest.approx(0.15)
    assert found.t == pytest.approx(0.15 / (differences.std(ddof=1) / 2))
    assert found.p_two_sided == pytest.approx(2 * found.p_one_sided)


def test_paired_t_gives_the_published_p_value_of_the_published_t() -> None:
    # BroRL: Δ = 0.0033 over more than 10,000 problems, t = 4.84, one-sided p = 6.5e-7
    noise = np.random.default_rng(0).normal(size=10_000)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    found = paired_t(0.0033 + noise * 0.0033 * 100 / 4.84)
    assert found.t == pytest.approx(4.84)
    assert found.p_one_sided == pytest.approx(6.5e-7, rel=0.02)


def test_paired_t_has_nothing_to_say_of_constant_differences() -> None:
    assert (paired_t(np.zeros(5)).t, paired_t(np.full(5, 0.1)).p_one_sided) == (None, 1.0)
    with pytest.raises(ValueError, match="at least two problems"):
        paired_t(np.array([0.1]))
