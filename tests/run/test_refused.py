"""A run that can't be: told before it makes anything, and not in the way of the next one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from prorl.errors import UserError
from prorl.run import job

from .small import SHORT, recipe_of, silent

ONE = {"name": "a", "steps": 1}
NOTHING = {"tasks.toy/echo.weight": 0, "tasks.toy/successor.weight": 0}
SHAPER = "class Broken:\n    def __call__(self, rewards, completions):\n        return rewards * float('nan')\n"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rollout": {**SHORT["rollout"], "max_prompt_tokens": 4}}, "stage 'a': zero prompts after filtering: 1000 in"),
        (
            {"stages": [ONE, {"name": "b", "steps": 1, "set": {"rollout.max_prompt_tokens": 1}}]},
            r"stage 'b': zero prompts after filtering: 1000 in a row exceed rollout\.max_prompt_tokens=1; raise it",
        ),
        (
            {"stages": [{**ONE, "imitate": {}, "set": {"rollout.max_prompt_tokens": 1}}]},
            r"stage 'a': zero prompts after filtering: 1000 in a row exceed rollout\.max_prompt_tokens=1; raise it",
        ),
        ({"stages": [{**ONE, "set": NOTHING}]}, "stage 'a': all weights of the task suite are 0"),
        ({"stages": [ONE, {"name": "b", "steps": 1, "set": NOTHING}]}, "stage 'b': all weights of the task suite are"),
        ({"evaluation": {"problems_per_task": 1, "samples": 1, "max_new_tokens": 100_000}}, "context"),
    ],
)
def test_what_can_be_known_is_told_before_anything_is_sampled(
    changes: dict[str, Any], said: str, nano: Path, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=said):
        job.start(recipe_of(nano, SHORT, **{"stages": [ONE], **changes}), tmp_path / "run", silent())
    assert list(tmp_path.iterdir()) == []


def test_the_same_folder_is_free_for_the_mended_run(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A shaper is first called in the first step, when nothing is there yet but an evaluation, if one is asked for."""
    (tmp_path / "broken_shaper.py").write_text(SHAPER)
    monkeypatch.syspath_prepend(str(tmp_path))
    shaping = [{"kind": "custom", "shaper": "broken_shaper:Broken"}]
    broken = recipe_of(nano, SHORT, stages=[ONE], shaping=shaping, evaluation=None)
    run, there = tmp_path / "run", tmp_path / "there"
    there.mkdir()
    for folder in (run, there):
        with pytest.raises(UserError, match="shaper broken_shaper:Broken made nan of the reward"):
            job.start(broken, folder, silent())
    assert not run.exists()
    assert list(there.iterdir()) == []
    assert job.start(recipe_of(nano, SHORT, stages=[ONE], evaluation=None), run, silent()).finished


def test_what_was_sampled_stays_and_the_run_goes_on_from_it(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "later_shaper.py").write_text(SHAPER)
    monkeypatch.syspath_prepend(str(tmp_path))
    shaping = [{"kind": "custom", "shaper": "later_shaper:Broken"}]
    with pytest.raises(UserError, match="shaper later_shaper:Broken"):
        job.start(recipe_of(nano, SHORT, stages=[ONE], shaping=shaping), tmp_path / "run", silent())
    assert (tmp_path / "run" / "samples" / "base.parquet").is_file()
    monkeypatch.setattr("later_shaper.Broken.__call__", lambda self, rewards, completions: rewards)
    assert job.resume(tmp_path / "run", silent()).finished
