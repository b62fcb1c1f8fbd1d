"""Ctrl-C: the first asks, the second insists."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prorl.cli import main
from prorl.policy.nano import make_nano
from prorl.recipe.load import to_yaml, validate
from prorl.run import journal, metrics
from prorl.run.interrupt import Interrupt


def test_first_and_second_signal() -> None:
    told: list[str] = []
    before = signal.getsignal(signal.SIGINT)
    with Interrupt(lambda: told.append("asked")) as interrupt:
        assert not interrupt.requested
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.requested
        assert told == ["asked"]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


SLOW = """
import time
from prorl.tasks.toy import ToyTask

class Slow(ToyTask):
    def __init__(self, name, options, worked_examples=0):
        super().__init__("toy/echo", {"symbols": 4})

    def judge(self, problem, text):
        time.sleep(1.5)
        return super().judge(problem, text)
"""


def begin(folder: Path, task: str, until: str) -> subprocess.Popen[str]:
    """A run that would take for ever, in a process of its own, once the file `until` is in its folder."""
    data = {
        "name": "long", "model": str(make_nano(folder / "nano")), "evaluation": None,
        "tasks": [{"task": task}],
        "rollout": {"prompts_per_step": 2, "samples_per_prompt": 4, "max_new_tokens": 2, "dynamic_sampling": False},
        "compute": {"precision": "fp32"},
        "stages": [{"name": "one", "steps": 100_000}], "checkpoint": {"every": 100_000},
    }  # fmt: skip
    (folder / "slow.py").write_text(SLOW)
    (folder / "long.yaml").write_text(to_yaml(validate(data, "a test")))
    command = [sys.executable, "-c", "from prorl.cli.main import main; main()", "train", "long.yaml", "--out", "run"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 120
    while not (folder / "run" / until).exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    return process


def test_a_run_finishes_its_step_checkpoints_and_says_how_to_go_on(tmp_path: Path) -> None:
    process = begin(tmp_path, "toy/echo", "metrics.jsonl")
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "stopped; go on with: prorl train --resume run" in output
    steps = [record["step"] for record in metrics.read(tmp_path / "run" / "metrics.jsonl")]
    (checkpoint,) = (e for e in journal.read(tmp_path / "run" / "journal.jsonl") if e["event"] == "checkpoint")
    assert checkpoint["step"] == steps[-1]


def test_twice_leaves_at_once(tmp_path: Path) -> None:
    """The verdicts of the first step take twelve seconds, so the signals find the run within it."""
    process = begin(tmp_path, "slow:Slow", "journal.jsonl")
    time.sleep(1.0)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.strip() == "prorl: interrupted; a run goes on with: prorl train --resume RUN_DIR"
    assert not (tmp_path / "run" / "metrics.jsonl").exists(), "the step was not finished"
    assert not list((tmp_path / "run" / "checkpoints").iterdir())


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("train", "prorl: interrupted; a run goes on with: prorl train --resume RUN_DIR"),
        ("tasks", "prorl: interrupted"),
    ],
)
def test_only_training_is_told_how_a_run_goes_on(
    command: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> None:
        raise SystemExit(main.INTERRUPTED)

    monkeypatch.setattr(main, "app", interrupted)
    monkeypatch.setattr(sys, "argv", ["prorl", command])
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code == 130
    assert capsys.readouterr().err.strip() == said
