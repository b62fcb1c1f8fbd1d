"""Figures of the laptop's run come from its course and from the boundary report on its checkpoints."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from pathlib import Path
from types import ModuleType

import pytest

KEPT = Path(__file__).parent.parent / "docs" / "results" / "nano" / "boundary-seed0.json"


@pytest.fixture(scope="module")
def draw() -> ModuleType:
    return importlib.import_module("draw_laptop")


def test_levels_are_means_over_their_tasks(draw: ModuleType) -> None:
    validation = {"pass_1": 0.9, "pass_1/a@level1": 0.25, "pass_1/b@level1": 0.75, "pass_1/a@level2": 0.125}
    assert draw.by_level({**validation, "pass_1/c@physics": 1.0}) == {"1": 50, "2": 12.5}


def test_the_command_draws_what_is_there(
    draw: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    monkeypatch.setattr(sys, "argv", ["draw_laptop.py", str(results), "--out", str(tmp_path / "figures")])
    curve = [None, 0.25, 0.5]
    course = {
        "curves": {"step": [25, 50, 75], "entropy": curve, "kl": curve, "effective_prompts": curve},
        "validations": [{"step": step, "pass_1/a@level1": step / 100} for step in (0, 75)],
        "resets": [{"step": 50, "reason": "…"}],
    }
    (results / "course.json").write_text(json.dumps(course))
    draw.main()
    assert "boundary.json isn't there, so no laptop-levels.svg" in capsys.readouterr().out
    shutil.copy(KEPT, results / "boundary.json")
    draw.main()
    figures = [(tmp_path / "figures" / f"{name}.svg").read_text() for name in draw.FIGURES]
    assert all(words in figures[0] for words in ("level 1", "KL to the reference"))
    assert all(words in figures[1] for words in ("running sums", "pass@256", "base@1000"))


def test_a_line_holds_a_model_s_share_at_each_level(draw: ModuleType) -> None:
    boundary = json.loads(KEPT.read_text())
    found = [one for one in boundary["levels"] if one["task"] == "nano/sorting"]
    at, values = draw._line(found, "base@1000", "1")
    wanted = {
        curve["task"]: 100 * curve["strict"]["1"]["estimate"]
        for curve in boundary["analysis"]["curves"]
        if curve["model"] == "base@1000"
    }
    assert values == pytest.approx([wanted[f"nano/sorting@level{level:.0f}"] for level in at])
