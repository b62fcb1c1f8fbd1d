"""What the report says of crossings and of swapped answers is what was found."""

from __future__ import annotations

import re

import numpy as np
import polars as pl

from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.reckon import reckon
from prorl.boundary.report.page import page
from prorl.boundary.self_test.made_up import frame, swaps

N = 64


def _text(evidence: Evidence, label: str) -> str:
    """The table of this label, without its tags."""
    return re.sub(r"<[^>]+>", " ", page(reckon(evidence)).split(f'aria-label="{label}"')[1].split("</table>")[0])


def test_a_base_that_leads_at_first_alone_is_not_said_to_solve_as_much() -> None:
    base, tuned = frame({"x": [26] * 12 + [0] * 12}, N), frame({"x": [12] * 24}, N)
    written = _text(Evidence({"b": base, "t": tuned}, N, {"command": "c"}), "t by task")
    assert "none, base first" in written
    assert "1.0" not in written.split("base first")[1]
    other_way = _text(Evidence({"b": tuned, "t": base}, N, {"command": "c"}), "t by task")
    found = reckon(Evidence({"b": tuned, "t": base}, N, {"command": "c"})).analysis.contrasts[0].crossover
    assert f"{found.k:.1f}" in other_way
    assert "base first" not in other_way
    level = _text(
        Evidence({"b": frame({"x": [60] * 24}, N), "t": frame({"x": [64] * 24}, N)}, N, {"command": "c"}), "t by task"
    )
    assert "none" in level


def test_a_claim_says_what_another_problems_answers_are_worth() -> None:
    base, right = frame({"x": [0] * 24}, N), np.diag([32] * 4 + [0] * 20)
    right[0, 9] = 8
    tuned = frame({"x": np.diag(right)}, N)
    guesses = tuned.select("task", "problem", guess_rate=pl.lit(None, pl.Float64), guess_n=256, guess_c=0)
    evidence = Evidence(
        {"b": base, "t": tuned},
        N,
        {"command": "c"},
        fresh=base,
        guesses={"t": guesses},
        swaps={"t": swaps(base, right)},
    )
    written = page(reckon(evidence))
    assert "of another problem's answers at most 12.5 % right here" in written
    assert written.count("of another problem's answers at most 0.0 % right here") == 3
    assert "4 stand as new" in written
