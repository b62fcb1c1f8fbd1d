"""Curves keep to what can be: pass@k lies in [0, 1], a score wherever its verifier puts it."""

import numpy as np
import polars as pl
import pytest

from prorl.boundary.curves import curves
from prorl.boundary.paired import pair


def test_a_score_below_zero_does_not_widen_pass_at_k() -> None:
    scores = np.linspace(-1.0, 0.0, 24)
    counts = pl.DataFrame(
        {
            "task": ["t"] * 24, "problem": [f"p{index:02d}" for index in range(24)], "n": [64] * 24, "c": [0] * 24,
            "c_tolerant": [0] * 24, "score": scores,
        }
    )  # fmt: skip
    row = curves(pair({"m": counts}), "m", (1, 64))[0]
    for interval in (*row.strict.values(), *row.tolerant.values()):
        assert (interval.estimate, interval.low) == (0.0, 0.0)
        assert interval.high == pytest.approx(1 - 0.025 ** (1 / 24)), "Clopper and Pearson's"
    assert row.score.estimate == pytest.approx(-0.5)
    assert -1.0 < row.score.low < row.score.high < 0.0
