"""Repeated guesses: which answers stand out at a problem, and how many would by answers to other problems."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from prorl.boundary.claim_swaps import SCHEMA, swapped
from prorl.boundary.claims import GUESSABLE, NEW, NOT_ESTABLISHED, claims
from prorl.boundary.self_test import guessers, made_up
from prorl.boundary.self_test.made_up import frame as exact

N = 256


def _claims(right: np.ndarray, **columns: object) -> list[tuple[str, str, float | None]]:
    """Label, reason and greatest share by others of every problem that looks new: `right`, [problems, problems], of the
    256 answers to the second are right at the first; the base solves none, and 20 guesses at each are all wrong."""
    base = exact({"x": [0] * len(right)}, N)
    tuned = exact({"x": np.diag(right)}, N).with_columns(guess_n=pl.lit(N), guess_c=pl.lit(0))
    tuned = tuned.with_columns(**{name: pl.lit(value) for name, value in columns.items()})
    found = claims(base, tuned, base, swaps=made_up.swaps(base, right))
    return [(claim.label, claim.reason, claim.by_others) for claim in found.claims]


def _learnt(problems: int, learnt: int, successes: int = 40) -> np.ndarray:
    """The first problems are solved, and nobody's answers are right elsewhere."""
    return np.diag([successes] * learnt + [0] * (problems - learnt))


@pytest.mark.parametrize(
    ("problems", "learnt", "label"),
    [(21, 1, NEW), (20, 1, NOT_ESTABLISHED), (11, 2, NEW), (10, 2, NOT_ESTABLISHED), (8, 3, NEW), (5, 5, NEW)],
)
def test_a_claim_takes_twenty_pairs_of_a_claim_and_another_problem(problems: int, learnt: int, label: str) -> None:
    assert {found[0] for found in _claims(_learnt(problems, learnt))} == {label}


def test_right_answers_to_another_problem_make_it_guessable() -> None:
    right = _learnt(30, 6)
    right[0, 29], right[1, 29] = 20, 19
    found = _claims(right)
    assert found[0][::2] == (GUESSABLE, 20 / N)
    assert found[0][1].startswith("answers to another problem are right as often")
    assert found[1][::2] == (NEW, 19 / N)
    assert [label for label, _, _ in found[2:]] == [NEW] * 4


def test_answers_that_are_right_elsewhere_make_it_guessable() -> None:
    right = _learnt(30, 6)
    right[29, 0] = 25
    assert [label for label, _, _ in _claims(right)] == [GUESSABLE] + [NEW] * 5


def test_swaps_that_stand_out_count_against_all_with_fewer_right_answers() -> None:
    """Five swaps with 30 right answers, each of 25 sets that may: 5/25 + 1/29 of a problem, more than 5 % of four."""
    right = _learnt(30, 4)
    right[2, 2] = right[3, 3] = 20
    for at in range(10, 20, 2):
        right[at, at + 1] = 30
    swaps = 5 / 25 + 1 / 29
    assert [label for label, _, _ in _claims(right)] == [NEW] * 2 + [NOT_ESTABLISHED] * 2
    base = exact({"x": [0] * 30}, N)
    rows = [
        {"task": "x", "problem": f"x-{at:03d}", "c": c, "n": N, "guess_rate": None, "checked": False}
        for at, c in enumerate((40, 40, 20, 20))
    ]
    found = swapped(rows, made_up.swaps(base, right), {"x": 30}, [True] * 4)
    assert [one.lucky for one in found] == [pytest.approx((1 / 29) / 2)] * 2 + [pytest.approx(swaps / 4)] * 2


def test_a_task_in_which_little_can_be_told_takes_nothing_from_another() -> None:
    """Two unsolved problems leave a swap for every claim: 1/1 + 1/29 of a problem, more than 5 % of all seven."""
    sizes = {"few": (2, 1), "many": (30, 6)}
    base = exact({name: [0] * size for name, (size, _) in sizes.items()}, N)
    tuned = exact({name: [40] * learnt + [0] * (size - learnt) for name, (size, learnt) in sizes.items()}, N)
    tuned = tuned.with_columns(guess_n=pl.lit(N), guess_c=pl.lit(0))
    swaps = [
        made_up.swaps(base.filter(pl.col("task") == name), _learnt(size, learnt))
        for name, (size, learnt) in sizes.items()
    ]
    found = claims(base, tuned, base, swaps=pl.concat(swaps))
    assert [(claim.task, claim.label) for claim in found.claims] == [("few", NOT_ESTABLISHED)] + [("many", NEW)] * 6


