"""Bad input on the command line: one clear line, exit code 2, nothing written or overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prorl.cli.main import app

COMMAND = [sys.executable, "-c", "from prorl.cli.main import main; main()"]


def prorl(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["train", "quikstart"], ["'quikstart'", "'quickstart'"]),
        (["train", "quickstart", "rollout.temprature=1"], ["rollout.temprature", "'temperature'"]),
        (["train", "quickstart", "tasks.0.task=reasoning_gym/chain_sun"], ["chain_sun", "chain_sum"]),
        (["train", "quickstart", "tasks.0.options.max_therms=3"], ["max_therms", "max_terms"]),
        (["train", "quickstart", "model=nobody/nothing"], ["nobody/nothing", "smollm2-135m"]),
        (["train", "quickstart", "model=./not/here"], ["./not/here", "no such folder"]),
        (["train", "quickstart", "--resume", "x"], ["--resume x", "give only KEY=VALUE"]),
        (["train", "--resume", "nowhere"], ["nowhere", "holds no run"]),
        (["train"], ["name a recipe"]),
        (["train", "lr=1e-5.yaml"], ["'lr=1e-5.yaml' stands in the place of the recipe", "name the recipe first"]),
        (["train", "seed=1", "quickstart"], ["'seed=1' stands in the place of the recipe"]),
        (["train", "quickstart", "mine.yaml"], ["'mine.yaml'", "write it as key=value"]),
        (["train", "quickstart", "--out=~nobody.here/run"], ["--out=~nobody.here/run: nobody here has that home"]),
        (["recipe", "show", "nosuch"], ["'nosuch'", "quickstart"]),
        (["report", "nowhere"], ["nowhere", "holds no run"]),
        (["report", "nowhere", "--figure", "x.txt"], ["--figure x.txt", ".svg or .png or .pdf"]),
        (["train", "quickstart", "resets.plateau.patience=2"], ["resets.plateau needs a validation section"]),
        (["train", "quickstart", "health.length.signal=lenght"], ["guard 'length'", "'lenght'"]),
        (["tasks", "profile", "m", "toy/echo", "--out", "/proc/p.parquet"], ["/proc/p.parquet", "--out"]),
        (["recipe", "show", "quickstart", "health.custom.mine.abov=3"], ["'health.custom.mine.abov'", "'above'"]),
        (["models", "remove", "nosuch"], ["'nosuch'", "smollm2-135m"]),
    ],
)
def test_one_line_and_exit_code_two(arguments: list[str], words: list[str], tmp_path: Path) -> None:
    done = prorl(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("prorl: ")
    assert done.stderr.count("\n") == 1
    assert len(done.stderr) < 900  # no section is written out
    for word in words:
        assert word in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_a_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "recipe.yaml").write_text("mine")
    done = prorl("train", "quickstart", "--out", "run", cwd=tmp_path)
    assert done.returncode == 2
    assert "run directory run already holds a run; go on by --resume run, or choose another by --out" in done.stderr
    assert (tmp_path / "run" / "recipe.yaml").read_text() == "mine"


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    done = prorl("train", "quickstart", "--out", "file/run", cwd=tmp_path)
    assert done.returncode == 2
    assert "Not a directory" in done.stderr
    assert (tmp_path / "file").read_text() == "mine"


def test_an_unwritable_folder(tmp_path: Path) -> None:
    """In /proc, because it refuses even root."""
    done = prorl("train", "quickstart", "model=./nano", "--out", "/proc/run", cwd=tmp_path)
    assert done.returncode == 2
    assert "/proc/run" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("value", ["inf", "nan", "1e300"])
@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (["eval", "m", "toy/echo"], "--temperature"),
        (["boundary", "m", "n", "--suite", "toy/echo", "--out", "b"], "--temperature"),
        (["boundary", "m", "n", "--suite", "toy/echo", "--out", "b"], "--top-p"),
        (["tasks", "profile", "m", "toy/echo", "--out", "p.parquet"], "--temperature"),
        (["watch", "nowhere"], "--every"),
    ],
)
def test_numbers_of_options_are_finite(arguments: list[str], option: str, value: str) -> None:
    done = CliRunner().invoke(app, [*arguments, option, value])
    assert done.exit_code == 2
    assert f"Invalid value for '{option}'" in done.stderr
