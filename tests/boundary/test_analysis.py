"""One call gives everything, the same for equal counts, and says what it can't compare."""

import json

import numpy as np
import polars as pl
import pytest

from prorl.boundary.analysis import analyse
from prorl.boundary.self_test.made_up import counts, frame, rates, sharpened
from prorl.errors import UserError
from prorl.tasks.names import OVERALL


def _models(samples: int = 32, seed: int = 1) -> dict[str, pl.DataFrame]:
    rng = np.random.default_rng(seed)
    base = rates(rng, tasks=3, problems=12)
    steps = (base, sharpened(base, 2.0), sharpened(base, 4.0))
    return {name: counts(true, samples, rng) for name, true in zip(("base", "middle", "final"), steps, strict=True)}


def test_everything_is_there_once() -> None:
    found = analyse(_models(), resamples=200)
    assert (found.models, found.ks, found.boundary_k) == (("base", "middle", "final"), (1, 2, 4, 8, 16, 32), 32)
    rows = 3 + 1
    assert len(found.curves) == 3 * rows
    assert (
        len({(row.tuned, row.task, row.extraction) for row in found.contrasts}) == 2 * rows * 2 == len(found.contrasts)
    )
    assert len({(row.tuned, row.task, row.extraction) for row in found.supports}) == 2 * rows * 2 == len(found.supports)
    assert len(found.spreads) == 3 * rows
    assert len(found.floors) == 3 * 3
    assert [row.task for row in found.regimes] == ["task0", "task1", "task2", OVERALL]
    assert found.regimes[0].models == ("base", "middle", "final")
    assert set(found.instances) == {"middle", "final"}
    assert {(row.tuned, row.unit, row.k) for row in found.competences} == {
        (tuned, unit, k) for tuned in ("middle", "final") for unit, k in (("problem", 1), ("task", 16))
    }
    assert found.warnings == ()


def test_equal_counts_give_equal_numbers_and_json() -> None:
    content = analyse(_models(), seed=3, resamples=200).to_dict()
    shuffled = {name: rows.sample(fraction=1.0, shuffle=True, seed=1) for name, rows in _models().items()}
    assert analyse(shuffled, seed=3, resamples=200).to_dict() == content
    assert json.loads(json.dumps(content, allow_nan=False)) == content
    assert analyse(_models(), seed=4, resamples=200).to_dict() != content


def test_two_models_have_no_regime_and_the_middle_can_be_named() -> None:
    models = _models()
    assert analyse({"base": models["base"], "final": models["final"]}, ks=(1, 8), resamples=100).regimes == ()
    four = {"base": models["base"], "a": models["middle"], "b": models["base"], "final": models["final"]}
    assert analyse(four, ks=(1,), resamples=100, intermediate="a").regimes[0].models[1] == "a"
    assert analyse(four, ks=(1,), resamples=100).regimes[0].models[1] == "b"
    with pytest.raises(UserError, match="c is no model between base and final; between are: a, b"):
        analyse(four, intermediate="c")


def test_the_base_alone_has_its_curves() -> None:
    found = analyse({"base": _models()["base"]}, resamples=100)
    assert (len(found.curves), found.contrasts, found.regimes, found.competences) == (4, (), (), ())


def test_unequal_numbers_of_samples_have_no_sets_but_curves() -> None:
    found = analyse({"base": _models(64)["base"], "final": _models(32)["final"]}, resamples=100)
    assert (found.supports, found.ks[-1]) == ((), 32)
    assert len(found.contrasts) == 8
    assert any(
        "no solvable sets of final: problem task0-000 of task0 has 64 samples" in line for line in found.warnings
    )


def test_few_problems_and_paid_failures_are_warned_of() -> None:
    few = frame({"x": [0, 1]}, 16).with_columns(score=pl.lit(0.25))
    warnings = analyse({"base": few}, resamples=100).warnings
    assert any("x: fewer than 10 problems" in line for line in warnings)
    assert any("x: base is given up to credit" in line or "draw pass@16" in line for line in warnings)


@pytest.mark.parametrize(("ks", "boundary_k"), [((1, 64), None), ((1,), 33), ((0, 1), None)])
def test_a_k_beyond_the_samples_is_refused(ks: tuple[int, ...], boundary_k: int | None) -> None:
    with pytest.raises(UserError, match="k must be 1 to 32, the fewest samples of a problem"):
        analyse(_models(), ks=ks, boundary_k=boundary_k)
