"""Solvable sets and support measures: the published figures from the published counts, and intervals that cover."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorl.boundary.paired import TOLERANT, pair
from prorl.boundary.self_test.made_up import frame as exact
from prorl.boundary.support import escape_bound, measure_intervals, measures, support
from prorl.errors import UserError
from prorl.tasks.names import OVERALL


@pytest.mark.parametrize(
    ("counts", "published"),
    [
        ((2388, 175, 48, 793), {"srr": 0.93, "ndr": 0.02, "sds": 0.04, "nscr": -0.05}),
        ((1355, 56, 5, 131), {"srr": 0.96, "ndr": 0.004}),
        ((1045, 107, 31, 674), {"srr": 0.91, "ndr": 0.03}),
    ],
    ids=["ProRL v2", "ProRL v1, mathematics", "ProRL v1, other"],
)
def test_published_counts_give_the_published_figures(
    counts: tuple[int, int, int, int], published: dict[str, float]
) -> None:
    found = measures(*counts)
    for name, value in published.items():
        digits = 3 if value == 0.004 else 2
        assert round(found[name], digits) == value


def test_the_published_threshold() -> None:
    assert escape_bound(8192, 0.05) == pytest.approx(3.66e-4, abs=5e-7)
    assert escape_bound(1, 0.05) == 1.0
    with pytest.raises(ValueError, match="samples >= 1"):
        escape_bound(0)


@given(st.tuples(*[st.integers(0, 50)] * 4).filter(lambda counts: sum(counts) > 0))
def test_measures_are_what_their_names_say(counts: tuple[int, int, int, int]) -> None:
    p, s, e, o = counts
    found = measures(p, s, e, o)
    assert sum(found[name] for name in ("expansion", "shrinkage", "preservation")) == pytest.approx(1 - o / sum(counts))
    assert (found["srr"] is None) == (p + s == 0)
    assert (found["nscr"] is None) == (p + s + e == 0)
    if p > 0:
        rates = found["srr"], found["ndr"]
        harmonic = 2 * rates[0] * rates[1] / (rates[0] + rates[1])
        assert found["sds"] == pytest.approx(harmonic)
    assert (found["nscr"] or 0) == pytest.approx((e - s) / max(1, p + s + e))


def test_sets_hold_the_problems_and_consolidation_is_over_what_was_kept() -> None:
    paired = pair({"b": exact({"x": [1, 2, 0, 0], "y": [4]}, 8), "t": exact({"x": [6, 0, 1, 0], "y": [2]}, 8)})
    found = support(paired, "t", OVERALL)
    assert found.both == (("x", "x-000"), ("y", "y-000"))
    assert found.base_only == (("x", "x-001"),)
    assert found.tuned_only == (("x", "x-002"),)
    assert found.neither == (("x", "x-003"),)
    assert found.counts == {"both": 2, "base_only": 1, "tuned_only": 1, "neither": 1}
    assert found.consolidation == pytest.approx((6 / 8 + 2 / 8) / 2)
    assert found.epsilon == pytest.approx(-np.log(0.05) / 8)
    assert found.measures["srr"].estimate == pytest.approx(2 / 3)
    content = found.to_dict()
    assert json.loads(json.dumps(content, allow_nan=False)) == content


def test_nothing_in_reach_has_no_measures_of_reach() -> None:
    found = support(pair({"b": exact({"x": [0, 0]}, 8), "t": exact({"x": [0, 0]}, 8)}), "t", "x")
    assert (found.measures["srr"], found.measures["nscr"], found.consolidation) == (None, None, None)
    assert found.measures["expansion"].estimate == 0.0
    assert 0.5 < found.measures["expansion"].high < 1.0


def test_tolerant_answers_have_sets_of_their_own() -> None:
    base = exact({"x": [0, 0]}, 8).with_columns(c_tolerant=3)
    paired = pair({"b": base, "t": exact({"x": [1, 1]}, 8)})
    assert support(paired, "t", "x").counts["tuned_only"] == 2
    assert support(paired, "t", "x", extraction=TOLERANT).counts["tuned_only"] == 0


def test_unequal_numbers_of_samples_are_refused() -> None:
    paired = pair({"b": exact({"x": [1, 0]}, 8), "t": exact({"x": [1, 0]}, 16)})
    with pytest.raises(UserError, match="problem x-000 of x has 8 samples of b and 16 of t"):
        support(paired, "t", "x")


@pytest.mark.parametrize("shares", [(0.5, 0.1, 0.1, 0.3), (0.7, 0.07, 0.02, 0.21), (0.3, 0.3, 0.3, 0.1)])
def test_intervals_of_measures_cover(shares: tuple[float, ...]) -> None:
    rng = np.random.default_rng(4)
    truth = measures(*shares)
    hits = dict.fromkeys(truth, 0)
    for _ in range(400):
        found = measure_intervals(rng.multinomial(200, shares).tolist(), rng, draws=2000)
        for name, interval in found.items():
            hits[name] += interval.low <= truth[name] <= interval.high
    assert all(0.92 <= count / 400 <= 0.985 for count in hits.values()), hits
