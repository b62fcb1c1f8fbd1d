"""Arithmetic on recipes."""

from __future__ import annotations

import pytest

from prorl.recipe.derived import derive
from prorl.recipe.load import load
from prorl.recipe.memory import ModelShape

NANO = ModelShape(997_120, 4, 128, 512, 4, 2, 32, 101)


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


@pytest.mark.parametrize(
    ("asked", "said", "made"),
    [
        (8, "8 update(s) of 16", 8),
        (3, "3 update(s) of at most 48", 3),  # 3, 2 and 3 groups of 16
        (20, "8 update(s) of 16 (updates_per_step is 20, but a group is in one update)", 8),
    ],
)
def test_a_step_of_eight_groups_makes_no_more_than_eight_updates(asked: int, said: str, made: int) -> None:
    recipe = load("quickstart", ["stages.0.steps=10", "stages.1.steps=5", f"optimizer.updates_per_step={asked}"])
    values = derive(recipe, None)
    assert values["stage first"].endswith(f", {said}")
    assert values["optimizer updates"] == f"{15 * made:,}"


@pytest.mark.parametrize(("most", "said"), [(1024, True), (256, False), (100, False)])
def test_memory_says_what_it_assumes_of_prompts_that_may_be_longer(most: int, said: bool) -> None:
    told = derive(load("quickstart", [f"rollout.max_prompt_tokens={most}"]), NANO)["memory in fp32"]
    assert told.endswith(", if prompts have no more than 256 tokens") == said


def test_an_imitating_step_trains_on_one_example_a_prompt() -> None:
    recipe = load("laptop-prorl", ["stages.learn.steps=10", "stages.near.steps=2", "stages.far.steps=3"])
    assert derive(recipe, None)["trained samples"] == f"{10 * 16 + 5 * 6 * 8:,}"


@pytest.mark.parametrize(
    ("changes", "kept"),
    [
        ([], "the 2 newest, the best by training reward, those of resets"),
        (["checkpoint.keep=3", "checkpoint.keep_resets=false"], "the 3 newest, the best by training reward"),
        (["validation.every=5"], "the 2 newest, the best by validation, those of resets"),
        (
            ["checkpoint.keep_every=20"],
            "the 2 newest, the best by training reward, those of resets, 5 of every 20 steps",
        ),
        (
            ["checkpoint.keep_every=15"],
            "the 2 newest, the best by training reward, those of resets, 3 of every 15 steps",
        ),
        (
            ["checkpoint.keep_every=5", "validation.every=5"],  # step 0 is validated, and step 65 ends a stage
            "the 2 newest, the best by validation, those of resets, 13 of every 5 steps",
        ),
    ],
)
def test_checkpoints_that_are_kept(changes: list[str], kept: str) -> None:
    recipe = load("quickstart", ["stages.0.steps=65", "stages.1.steps=45", "checkpoint.every=10", *changes])
    assert derive(recipe, NANO)["disk"].endswith(f"GiB a checkpoint; kept: {kept}")
