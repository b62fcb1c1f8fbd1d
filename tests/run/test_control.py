"""Coefficients that follow what is measured, over stages, and parts of later stages that can't be made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from prorl.boundary import samples
from prorl.errors import UserError
from prorl.recipe.objective import Objective
from prorl.run import job
from prorl.run.control import Control

from .small import SHORT, recipe_of, silent

ADAPTIVE = {"kl": {"coefficient": 1e-3, "target": 0.05, "horizon": 5.0}, "entropy": {"low": 0.5, "high": 1.0}}


class Measured:
    kl, entropy = 0.5, 0.1


def test_a_stage_begins_only_those_controllers_afresh_whose_settings_it_changes() -> None:
    control = Control(Objective.model_validate(ADAPTIVE))
    for _ in range(5):
        control.observe(Measured())  # type: ignore[arg-type]
    grown = control.coefficients
    assert grown.kl > 1.2e-3
    assert grown.entropy == pytest.approx(5e-4)
    control.configure(Objective.model_validate({**ADAPTIVE, "clip_high": 0.3}))
    assert control.coefficients == grown
    control.configure(Objective.model_validate({**ADAPTIVE, "entropy": {"low": 0.4, "high": 1.0}}))
    assert (control.coefficients.kl, control.coefficients.entropy) == (grown.kl, 0.0)
    control.observe(Measured())  # type: ignore[arg-type]
    control.configure(Objective.model_validate({"kl": {"coefficient": 2e-3}, "entropy": {"low": 0.4, "high": 1.0}}))
    assert (control.coefficients.kl, control.coefficients.entropy) == (2e-3, pytest.approx(1e-4))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            {"shaping": [{"kind": "cosine_length", "low": 1.0, "high": 0.0}]},
            "'two': the length reward must not rise",
        ),
        ({"objective.entropy": {"low": 1.0, "high": 0.5}}, r"stage 'two': the entropy band is \[1.0, 0.5\]"),
        ({"shaping": [{"kind": "custom", "shaper": "no.such:Thing"}]}, "stage 'two': .*no.such"),
    ],
)
def test_what_a_later_stage_can_not_have_is_told_before_anything_is_written(
    nano: Path, tmp_path: Path, setting: dict[str, Any], words: str
) -> None:
    stages = [{"name": "one", "steps": 1}, {"name": "two", "steps": 1, "set": setting}]
    with pytest.raises(UserError, match=words):
        job.start(recipe_of(nano, SHORT, stages=stages, evaluation=None), tmp_path / "run", silent())
    assert not (tmp_path / "run").exists()


def test_what_is_kept_of_the_likeliest_tokens_in_measuring(nano: Path, tmp_path: Path) -> None:
    """With next to no probability to keep, all samples of a problem are the likeliest completion."""
    given = {"problems_per_task": 1, "samples": 8, "top_p": 1e-6}
    stages = [{"name": "one", "steps": 1}]
    recipe = recipe_of(nano, SHORT, stages=stages, evaluation=given, validation={**given, "every": 1})
    job.start(recipe, tmp_path / "run", silent())
    for name in ("base", "trained", "validation_000000"):
        table = samples.read(tmp_path / "run" / "samples" / f"{name}.parquet")
        texts = table.group_by("task", "problem").agg(pl.col("text").n_unique())["text"].to_list()
        assert texts == [1, 1]
