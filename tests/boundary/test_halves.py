"""Models that share their random numbers: halves by sample number have no luck in common, halves by chance have."""

import numpy as np
import polars as pl
import pytest

from prorl.boundary import samples
from prorl.boundary.competence import Competence, competence
from prorl.boundary.halves import BY_CHANCE, BY_NUMBER, by_number, can_go_by_number
from prorl.boundary.paired import Paired, pair

SAMPLES = 32


def _table(model: str, right: np.ndarray) -> pl.DataFrame:
    """A sample table of `right`, [problems, samples], in tasks of twelve problems."""
    problems, numbers = (axis.ravel() for axis in np.indices(right.shape))
    scores = right.ravel().astype(float)
    return pl.DataFrame(
        {
            "model": model, "task": [f"task{problem // 12}" for problem in problems],
            "problem": [f"p{problem:03d}" for problem in problems], "sample": numbers.astype(np.int32),
            "score": scores, "tolerant_score": scores,
        }
    )  # fmt: skip


def _coupled(rng: np.random.Generator, alike: float) -> Paired:
    """Two models of the same rates; a share of the tuned model's samples are the base's of that number."""
    rates = np.clip(rng.normal(0.3, 0.06, 120), 0.01, 0.9)
    shape = (len(rates), SAMPLES)
    base = rng.random(shape) < rates[:, None]
    tuned = np.where(rng.random(shape) < alike, base, rng.random(shape) < rates[:, None])
    return pair({name: samples.counts(_table(name, right)) for name, right in (("base", base), ("tuned", tuned))})


def _estimates(alike: float, k: int = 1, suites: int = 40) -> dict[str, tuple[float, float]]:
    """By estimate: its mean, and the share of intervals that hold 0."""
    rng = np.random.default_rng(3)
    found = [competence(_coupled(rng, alike), "tuned", "problem", k, seed=i, resamples=200) for i in range(suites)]

    def of(name: str) -> tuple[float, float]:
        intervals = [getattr(result, name) for result in found]
        known = [interval for interval in intervals if interval is not None]
        return np.mean([i.estimate for i in known]), np.mean([not i.excludes(0.0) for i in known])

    return {name: of(name) for name in ("split_pearson", "split_spearman", "corrected_slope")}


@pytest.mark.parametrize("alike", [0.0, 0.5, 0.9])
def test_shared_luck_is_no_gain_of_the_strong(alike: float) -> None:
    for name, (mean, holds) in _estimates(alike).items():
        assert mean == pytest.approx(0.0, abs=0.1 if name.endswith("slope") else 0.05), name
        assert holds >= 0.85, name


def test_at_larger_k_too() -> None:
    for mean, holds in _estimates(0.5, k=4).values():
        assert mean == pytest.approx(0.0, abs=0.1)
        assert holds >= 0.85


def test_a_true_gain_of_the_weak_is_found_under_shared_luck() -> None:
    """Gain 0.8 × (0.3 − rate), and as many of the base's samples kept as that allows."""
    rng = np.random.default_rng(4)
    slopes = []
    for seed in range(20):
        rates = np.clip(rng.normal(0.3, 0.1, 120), 0.01, 0.9)[:, None]
        drawn = rng.random((120, 64))
        tables = {"base": _table("base", drawn < rates), "tuned": _table("tuned", drawn < rates + 0.8 * (0.3 - rates))}
        paired = pair({name: samples.counts(table) for name, table in tables.items()})
        slopes.append(competence(paired, "tuned", "problem", 1, seed=seed, resamples=200).corrected_slope.estimate)
    assert np.mean(slopes) == pytest.approx(-0.8, abs=0.05)


def test_halves_are_even_and_odd_samples_of_both_models_alike() -> None:
    base, tuned = np.zeros((12, 8), bool), np.zeros((12, 8), bool)
    base[:, 0] = base[:, 2] = base[:, 1] = True
    tuned[:, 4] = tuned[:, 3] = tuned[:, 5] = tuned[:, 7] = True
    paired = pair({name: samples.counts(_table(name, right)) for name, right in (("b", base), ("t", tuned))})
    even, odd = by_number(paired, "t", "task", 1)
    assert (even.competence.tolist(), even.gain.tolist()) == ([0.5], [0.5])
    assert (odd.competence.tolist(), odd.gain.tolist()) == ([0.25], [-0.25])
    assert can_go_by_number(paired, "t", 4)
    with pytest.raises(ValueError, match="5 even and 5 odd samples"):
        by_number(paired, "t", "task", 5)


def _of(paired: Paired) -> Competence:
    return competence(paired, "tuned", "problem", 1, resamples=200)


def test_counts_alone_are_halved_by_chance_and_it_is_said() -> None:
    rng = np.random.default_rng(5)
    frames = {name: samples.counts(_table(name, rng.random((120, SAMPLES)) < 0.3)) for name in ("base", "tuned")}
    assert _of(pair(frames)).halves == BY_NUMBER
    bare = {name: frame.drop("n_even", "c_even") for name, frame in frames.items()}
    assert _of(pair(bare)).halves == BY_CHANCE
    assert _of(pair({**frames, "tuned": bare["tuned"]})).halves == BY_CHANCE
    assert samples.counts(_table("m", np.ones((1, 4), bool)).drop("sample")).columns[-1] == "score"
