"""The command that the documentation shows for a cluster, with a small model, tasks that need no data, and no GPU."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from typer.testing import CliRunner

from prorl.cli.main import app
from prorl.run import journal, metrics

PAGE = Path(__file__).parents[2] / "docs" / "scaling.md"
SMALL = {
    "tasks": [{"task": "toy/echo", "options": {"symbols": 4, "length": 2}}],
    "rollout.prompts_per_step": 2,
    "rollout.samples_per_prompt": 4,
    "rollout.max_new_tokens": 4,
    "stages": [{"name": "one", "steps": 2}],
    "health": None,
    "resets.plateau": None,
    "validation": None,
    "evaluation": None,
    "compute.precision": "fp32",
    "cluster.device": "cpu",
    "cluster.backend": "torch",
    "cluster.trainers": 1,
    "cluster.samplers": 1,
}


def test_the_command_shown_trains(nano: Path, tmp_path: Path) -> None:
    [shown] = [line for line in PAGE.read_text().splitlines() if line.startswith("prorl train")]
    changes = [f"{key}={json.dumps(value)}" for key, value in SMALL.items()]
    words = [*shlex.split(shown)[1:], *changes, f"model={nano}", "--out", str(tmp_path / "run")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, f"{done.output}\n{done.exception!r}"
    assert [record["step"] for record in metrics.read(tmp_path / "run" / "metrics.jsonl")] == [1, 2]
    [begun] = [event for event in journal.read(tmp_path / "run" / "journal.jsonl") if event["event"] == "start"]
    assert begun["settings"]["engine"] == "cluster"
    assert begun["settings"]["cluster"]["staleness"] == 1
