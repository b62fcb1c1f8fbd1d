"""The memory that a recipe is said to take, against its parts and against what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prorl.recipe.load import load
from prorl.recipe.memory import ModelShape, activation_bytes, memory
from prorl.recipe.schema import Evaluation, Recipe
from prorl.recipe.stages import Validation

SMOLLM2 = ModelShape(134_515_008, 30, 576, 1536, 9, 3, 64, 49152)
MEASURED = Path(__file__).parents[2] / "docs" / "results" / "performance" / "growth.json"

SECTIONS = {"evaluation": Evaluation, "validation": Validation}


def a_step(prompts: int, samples: int, prompt_tokens: int, new_tokens: int, updates: int = 1) -> Recipe:
    return Recipe.model_validate({
        "name": "x", "model": "smollm2-135m", "tasks": [{"task": "toy/echo"}], "stages": [{"name": "a", "steps": 1}],
        "optimizer": {"updates_per_step": updates}, "evaluation": None,
        "rollout": {
            "prompts_per_step": prompts, "samples_per_prompt": samples, "max_prompt_tokens": prompt_tokens,
            "max_new_tokens": new_tokens, "max_sampling_factor": 1.0,
        },
    })  # fmt: skip


def test_memory_by_part() -> None:
    recipe = load("quickstart")
    fp32, bf16 = (memory(recipe, SMOLLM2, precision) for precision in ("fp32", "bf16"))
    weights = SMOLLM2.parameters * 4
    assert fp32["weights"] == weights
    assert fp32["moments"] == bf16["moments"] == 2 * weights
    assert fp32["reference"] == 2 * bf16["reference"] == weights
    assert bf16["weights"] == weights * 3 // 2  # fp32 masters and their bf16 copy
    assert 4 < sum(fp32.values()) / 2**30 < 6


def test_without_tiles_bf16_holds_logits_and_attention_weights_too() -> None:
    """One of 30 layers kept 81 MiB for 3,375 packed tokens of 8 groups of 16 answers of 22 to 24, prompts of 50."""
    step = a_step(8, 16, 50, 24)
    tiled, plain = (memory(step, SMOLLM2, "bf16", tiles) for tiles in (True, False))
    assert plain["logits"] == 25_000_000 * 4 + SMOLLM2.vocabulary * SMOLLM2.hidden * 4
    assert (tiled["logits"], memory(step, SMOLLM2, "fp32")) == (0, memory(step, SMOLLM2, "fp32", tiles=False))
    tokens = 8 * (50 + 16 * 23)
    assert plain["activations"] - tiled["activations"] == tokens * 30 * 2 * 9 * (50 + 23)


def test_completions_of_up_to_512_tokens_may_fill_a_row_of_a_recipe_that_allows_longer_ones() -> None:
    """Their attention weights are kept, whatever the longest one of their group needs."""
    longest, longer = (memory(a_step(1, 16, 256, new), SMOLLM2, "fp32") for new in (513, 3000))
    weights = 30 * 4 * 9 * (256 + 512)
    assert longest["activations"] == (256 + 7 * 512) * (activation_bytes(SMOLLM2, 4) + weights)
    assert longer["activations"] == (256 + 2999) * (activation_bytes(SMOLLM2, 4) + weights)


def test_estimates_are_within_a_tenth_of_measured_peaks() -> None:
    sweeps = json.loads(MEASURED.read_text())["sweeps"]
    points = [point for sweep in sweeps.values() for point in sweep]
    assert len(points) == 17
    for point in points:
        step = a_step(point["prompts"], point["samples"], point["prompt_tokens"], point["new_tokens"])
        estimate = sum(memory(step, SMOLLM2, "bf16").values())
        assert estimate == pytest.approx(point["peak"], rel=0.1), point


@pytest.mark.parametrize(
    ("step", "tokens"),
    [
        (a_step(16, 16, 100, 32), 6 * 596),  # six groups are a row, and another row comes after it
        (a_step(8, 16, 100, 32), 6 * 596),  # the first row too finds all gradients there, though what follows is short
        (a_step(16, 16, 60, 129), 2108 + 60 + 15 * 128),  # a short prompt is cut at the row's end and repeated
        (a_step(8, 64, 240, 32), 2224),  # one group, since two don't fit
        (a_step(1, 16, 100, 513), 100 + 7 * 512),  # as many completions of a group as fit
        (a_step(1, 16, 200, 5001), 200 + 5000),  # one, though it alone is longer than a row
    ],
)
def test_rows_hold_what_fits_into_them(step: Recipe, tokens: int) -> None:
    parts = memory(step, SMOLLM2, "bf16")
    assert parts["activations"] == tokens * activation_bytes(SMOLLM2, 2)
    assert parts["gradients"] == SMOLLM2.parameters * 4 + 49152 * 576 * 2


def test_gradients_and_the_activations_of_an_only_row_are_not_there_at_once() -> None:
    head = 49152 * 576
    for step in (a_step(2, 16, 100, 32), a_step(4, 16, 100, 32, updates=2)):
        parts = memory(step, SMOLLM2, "bf16")
        assert parts["activations"] == 2 * 596 * activation_bytes(SMOLLM2, 2)
        assert parts["gradients"] == head * (4 + 2)


@pytest.mark.parametrize("section", ["evaluation", "validation"])
def test_groups_that_only_measure_reserve_keys_and_values_too(section: str) -> None:
    """A whole group always, however little `cache_gigabytes` leaves."""
    a_token = 2 * 30 * 3 * 64 * 2
    plain = load("quickstart", ["evaluation=null", "compute.cache_gigabytes=0.01"])
    before = memory(plain, SMOLLM2, "bf16")
    measured = {"samples": 128, "max_new_tokens": 1024}
    after = memory(plain.model_copy(update={section: SECTIONS[section](**measured)}), SMOLLM2, "bf16")
    assert "keys and values" not in before  # training needs more
    assert after["keys and values"] == a_token * (256 + 128 * 1024)
    longer = plain.model_copy(update={section: SECTIONS[section](samples=4096)})
    kept = memory(longer, SMOLLM2, "bf16")["keys and values"]
    assert kept == a_token * (256 + 4096 * 32)  # as long as the rollouts, in whole tiles


def test_few_problems_to_measure_take_no_more_than_they_need() -> None:
    few = {"problems_per_task": 1, "samples": 64, "max_new_tokens": 1024}
    for tasks, groups in ((["toy/echo"], 1), (["toy/echo", "toy/copy"], 2), (["suite/laptop"], 8)):
        recipe = Recipe.model_validate({
            "name": "x", "model": "smollm2-135m", "tasks": [{"task": task} for task in tasks],
            "stages": [{"name": "a", "steps": 1}], "rollout": {"prompts_per_step": 1, "samples_per_prompt": 2},
            "evaluation": few, "compute": {"cache_gigabytes": 1000},
        })  # fmt: skip
        assert memory(recipe, SMOLLM2, "bf16")["keys and values"] == groups * 2 * 30 * 3 * 64 * 2 * (256 + 64 * 1024)
