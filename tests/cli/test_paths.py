"""Paths are told and read as they are: [ ] are neither markup nor a pattern, and no two colons make a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

import prorl
from prorl.cli.main import app
from prorl.errors import UserError

RECIPE = (
    "name: tiny\nmodel: {model}\ntasks: [{{task: toy/echo}}]\nstages: [{{name: a, steps: 1}}]\n"
    "rollout: {{prompts_per_step: 1, samples_per_prompt: 2, max_new_tokens: 1, dynamic_sampling: false}}\n"
    "evaluation: {{problems_per_task: 1, samples: 2}}\ncompute: {{precision: fp32}}\n"
)


@pytest.mark.parametrize("name", ["[lr=1e-5]", "my [test] run", "a[/b]", "on:key:s"])
def test_a_run_in_a_folder_with_any_name(
    name: str, tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(RECIPE.format(model=tiny_model))
    run = CliRunner().invoke(app, ["train", "tiny.yaml", "--out", f"runs/{name}"], catch_exceptions=False)
    assert run.exit_code == 0, run.output
    assert f"report: runs/{name}/report.html" in run.stdout.splitlines()
    assert Path("runs", name, "comparison.json").is_file()
    words = ["eval", f"runs/{name}", "--out", f"{name}.parquet"]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert f"samples: {name}.parquet" in done.stdout.splitlines()


def test_a_recipe_s_file_may_have_an_equals_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lr=1e-5.yaml").write_text("name: tiny\nmodle: m\n")
    with pytest.raises(UserError, match=r"recipe lr=1e-5\.yaml: unknown key 'modle'"):
        CliRunner().invoke(app, ["train", "lr=1e-5.yaml"], catch_exceptions=False)


def test_a_home_folder_that_the_shell_left_alone_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "run").mkdir(parents=True)
    (tmp_path / "home" / "run" / "recipe.yaml").write_text("mine")
    said = f"run directory {tmp_path}/home/run already holds a run"
    with pytest.raises(UserError, match=said):
        CliRunner().invoke(app, ["train", "quickstart", "--out=~/run"], catch_exceptions=False)
    with pytest.raises(UserError, match=said):
        prorl.train("quickstart", out="~/run", progress=False)
    with pytest.raises(UserError, match=f"recipe {tmp_path}/home/run/recipe.yaml: expected a mapping"):
        CliRunner().invoke(app, ["train", "--resume=~/run"], catch_exceptions=False)
    with pytest.raises(UserError, match=f"recipe {tmp_path}/home/run/recipe.yaml: expected a mapping"):
        prorl.resume("~/run", progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["home"]