def test_what_is_learnt_does_not_thin_the_guesses_out() -> None:
    """Of 20 problems 16 are learnt; at the others one swap stands out: of the three sets that may, not of 19."""
    right = _learnt(20, 16)
    right[18, 19] = 60
    base = exact({"x": [0] * 20}, N)
    row = {"task": "x", "c": 40, "n": N, "guess_rate": None, "checked": False}
    rows = [{**row, "problem": f"x-{at:03d}"} for at in range(16)]
    found = swapped(rows, made_up.swaps(base, right), {"x": 20}, [True] * 16)
    assert found[0].lucky == pytest.approx((1 / 3 + 1 / 19) / 16)


def test_claims_that_fail_another_test_are_no_claims_here() -> None:
    """They add nothing to those that stand out, and what they can't claim is no reason for another swap."""
    base = exact({"x": [0] * 12, "y": [0] * 12}, N)
    right = _learnt(12, 2)
    swaps = pl.concat([made_up.swaps(base.filter(pl.col("task") == task), right) for task in ("x", "y")])
    row = {"c": 40, "n": N, "guess_rate": None, "checked": False}
    rows = [{**row, "task": task, "problem": f"{task}-{at:03d}"} for task in ("x", "y") for at in range(2)]
    unsolved = {"x": 12, "y": 12}
    all_pass, some = (swapped(rows, swaps, unsolved, [True, True, y, y]) for y in (True, False))
    assert all_pass[0].lucky == pytest.approx(2 / 11 / 4)
    assert some[0].lucky == pytest.approx(1 / 11 / 2)


def test_checked_steps_need_no_swaps() -> None:
    right = _learnt(4, 2)
    right[0, 1] = 40
    assert {label for label, _, _ in _claims(right, c_verified=40)} == {NEW}
    assert {label for label, _, _ in _claims(right)} == {GUESSABLE}
    assert {label for label, _, _ in _claims(_learnt(4, 2))} == {NOT_ESTABLISHED}


def test_without_swaps_nothing_is_known_and_a_rate_counts_by_problems() -> None:
    base = exact({"x": [0] * 24}, N)
    tuned = exact({"x": [256] * 2 + [0] * 22}, N).with_columns(guess_n=pl.lit(N), guess_c=pl.lit(0))
    for swaps in (None, pl.DataFrame(schema=SCHEMA)):
        found = claims(base, tuned, base, swaps=swaps).claims
        assert {claim.label for claim in found} == {NOT_ESTABLISHED}
        assert {claim.by_others for claim in found} == {None}
        assert "a guess that the model repeats" in found[0].reason
    for rate, label in ((0.004, NEW), (0.005, NOT_ESTABLISHED)):
        found = claims(base, tuned.with_columns(guess_rate=pl.lit(rate)), base).claims
        assert {claim.label for claim in found} == {label}, "24 problems at this rate, of 5 % of two"


def test_shares_count_where_samples_differ() -> None:
    """Fewer samples than the swaps were made of, as when a folder is counted again."""
    base, few = exact({"x": [0] * 24}, 64), exact({"x": [16] * 2 + [0] * 22}, 64)
    right = _learnt(24, 2, 64)
    right[0, 23], right[1, 23] = 32, 31
    swaps = made_up.swaps(exact({"x": [0] * 24}, N), right)
    found = claims(base, few.with_columns(guess_n=pl.lit(N), guess_c=pl.lit(0)), base, swaps=swaps).claims
    assert [claim.label for claim in found] == [GUESSABLE, NEW]


@pytest.mark.parametrize("kept", [0.1, 0.5, 1.0])
def test_a_model_that_repeats_its_guesses_claims_nothing(kept: float) -> None:
    rng = np.random.default_rng(4)
    found = [guessers.claimed(guessers.repeats(rng, kept), rng) for _ in range(20)]
    assert sum(one.counts[NEW] > 0 for one in found) <= 1
    assert sum(len(one.claims) for one in found) >= 30


def test_a_model_that_guesses_beside_what_it_knows_claims_nothing() -> None:
    rng = np.random.default_rng(4)
    found = [guessers.claimed(guessers.beside_known(rng), rng) for _ in range(20)]
    assert sum(one.counts[NEW] for one in found) == 0
    assert sum(one.counts[GUESSABLE] for one in found) > 200


def test_what_was_learnt_is_found_beside_repeated_guesses() -> None:
    rng = np.random.default_rng(4)
    found = [guessers.claimed(guessers.beside_learnt(rng), rng) for _ in range(20)]
    new = [int(claim.problem.removeprefix("task-")) for one in found for claim in one.claims if claim.label == NEW]
    assert sum(number < guessers.LEARNT for number in new) >= 0.8 * 20 * guessers.LEARNT
    assert sum(number >= guessers.LEARNT for number in new) <= 0.05 * len(new)
