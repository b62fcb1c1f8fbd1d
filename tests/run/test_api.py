"""Recipes from Python: by name, by file, as an object, as plain data, each with changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from prorl.errors import UserError
from prorl.recipe import overrides
from prorl.recipe.load import validate
from prorl.run.api import _recipe, _words

DATA: dict[str, Any] = {
    "name": "small", "model": "m", "tasks": [{"task": "toy/echo"}], "stages": [{"name": "a", "steps": 1}],
}  # fmt: skip
CHANGES: list[Any] = [
    {"model": "n", "optimizer.learning_rate": 1e-5, "tasks.toy/echo.options": {"length": 3}},
    ["model=n", "optimizer.learning_rate=1e-5", "tasks.toy/echo.options={length: 3}"],
]


@pytest.mark.parametrize("changes", CHANGES, ids=["mapping", "words"])
@pytest.mark.parametrize("kind", ["file", "recipe", "data", "data without a model"])
def test_changes_are_the_same_however_a_recipe_is_given(tmp_path: Path, changes: Any, kind: str) -> None:
    lacking = {key: value for key, value in DATA.items() if key != "model"}
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(lacking))  # what is changed needn't be there
    given = {
        "file": tmp_path / "r.yaml", "recipe": validate(DATA, "a test"), "data": DATA, "data without a model": lacking,
    }[kind]  # fmt: skip
    found = _recipe(given, changes)
    assert (found.model, found.optimizer.learning_rate, found.tasks[0].options) == ("n", 1e-5, {"length": 3})
    numbers = {"optimizer.learning_rate": np.float64(2e-5), "optimizer.warmup_steps": np.int64(3), "model": Path("o")}
    found = _recipe(given, numbers)
    assert (found.model, found.optimizer.learning_rate, found.optimizer.warmup_steps) == ("o", 2e-5, 3)
    with pytest.raises(UserError, match=r"changes: model: <object object at .*> is no plain value"):
        _recipe(given, {"model": object()})
    if "without" in kind or kind == "file":
        with pytest.raises(UserError, match="model: Field required"):
            _recipe(given, ())


@pytest.mark.parametrize("kind", ["file", "recipe", "data"])
def test_values_from_python_are_taken_as_they_are(tmp_path: Path, kind: str) -> None:
    (tmp_path / "r.yaml").write_text(yaml.safe_dump(DATA))
    given = {"file": tmp_path / "r.yaml", "recipe": validate(DATA, "a test"), "data": DATA}[kind]
    found = _recipe(given, {"tasks.0.options.version": "1.10", "name": "2024", "objective": {"kl": {"clamp": 3.0}}})
    assert (found.tasks[0].options, found.name) == ({"version": "1.10"}, "2024")
    found = _recipe(found, {"objective": {"kl": {"coefficient": 0.5}}})
    assert (found.objective.kl.clamp, found.objective.kl.coefficient) == (3.0, 0.5)


def test_words_for_a_run_that_goes_on_say_the_same_values() -> None:
    values = {
        "tasks.0.options": {"a": "1.10", "b": "1e-4", "c": 1e-4, "d": [1, None, "x: y"]},
        "name": "2024...",
        "model": "a\nb",
    }
    assert overrides.parse(_words(values)) == values
