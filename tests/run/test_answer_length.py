"""Whoever measures by a run asks for answers as long as the run's own comparison does."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from prorl.boundary import samples
from prorl.recipe.load import load, to_yaml
from prorl.run import job, laboratory
from prorl.run.measure import measure, recipe_of

from .small import SHORT, silent
from .small import recipe_of as made_of


@pytest.fixture(scope="module")
def run(nano: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run that got a further stage with longer answers."""
    run = tmp_path_factory.mktemp("runs") / "run"
    job.start(made_of(nano, SHORT, stages=[{"name": "one", "steps": 1}]), run, silent())
    data = yaml.safe_load((run / "recipe.yaml").read_text())
    data["stages"].append({"name": "longer", "steps": 1, "set": {"rollout.max_new_tokens": 9}})
    (run / "recipe.yaml").write_text(yaml.safe_dump(data))
    assert job.resume(run, silent()).finished
    return run


@pytest.mark.parametrize("which", ["", "@latest"])
def test_measuring_a_run_repeats_its_own_comparison(run: Path, which: str) -> None:
    own = samples.read(run / "samples" / "trained.parquet")
    found = measure(f"{run}{which}", recipe_of(str(run)))
    assert found["tokens"].max() == 3
    assert found.drop("model").equals(own.drop("model"))


def test_a_laboratory_asks_likewise(run: Path) -> None:
    assert laboratory.asked([str(run)], 0).max_new_tokens == 3


def test_a_recipe_alone_is_measured_up_to_the_length_of_its_last_stage(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(to_yaml(load(str(run / "recipe.yaml"))))
    assert laboratory.asked([str(file)], 0).max_new_tokens == 9
    assert recipe_of(str(file)).evaluation == load(str(file)).evaluation
    file.write_text(to_yaml(load(str(file), ["evaluation.max_new_tokens=5"])))
    assert laboratory.asked([str(file)], 0).max_new_tokens == 5


def test_so_is_a_run_that_was_only_just_begun(run: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_bytes((run / "recipe.yaml").read_bytes())
    assert laboratory.asked([str(tmp_path)], 0).max_new_tokens == 9
