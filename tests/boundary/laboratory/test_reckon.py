"""The temperature control is corrected as the comparisons that it stands beside."""

from __future__ import annotations

import re

import pytest

from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.reckon import reckon
from prorl.boundary.laboratory.temperature import Matched
from prorl.boundary.report.page import page
from prorl.boundary.self_test.made_up import frame
from prorl.boundary.significance import holm
from prorl.tasks.names import OVERALL

N = 64
BASE = frame({"x": [8, 12, 9, 20, 14, 11, 3, 30], "y": [1, 2, 3, 4, 5, 6, 7, 8]}, N)
MORE = frame({"x": [9, 17, 8, 26, 17, 13, 9, 31], "y": [0, 4, 5, 4, 9, 7, 9, 12]}, N)
SAME = frame({"x": [9, 11, 9, 21, 13, 11, 3, 30], "y": [1, 2, 3, 5, 4, 6, 7, 8]}, N)


def evidence() -> Evidence:
    tuned = {"s": MORE, "t": SAME}
    matched = [Matched(model, 0.9, 1.4, 0.91, ((1.4, 0.91),)) for model in tuned]
    return Evidence({"b": BASE, **tuned}, N, {"command": "c"}, matched=matched, at_matched=tuned)


@pytest.mark.parametrize("overall", [True, False])
def test_holm_goes_over_the_tuned_models_of_the_temperature_control_too(overall: bool) -> None:
    results = reckon(evidence())
    for rows in (results.matched_contrasts, [c for c in results.analysis.contrasts if c.extraction == "strict"]):
        chosen = [row for row in rows if (row.task == OVERALL) is overall]
        assert [(row.tuned, row.task) for row in chosen] == [
            (tuned, task) for tuned in "st" for task in ([OVERALL] if overall else ["x", "y"])
        ]
        for k in (1, N):
            corrected = [row.p_corrected[k] for row in chosen]
            assert corrected == list(holm([row.p_value[k] for row in chosen]))
    assert any(row.p_corrected[1] > row.p_value[1] for row in chosen), "this says nothing"


def test_the_report_says_what_the_temperature_control_claims() -> None:
    results = reckon(evidence())
    overall = [row for row in results.matched_contrasts if row.task == OVERALL]
    control = page(results).split('aria-label="Temperature control"')[1].split("<h2")[0]
    for row in overall:
        assert f"<td>{row.p_corrected[1]:.3f}" in control
    text = re.sub(r"<[^>]+>", " ", control)
    assert "is not spread" not in text
    assert "its mean entropy does not explain" in text
