"""A small finished run that commands can look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from prorl.recipe.load import validate
from prorl.run import job
from prorl.run.progress import PlainProgress

RECIPE = {
    "name": "small",
    "tasks": [
        {"task": "toy/echo", "options": {"symbols": 4, "length": 2}},
        {"task": "toy/successor", "options": {"symbols": 4, "length": 2}},
    ],
    "rollout": {"prompts_per_step": 2, "samples_per_prompt": 4, "max_new_tokens": 2, "dynamic_sampling": False},
    "optimizer": {"learning_rate": 1e-2},
    "compute": {"precision": "fp32", "threads": 1},
    "stages": [{"name": "one", "steps": 2, "imitate": {}}, {"name": "two", "steps": 2, "reset": {}}],
    "validation": {"every": 2, "problems_per_task": 1, "samples": 2},
    "evaluation": {"problems_per_task": 1, "samples": 4},
    "checkpoint": {"every": 1},
}


@pytest.fixture(scope="session")
def small_run(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of four steps with a reset in the middle. Read it only."""
    out = tmp_path_factory.mktemp("runs") / "small"
    silent = PlainProgress(Console(quiet=True))
    job.start(validate({**RECIPE, "model": str(tiny_model)}, "a test"), out, silent)
    return out
