"""Arithmetic on recipes."""

from __future__ import annotations

from prorl.recipe.derived import derive
from prorl.recipe.load import load


def test_counts_of_the_quickstart() -> None:
    recipe = load("quickstart", ["stages.0.steps=10", "stages.1.steps=5", "optimizer.updates_per_step=2"])
    values = derive(recipe, None)
    assert values["steps"] == "15"
    assert values["trained samples"] == f"{15 * 8 * 16:,}"
    assert values["optimizer updates"] == "30"
    assert values["evaluation samples"].startswith(f"{12 * 12 * 16:,} ")
    assert "10 steps of 128 trained samples (8 prompts x 16)" in values["stage first"]
    assert "2 update(s) of 64" in values["stage first"]
    assert "reset on entry, optimizer cleared" in values["stage second"]
    assert "not known" in values["memory"]


def test_an_imitating_step_trains_on_one_example_a_prompt() -> None:
    recipe = load("laptop-prorl", ["stages.learn.steps=10", "stages.near.steps=2", "stages.far.steps=3"])
    assert derive(recipe, None)["trained samples"] == f"{10 * 32 + 5 * 4 * 16:,}"
