"""`key=value`: which item a key names, which values stay, and what a text is read as."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from prorl.errors import UserError
from prorl.recipe.load import at_stage, changed, load, to_yaml, validate
from prorl.recipe.overrides import apply, parse

SMALL: dict[str, Any] = {
    "name": "small", "model": "m", "tasks": [{"task": "toy/echo"}], "stages": [{"name": "only", "steps": 1}],
}  # fmt: skip


def stages(*names: str) -> dict[str, Any]:
    return {"stages": [{"name": name, "steps": 1} for name in names]}


@pytest.mark.parametrize(
    ("key", "place"),
    [("stages.v1.5.steps", 0), ("stages.v1.steps", 1), ("stages.7.steps", 2), ("stages.2.steps", 2),
     ("stages.0.steps", 0), ("stages.a.b.c.steps", 3), ("stages.a.b.steps", 4)],
)  # fmt: skip
def test_items_are_found_by_name_and_then_by_place(key: str, place: int) -> None:
    found = apply(stages("v1.5", "v1", "7", "a.b.c", "a.b"), {key: 40})["stages"]
    assert [stage["steps"] for stage in found] == [40 if at == place else 1 for at in range(5)]


def test_a_task_whose_name_has_a_dot() -> None:
    found = apply({"tasks": [{"task": "pk.ct:Sums"}]}, parse(["tasks.pk.ct:Sums.weight=3"]))
    assert found == {"tasks": [{"task": "pk.ct:Sums", "weight": 3}]}
    found = apply({"health": {"custom": {"my.own": {"above": 1}}}}, {"health.custom.my.own.above": 2})
    assert found == {"health": {"custom": {"my.own": {"above": 2}}}}


def test_what_is_the_name_of_one_item_and_the_place_of_another_is_refused() -> None:
    with pytest.raises(UserError, match=r"'stages.1.steps': '1' is the name of item 0 and the place of another"):
        apply(stages("1", "2"), {"stages.1.steps": 40})
    assert apply(stages("0", "1"), {"stages.1.steps": 40})["stages"][1]["steps"] == 40


def test_a_mapping_for_a_section_leaves_its_other_keys(tmp_path: Path) -> None:
    data = {**SMALL, "objective": {"clip_high": 0.3, "kl": {"estimator": "k3", "clamp": 9.0}}, "validation": None}
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(data))
    words = ["objective={kl: {coefficient: 0.1}}", "validation={}", "mixture={shares: {math: 1}}"]
    recipe = load(str(tmp_path / "r.yaml"), words)
    kl = recipe.objective.kl
    assert (recipe.objective.clip_high, kl.estimator, kl.clamp, kl.coefficient) == (0.3, "k3", 9.0, 0.1)
    assert recipe.validation is not None  # given as a section with its defaults
    full = recipe.model_dump(mode="json")
    again = validate(changed(full, {"objective": {"kl": {"clamp": 8.0}}, "mixture": {"shares": {"code": 1}}}), "x")
    assert (again.objective.kl.estimator, again.objective.kl.clamp) == ("k3", 8.0)
    assert again.mixture.shares == {"code": 1.0}  # names of one's own are a value, not a section


def test_a_stage_switches_a_section_on_with_its_defaults() -> None:
    switched = [{"name": "a", "steps": 1}, {"name": "b", "steps": 1, "set": {"resets": {"plateau": {}}}}]
    recipe = validate({**SMALL, "stages": switched, "validation": {}}, "x")
    assert [at_stage(recipe, place).resets.plateau is not None for place in (0, 1)] == [False, True]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"1.10"', "1.10"), ("1.10", 1.1), ('"2024"', "2024"), ("'1e-4'", "1e-4"), ("1e-4", 1e-4), ("-2.E+3", -2e3),
        ("[1e-4, '1e-4']", [1e-4, "1e-4"]), ("{x: 1e-4, y: +.5e1}", {"x": 1e-4, "y": 5.0}), ("1e", "1e"),
        ("1_000", 1000), ("nan", "nan"), ("e5", "e5"),
    ],
)  # fmt: skip
def test_a_text_in_quotes_stays_a_text(text: str, value: Any) -> None:
    found = parse([f"key={text}"])["key"]
    assert found == value
    assert type(found) is type(value)


def test_numbers_and_texts_of_options_survive_a_round_trip(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        "name: '2024'\nmodel: m\ntasks: [{task: toy/echo, options: {x: 1e-4, y: '1e-4', z: '1.10'}}]\n"
        "stages: [{name: a, steps: 1}]\n"
    )
    recipe = load(str(tmp_path / "a.yaml"))
    assert (recipe.name, recipe.tasks[0].options) == ("2024", {"x": 1e-4, "y": "1e-4", "z": "1.10"})
    (tmp_path / "b.yaml").write_text(to_yaml(recipe))
    assert load(str(tmp_path / "b.yaml")) == recipe


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: a\nmodel: m\nname: b\n", "r.yaml line 3: not valid YAML (key 'name' stands there twice); mend it"),
        ("rollout:\n  temperature: 1\n  temperature: 2\n", "line 3: not valid YAML (key 'temperature' stands there"),
        ("tasks:\n- {task: a, task: b}\n", "line 2: not valid YAML (key 'task' stands there twice)"),
        ("x: &a [*a]\n", "line 1: not valid YAML (*a holds itself)"),
        ("x: &a\n  y:\n    z: *a\n", "line 3: not valid YAML (*a holds itself)"),
        ("x: " + "[" * 3000, "not valid YAML (lists or mappings lie too deep in one another)"),
    ],
)
def test_a_file_that_says_what_cannot_be_meant_is_refused_by_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "r.yaml").write_text(text)
    with pytest.raises(UserError) as refused:
        load(str(tmp_path / "r.yaml"))
    assert words in str(refused.value)


def test_anchors_and_merged_keys_stay_allowed(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        "name: a\nmodel: m\ntasks:\n- &t {task: toy/echo, weight: 2}\n- {<<: *t, task: toy/copy}\n"
        "stages: [{name: a, steps: 1}]\n"
    )
    assert [(spec.task, spec.weight) for spec in load(str(tmp_path / "r.yaml")).tasks] == [
        ("toy/echo", 2.0), ("toy/copy", 2.0),
    ]  # fmt: skip


def test_a_key_twice_in_a_value_is_refused() -> None:
    with pytest.raises(UserError, match=r"the value is not YAML \(key 'a' stands there twice\)"):
        parse(["x={a: 1, a: 2}"])
