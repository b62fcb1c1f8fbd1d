"""Every example runs as its first lines say, and does what it says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SAYS = {
    "compare_samples.py": r"pass@1: \+0\.237.*\n.*pass@16: -0\.375",
    "custom_reset_rule.py": r"step 3: entropy: entropy fell from [\d.]+ to [\d.]+ nats per token",
    "custom_shaper.py": r"step 22: reward ([\d.]+), shaped (?!\1)[\d.]+",
    "custom_task.py": r"Mean pass@1 over 1 task rose",
    "train_in_python.py": r"Mean pass@1 over 1 task.*\nreport: .*report\.html\nforked: runs/echo-2 finished: True",
}
"""A pattern in the output of each. `brorl_simulator.py` has a test of its own (tests/algo)."""


def test_none_is_forgotten() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*SAYS, "brorl_simulator.py"}


@pytest.mark.parametrize("name", sorted(SAYS))
def test_it_runs(name: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], cwd=tmp_path, env={**os.environ, "HF_HUB_OFFLINE": "1"},
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert re.search(SAYS[name], done.stdout), done.stdout


def test_the_task_of_ones_own_keeps_the_contract(tmp_path: Path) -> None:
    command = "from prorl.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", command, "tasks", "check", "custom_task:Larger"], cwd=EXAMPLES,
        capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed, 0 on the list, 0 failed" in done.stdout
