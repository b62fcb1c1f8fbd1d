"""Commands as a person or a program calls them: what they print, and how they end."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from prorl.boundary import samples
from prorl.cli.main import app
from prorl.errors import UserError
from prorl.recipe.load import load, packaged


def run(*words: object) -> str:
    done = CliRunner().invoke(app, list(map(str, words)))
    if isinstance(done.exception, UserError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def told(*words: object) -> Any:
    return json.loads(run(*words, "--json"))


def test_recipe_diff_names_every_value_that_differs_and_nothing_else() -> None:
    found = told("recipe", "diff", "quickstart", "quickstart", "rollout.temperature=1.3", "objective.clip_high=0.28")
    assert found == [
        {"key": "rollout.temperature", "before": 1.0, "after": 1.3},
        {"key": "objective.clip_high", "before": 0.4, "after": 0.28},
    ]
    assert run("recipe", "diff", "quickstart", "quickstart").strip() == "no value differs"
    assert "objective.advantage" in run("recipe", "diff", "prorl-v1-1.5b", "prorl-v2-1.5b")


def test_eval_s_help_tells_its_defaults() -> None:
    shown = " ".join(re.sub(r"[│╭╮╰╯─\s]+", " ", run("eval", "--help")).split())
    for default in ("24", "16", "1 and --samples", "64", "1.", "0."):
        assert f"Default: {default}" in shown


def test_help_has_no_brackets_that_are_taken_for_markup() -> None:
    """A terminal shows nothing of `[default: 24]` in a help text."""
    left = [get_command(app)]
    while left:
        command = left.pop()
        left += getattr(command, "commands", {}).values()
        texts = [command.help, *(getattr(parameter, "help", None) for parameter in command.params)]
        assert not [text for text in texts if re.search(r"\[[a-z@#/]", text or "")], command.name


def test_lists_for_programs() -> None:
    recipes = told("recipe", "list")
    assert list(recipes) == list(packaged())
    assert recipes["quickstart"]["steps"] == load("quickstart").total_steps
    assert told("recipe", "show", "quickstart", "seed=5")["recipe"]["seed"] == 5
    assert [model["name"] for model in told("models", "list")] == ["smollm2-135m", "nano"]
    (task,) = told("tasks", "list", "toy/echo")
    assert (task["name"], task["size"]) == ("toy/echo", 179)
    (shown,) = told("tasks", "show", "toy/echo", "--count", 1)
    assert shown["verdict"]["outcome"] == "solved"
    (checked,) = told("tasks", "check", "toy/echo", "--problems", 3)
    assert checked["outcome"] == "passed"
    assert all(finding["passed"] or finding["known"] for finding in checked["findings"].values())
    assert told("doctor")["python"]["state"] == "good"


def test_eval_measures_a_run_by_its_own_comparison(small_run: Path) -> None:
    comparison = json.loads((small_run / "comparison.json").read_text())
    found = told("eval", small_run)
    assert found["overall"]["pass_at"]["1"]["estimate"] == comparison["overall"]["tuned"]["pass_at"]["1"]["estimate"]
    assert found["overall"]["samples"] == 8
    assert {row["task"] for row in found["tasks"]} == {"toy/echo", "toy/successor"}


def test_eval_writes_the_samples_that_the_run_itself_made(small_run: Path, tiny_model: Path, tmp_path: Path) -> None:
    table = tmp_path / "base.parquet"
    printed = run("eval", tiny_model, "--recipe", small_run, "--out", table, "-k", 4)
    assert "pass@4 [95%]" in printed
    columns = ["task", "problem", "sample", "text", "score"]
    base = samples.read(small_run / "samples" / "base.parquet").select(columns)
    assert samples.read(table).select(columns).equals(base)
    trained = samples.read(small_run / "samples" / "trained.parquet").select(columns)
    assert not base.equals(trained), "the comparison above could not have failed"
    with pytest.raises(UserError, match="choose another --out"):
        run("eval", tiny_model, "--recipe", small_run, "--out", table)


def test_eval_of_tasks_and_of_a_checkpoint(small_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "samples.parquet"
    wanted = ("toy/copy", "symbols=16", "--problems", 3, "--samples", 2, "--max-new-tokens", 2, "--out", out)
    found = told("eval", f"{small_run}@3", *wanted)
    assert (found["overall"]["problems"], found["overall"]["samples"]) == (3, 6)
    assert pl.read_parquet(out).height == 6


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["smollm2-135m"], "say what to ask"),
        (["smollm2-135m", "toy/echo", "--recipe", "quickstart"], "leave out the tasks"),
        (["smollm2-135m", "--recipe", "quickstart", "--worked-examples", "2"], "a recipe has its own"),
        (["smollm2-135m", "toy/echo", "-k", "17"], "raise --samples from 16"),
        (["smollm2-135m", "toy/ecko"], "toy/echo"),
    ],
)
def test_eval_says_what_is_wrong(words: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        run("eval", *words)


def test_lineage_for_programs(small_run: Path) -> None:
    found = told("lineage", small_run)
    assert found["parent"] is None
    assert len(found["id"]) == 12
    assert [event["step"] for event in found["events"] if event["event"] == "reset"] == [2]


def test_lineage_cuts_no_line(small_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line an event goes into a file; on a terminal what is too long is folded."""
    copy = tmp_path / "run"
    shutil.copytree(small_run, copy)
    journal = (copy / "journal.jsonl").read_text()
    said = " ".join(f"word{number}" for number in range(100))
    assert '"reason"' in journal
    (copy / "journal.jsonl").write_text(re.sub('"reason": *"[^"]*"', f'"reason":"{said}"', journal))
    monkeypatch.setenv("COLUMNS", "60")
    assert any(line.endswith(said) for line in run("lineage", copy).splitlines())
    monkeypatch.setenv("FORCE_COLOR", "1")
    folded = run("lineage", copy)
    assert all(f"word{number}" in folded for number in range(100))
    assert max(len(line) for line in re.sub(r"\x1b\[[\d;]*m", "", folded).splitlines()) <= 60


def test_train_for_programs(tiny_model: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(
        f"name: tiny\nmodel: {tiny_model}\ntasks: [{{task: toy/echo}}]\nstages: [{{name: a, steps: 1}}]\n"
        "rollout: {prompts_per_step: 1, samples_per_prompt: 2, max_new_tokens: 1, dynamic_sampling: false}\n"
        "evaluation: null\ncompute: {precision: fp32}\n"
    )
    found = told("train", recipe, "--out", tmp_path / "run")
    assert found["finished"]
    assert found["comparison"] is None
    assert Path(found["report"]).is_file()


def test_completion_knows_recipes_tasks_and_runs(small_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from prorl.cli import complete

    assert complete.recipes("prorl-v1") == ["prorl-v1-1.5b", "prorl-v1-laptop"]
    assert complete.tasks("toy/e") == ["toy/echo"]
    assert complete.models("smol") == ["smollm2-135m"]
    assert complete.runs(f"{small_run.parent}/") == [str(small_run)]
    for shell in ("bash", "zsh", "fish"):
        monkeypatch.setenv("_PRORL_COMPLETE", f"source_{shell}")
        done = CliRunner().invoke(app, [], prog_name="prorl")
        assert "_PRORL_COMPLETE" in done.output
