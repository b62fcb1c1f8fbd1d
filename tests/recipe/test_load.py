"""Recipes: what is accepted, what is refused and in which words, and what stages resolve to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from prorl.errors import UserError
from prorl.recipe.load import at_stage, load, packaged, to_yaml, validate

SMALL: dict[str, Any] = {
    "name": "small", "model": "smollm2-135m", "tasks": [{"task": "toy/echo"}], "stages": [{"name": "only", "steps": 1}],
}  # fmt: skip


@pytest.mark.parametrize("name", packaged())
def test_every_shipped_recipe_loads_and_survives_a_round_trip(name: str, tmp_path: Path) -> None:
    recipe = load(name)
    assert recipe.name == name
    (tmp_path / "copy.yaml").write_text(to_yaml(recipe))
    assert load(str(tmp_path / "copy.yaml")) == recipe


def test_the_quickstart_is_what_it_promises() -> None:
    recipe = load("quickstart")
    assert len(recipe.tasks) >= 12
    assert all(task.worked_examples for task in recipe.tasks)
    assert [stage.reset is not None for stage in recipe.stages] == [False, True]
    assert recipe.evaluation is not None
    assert (recipe.evaluation.problems_per_task, recipe.evaluation.samples) >= (12, 16)
    assert (recipe.objective.clip_low, recipe.objective.clip_high) == (0.2, 0.4)
    assert recipe.objective.kl.estimator == "k2"


@pytest.mark.parametrize("setting", [{"mixture.profile": "p"}, {"mixture": {"profile": "p"}}])
def test_bounds_on_pass_rates_may_wait_for_a_stage_that_names_a_profile(setting: dict[str, Any]) -> None:
    stages = [{"name": "a", "steps": 1}, {"name": "b", "steps": 1, "set": setting}]
    recipe = validate({**SMALL, "stages": stages, "mixture": {"lowest": 0.2}}, "a test")
    assert (at_stage(recipe, 1).mixture.profile, at_stage(recipe, 1).mixture.lowest) == ("p", 0.2)


def test_overrides_reach_any_depth_and_lists() -> None:
    recipe = load("quickstart", ["rollout.temperature=1.2", "optimizer.learning_rate=1e-5", "stages.1.steps=3",
                                 "tasks.0.options.max_terms=3", "evaluation=null"])  # fmt: skip
    assert recipe.rollout.temperature == 1.2
    assert recipe.optimizer.learning_rate == 1e-5
    assert recipe.stages[1].steps == 3
    assert recipe.tasks[0].options["max_terms"] == 3
    assert recipe.evaluation is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"rollout": {"temprature": 1}}, ["unknown key 'rollout.temprature'", "did you mean 'temperature'?"]),
        ({"modle": "x"}, ["unknown key 'modle'", "did you mean 'model'?"]),
        ({"tasks": [{"task": "toy/echo", "wieght": 2}]}, ["unknown key 'tasks.0.wieght'", "'weight'"]),
        ({"objective": {"kl": {"estimator": "k4"}}}, ["objective.kl.estimator", "'k4'"]),
        ({"rollout": {"samples_per_prompt": 1}}, ["rollout.samples_per_prompt", "greater than or equal to 2", "1"]),
        ({"objective": {"kl": {"estimator": "k1"}}}, ["objective.kl", "k1 in the loss pulls nowhere"]),
        ({"objective": {"loss": "cispo", "dual_clip": 3.0}}, ["objective", "dual_clip has no meaning"]),
        ({"mixture": {"lowest": 0.2}}, ["mixture.lowest is a bound", "there is none; name one by mixture.profile"]),
        ({"mixture": {"highest": 0.9}}, ["mixture.highest is a bound"]),
        ({"stages": [{"name": "a", "steps": 1, "set": {"mixture.lowest": 0.2}}]}, ["stage 'a'", "mixture.lowest is"]),
        ({"shaping": [{"kind": "zero_past", "lenght": 3}]}, ["unknown key", "lenght", "did you mean 'length'?"]),
        (
            {"health": {"custom": {"mine": {"signal": "kl", "abov": 3}}}},
            ["unknown key 'health.custom.mine.abov'", "did you mean 'above'?"],
        ),
        (
            {"resets": {"custom": {"mine": {"windw": 3}}}},
            ["unknown key 'resets.custom.mine.windw'", "did you mean 'window'?"],
        ),
        ({"health": {"custom": {"window": {"signal": "kl", "abov": 3}}}}, ["'health.custom.window.abov'", "'above'"]),
        ({"shaping": [{"kind": "zero"}]}, ["shaping.0", "zero_past"]),
        ({"objective": {"advantage": "pass_at_k", "pass_at": 16}}, ["pass_at is 16 of rollout.samples_per_prompt 16"]),
        (
            {
                "objective": {"advantage": "pass_at_k"},
                "shaping": [{"kind": "cosine_length"}],
            },
            ["shaping cosine_length takes a little off; leave it out"],
        ),
        (
            {
                "stages": [
                    {"name": "a", "steps": 1, "set": {"objective.advantage": "pass_at_k", "objective.pass_at": 16}}
                ]
            },
            ["stage 'a'", "pass_at is 16"],
        ),
        ({"tasks": []}, ["tasks", "at least 1"]),
        ({"stages": [{"name": "a", "steps": 1}, {"name": "a", "steps": 1}]}, ["stage 'a'", "twice"]),
        ({"stages": [{"name": "a", "steps": 1, "set": {"model": "x"}}]}, ["stage 'a' sets 'model'"]),
        ({"stages": [{"name": "a", "steps": 1, "set": {"rollout.temprature": 2}}]}, ["stage 'a'", "temprature"]),
    ],
)
def test_bad_recipes_are_refused_in_one_line_that_names_the_culprit(data: dict[str, Any], words: list[str]) -> None:
    with pytest.raises(UserError) as refused:
        validate({**SMALL, **data}, "small.yaml")
    message = str(refused.value)
    assert "\n" not in message
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (["temperature"], "key=value"),
        (["rollout.temperature.x=1"], "rollout.temperature: Input should be a valid number"),
        (["name.x.y=1"], "'name' is a single value"),
        (["tasks.99.weight=1"], "items 0 to 11"),
        (["model=[1"], "not YAML"),
        (["rollout.temprature=1"], "did you mean"),
    ],
)
def test_bad_overrides(changes: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        load("quickstart", changes)


def test_unknown_and_unreadable_recipes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no recipe 'quikstart'; did you mean 'quickstart'\?"):
        load("quikstart")
    with pytest.raises(UserError, match="No such file"):
        load(str(tmp_path / "none.yaml"))
    (tmp_path / "broken.yaml").write_text("name: [1\nmodel: x")
    with pytest.raises(UserError, match=r"broken.yaml line 2: not valid YAML"):
        load(str(tmp_path / "broken.yaml"))
    (tmp_path / "list.yaml").write_text("- 1")
    with pytest.raises(UserError, match="expected a mapping"):
        load(str(tmp_path / "list.yaml"))


def test_what_a_stage_sets_stays_set() -> None:
    stages = [
        {"name": "a", "steps": 1},
        {"name": "b", "steps": 1, "set": {"rollout.temperature": 1.2, "objective.kl.coefficient": 0}},
        {"name": "c", "steps": 1, "set": {"rollout.samples_per_prompt": 32}},
    ]
    recipe = validate({**SMALL, "stages": stages}, "x")
    values = [
        (r.rollout.temperature, r.objective.kl.coefficient, r.rollout.samples_per_prompt)
        for r in (at_stage(recipe, index) for index in range(3))
    ]
    assert values == [(1.0, 1e-4, 16), (1.2, 0.0, 16), (1.2, 0.0, 32)]


def test_recipes_load_without_torch() -> None:
    code = "import sys, prorl.recipe.load as l; l.load('quickstart'); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_names_in_the_schema_are_those_of_the_algorithms() -> None:
    from typing import get_args

    from prorl.algo import advantages, aggregate, correction, kl, losses
    from prorl.recipe.objective import KL, Correction, Objective

    def names(section: Any, key: str) -> set[str]:
        return set(get_args(section.model_fields[key].annotation))

    assert names(Objective, "advantage") == {*advantages.PRESETS, "pass_at_k"}
    assert names(Objective, "loss") == set(get_args(losses.Kind))
    assert names(Objective, "aggregation") == set(get_args(aggregate.Aggregation))
    assert names(KL, "estimator") == set(get_args(kl.Estimator))
    assert names(Correction, "kind") == set(get_args(correction.Kind))


def test_yaml_of_the_shipped_recipes_has_no_key_twice() -> None:
    class Strict(yaml.SafeLoader):
        pass

    def no_twins(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return yaml.SafeLoader.construct_mapping(loader, node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, no_twins)
    for text in packaged().values():
        yaml.load(text, Strict)


@pytest.mark.parametrize(
    "words", [["stages.b.set.rollout.temperature=1.2"], ['stages.b.set={"rollout": {"temperature": 1.2}}']]
)
def test_a_stage_that_sets_a_key_of_a_section_leaves_its_other_keys(words: list[str], tmp_path: Path) -> None:
    data = {
        **SMALL,
        "rollout": {"prompts_per_step": 3, "max_new_tokens": 7},
        "mixture": {"shares": {"math": 1.0, "code": 2.0}},
        "objective": {"kl": {"estimator": "k3", "coefficient": 0.5}},
        "stages": [{"name": "a", "steps": 1}, {"name": "b", "steps": 1}],
    }
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(data))
    second = at_stage(load(str(tmp_path / "r.yaml"), words), 1)
    assert (second.rollout.temperature, second.rollout.prompts_per_step, second.rollout.max_new_tokens) == (1.2, 3, 7)
    more = ['stages.b.set={"objective.kl": {"coefficient": 0.1}, "mixture.shares": {"code": 1.0}}']
    second = at_stage(load(str(tmp_path / "r.yaml"), more), 1)
    assert (second.objective.kl.estimator, second.objective.kl.coefficient) == ("k3", 0.1)
    assert second.mixture.shares == {"code": 1.0}  # what is listed, and nothing else


HUGE = "999999999999999999999"


@pytest.mark.parametrize(
    "change",
    [
        "rollout.max_sampling_factor=.inf",
        f"rollout.prompts_per_step={HUGE}",
        f"rollout.samples_per_prompt={HUGE}",
        f"rollout.max_new_tokens={HUGE}",
        "rollout.temperature=1e-300",
        "rollout.temperature=.inf",
        "evaluation.temperature=.inf",
        "validation.temperature=1e-5",
        "compute.cache_gigabytes=.inf",
        "verifier.deadline=.inf",
        "verifier.deadline=1e300",
        f"verifier.workers={HUGE}",
        f"stages.0.steps={HUGE}",
        f"health.collapse.window={HUGE}",
        f"resets.window={HUGE}",
        f"checkpoint.every={HUGE}",
        "optimizer.learning_rate=.inf",
        "optimizer.learning_rate=.nan",
        "optimizer.learning_rate=1e9",
        "optimizer.betas=[1.5, 2]",
        "optimizer.betas=[.nan, .9]",
        "objective.kl.coefficient=.inf",
        "tasks.0.weight=.inf",
    ],
)
def test_values_that_no_run_can_have_are_refused(change: str) -> None:
    key = change.partition("=")[0]
    with pytest.raises(UserError, match=rf"{key.replace('.', '[.]')}(.\d)?: Input should be "):
        load("quickstart", [change])


def test_the_least_and_the_largest_values_are_taken() -> None:
    recipe = load("quickstart", ["rollout.temperature=0.01", "optimizer.betas=[0, 0.999]", "verifier.deadline=86400"])
    assert (recipe.rollout.temperature, recipe.optimizer.betas, recipe.verifier.deadline) == (0.01, (0, 0.999), 86400)


@pytest.mark.parametrize(
    ("resets", "cooldown"), [({}, 20), ({"every": 5}, 5), ({"every": 300}, 20), ({"every": 5, "cooldown": 3}, 3)]
)
def test_resets_come_as_often_as_they_are_asked_for(resets: dict[str, Any], cooldown: int) -> None:
    assert validate({**SMALL, "resets": resets}, "x").resets.cooldown == cooldown


def test_a_cooldown_that_would_keep_regular_resets_off_is_refused() -> None:
    stages = [{"name": "a", "steps": 1, "set": {"resets.every": 5}}]
    for data in ({"resets": {"every": 5, "cooldown": 20}}, {"stages": stages}):
        with pytest.raises(UserError, match=r"resets: every is 5 and cooldown 20: .*lower resets.cooldown to 5"):
            validate({**SMALL, **data}, "x")
