"""The shipped recipes say what the papers say, and name tasks that exist."""

from __future__ import annotations

import pytest

from prorl.recipe.load import at_stage, load, packaged
from prorl.regimen.guards import guards_of
from prorl.tasks.registry import names
from prorl.tasks.specs import SUITE
from prorl.tasks.suites import expand

SHIPPED = (
    "brorl-1.5b", "laptop-prorl", "nano-base", "nano-prorl", "plain-grpo", "prorl-v1-1.5b", "prorl-v1-laptop",
    "prorl-v2-1.5b", "prorl-v2-laptop", "quickstart",
)  # fmt: skip


def test_all_are_there() -> None:
    assert tuple(packaged()) == SHIPPED


@pytest.mark.parametrize("name", SHIPPED)
def test_every_task_that_a_recipe_names_exists(name: str) -> None:
    known = set(names())
    for index in range(len(load(name).stages)):
        for spec in at_stage(load(name), index).tasks:
            listed = expand(spec.task.removeprefix(SUITE)) if spec.task.startswith(SUITE) else [spec.task]
            assert {task.partition("@")[0] for task in listed} <= known, spec.task


def test_the_eight_runs_of_prorl_v1() -> None:
    recipe = load("prorl-v1-1.5b")
    stages = [at_stage(recipe, index) for index in range(8)]
    assert [stage.rollout.samples_per_prompt for stage in stages] == [16] * 5 + [32, 32, 16]
    assert [stage.rollout.max_new_tokens for stage in stages] == [8096] * 7 + [16384]
    assert {stage.rollout.temperature for stage in stages} == {1.2}
    assert [stage.reset is not None for stage in recipe.stages] == [False, True, False, False, False, True, True, False]
    assert all(stage.reset.clear_optimizer for stage in recipe.stages if stage.reset)
    weights = [{task.task: task.weight for task in stage.tasks}["instructions/nemotron"] for stage in stages]
    assert weights == [0, 0] + [10] * 6
    assert [bool(stage.shaping) for stage in stages] == [False] * 3 + [True] * 5
    assert {(s.objective.clip_low, s.objective.clip_high, s.optimizer.learning_rate) for s in stages} == {
        (0.2, 0.4, 2e-6)
    }
    assert {(s.rollout.prompts_per_step, s.optimizer.updates_per_step) for s in stages} == {(256, 4)}
    assert recipe.total_steps > 2000
    assert recipe.stages[-1].steps == 200
    shares = {task.task: task.weight for task in stages[-1].tasks if task.weight}
    assert shares == {
        "math/deepscaler": 40, "code/eurus2": 24, "stem/scp116k": 25, "suite/prorl-logic": 37,
        "instructions/nemotron": 10,
    }  # fmt: skip


def test_the_schedule_of_prorl_v2() -> None:
    recipe = load("prorl-v2-1.5b")
    assert recipe.total_steps == 3000
    assert recipe.objective.advantage == "reinforce_pp_baseline"
    assert (recipe.objective.clip_low, recipe.objective.clip_high) == (0.2, 0.28)
    assert (recipe.objective.kl.estimator, recipe.objective.kl.coefficient, recipe.objective.kl.clamp) == (
        "k2",
        1e-4,
        10,
    )
    assert recipe.resets.every is not None
    assert 200 <= recipe.resets.every <= 500
    assert not recipe.resets.clear_optimizer
    cosine = next(shaper for shaper in recipe.shaping if shaper.kind == "cosine_length")
    assert (cosine.steps_on, cosine.steps_off) == (100, 500)


def test_brorl_widens_and_scales_the_rate_by_the_root_of_the_batch() -> None:
    recipe = load("brorl-1.5b")
    wide = at_stage(recipe, 0)
    assert (wide.rollout.samples_per_prompt, wide.rollout.prompts_per_step) == (512, 128)
    before = recipe.rollout.samples_per_prompt * recipe.rollout.prompts_per_step
    growth = (512 * 128 / before) ** 0.5
    assert wide.optimizer.learning_rate == pytest.approx(recipe.optimizer.learning_rate * growth, rel=1e-3)
    assert wide.optimizer.updates_per_step == recipe.optimizer.updates_per_step
    assert recipe.model.endswith("@v2")


def test_the_null_baseline_has_nothing_of_what_makes_runs_prolonged() -> None:
    recipe = load("plain-grpo")
    assert len(recipe.stages) == 1
    assert recipe.objective.kl.coefficient == 0
    assert not recipe.rollout.dynamic_sampling
    assert recipe.resets.every is recipe.resets.plateau is recipe.resets.kl_above is None
    assert (recipe.rollout.samples_per_prompt, recipe.rollout.prompts_per_step) == (8, 256)
    assert recipe.stages[0].reset is None
    assert {guard.action for guard in guards_of(recipe.health).values()} == {"warn", "stop"}


@pytest.mark.parametrize(
    ("large", "small"), [("prorl-v1-1.5b", "prorl-v1-laptop"), ("prorl-v2-1.5b", "prorl-v2-laptop")]
)
def test_the_laptop_versions_keep_the_shape(large: str, small: str) -> None:
    one, other = load(large), load(small)
    assert other.model == "smollm2-135m"
    assert [bool(stage.reset) for stage in one.stages] == [bool(stage.reset) for stage in other.stages]
    assert [stage.name for stage in one.stages] == [stage.name for stage in other.stages]
    assert one.objective.advantage == other.objective.advantage
    assert (one.objective.clip_low, one.objective.clip_high) == (other.objective.clip_low, other.objective.clip_high)
    assert one.resets.clear_optimizer == other.resets.clear_optimizer
    assert [shaper.kind for shaper in one.shaping] == [shaper.kind for shaper in other.shaping]
