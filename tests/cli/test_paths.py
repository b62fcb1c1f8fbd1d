"""Paths are told and read as they are: [ ] are neither markup nor a pattern, and no two colons make a picture."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from prorl.cli.main import app

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
