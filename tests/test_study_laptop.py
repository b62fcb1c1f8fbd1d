"""Figures of the laptop's run come from its course and from the boundary report on its checkpoints."""

from __future__ import annotations

import copy
import importlib
import json
import re
import shutil
import sys
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any

import pytest

RESULTS = Path(__file__).parent.parent / "docs" / "results" / "nano-fp32"
KEPT, CONTROL = RESULTS / "boundary-seed3.json", RESULTS / "control-seed0.json"


@pytest.fixture(scope="module")
def draw() -> ModuleType:
    return importlib.import_module("draw_laptop")


@pytest.fixture(scope="module")
def tables() -> ModuleType:
    return importlib.import_module("tables_laptop")


@pytest.fixture(scope="module")
def boundary() -> Any:
    return json.loads(KEPT.read_text())


def cells(table: str, first: str) -> list[str]:
    """Of the row that begins with a cell, those after it."""
    row = next(row for row in table.splitlines() if row.startswith(f"| {first} |"))
    return row.removeprefix(f"| {first} |").strip("| ").split(" | ")


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
    assert all(words in figures[1] for words in ("running sums", "pass@256", "base@800"))


def test_a_line_holds_a_model_s_share_at_each_level(draw: ModuleType, boundary: Any) -> None:
    found = [one for one in boundary["levels"] if one["task"] == "nano/sorting"]
    at, values = draw._line(found, "base@800", "1")
    wanted = {
        curve["task"]: 100 * curve["strict"]["1"]["estimate"]
        for curve in boundary["analysis"]["curves"]
        if curve["model"] == "base@800"
    }
    assert values == pytest.approx([wanted[f"nano/sorting@level{level:.0f}"] for level in at])


def test_quarters_are_those_of_the_reinforcement(tables: ModuleType) -> None:
    """Of 60 steps of which the first 20 were imitated; what has no value counts nowhere, and later is not imitated."""
    course = {
        "curves": {
            "step": [10, 20, 30, 40, 50, 60],
            "entropy": [None, None, 0.5, None, 0.125, 0.0625],
            "kl": [None, None, 0.0, None, 2.0, 4.0],
            "effective_prompts": [None, None, 1.0, 0.5, 0.25, 0.0],
        },
        "validations": [{"step": s, "pass_1": s / 100} for s in (0, 20, 25, 30, 60)],
        "resets": [{"step": 40, "reason": "…"}],
    }
    table = tables.quarters(course)
    assert table.startswith("reinforcement, steps 21 to 60, 1 resets")
    assert cells(table, "validation, pass@1, %") == ["27.5", "–", "–", "60"]
    assert cells(table, "entropy, nats a token") == ["0.5", "–", "0.125", "0.0625"]
    assert cells(table, "KL to the reference, nats a token") == ["0", "–", "2", "4"]


def test_a_group_holds_the_means_over_its_tasks(tables: ModuleType, boundary: Any) -> None:
    solved = {c["task"]: c["strict"] for c in boundary["analysis"]["curves"] if c["model"] == "base@800"}
    wanted = [
        " · ".join(
            f"{100 * fmean(solved[f'nano/{f}@level{level}'][k]['estimate'] for f in families):.1f}"
            for k in ("1", "128")
        )
        for level in (4, 5, 6)
        if (families := [t.partition("/")[2].partition("@")[0] for t in solved if t.endswith(f"@level{level}")])
    ]
    assert cells(tables.by_group(boundary), "base@800") == wanted
    assert tables.group("stem/generated_choice@biology") == "without levels"


def test_only_claimed_differences_have_a_star(tables: ModuleType, boundary: Any) -> None:
    """Neither an interval without 0 at a k that no test was made for, nor one whose test says no, is a claim."""
    found = copy.deepcopy(boundary)
    contrast = next(tables.strict(found["analysis"]["contrasts"], "overall"))
    contrast["p_corrected"] = {"1": 0.01, "128": 0.2}
    assert all(one["low"] > 0 for one in contrast["delta"].values())
    table = tables.overall(found)
    row = cells(table, f"{contrast['tuned']} less base")
    starred = [name for name, cell in zip(cells(table, ""), row, strict=True) if cell.endswith("\\*")]
    assert starred == ["pass@1"]


def test_every_problem_that_looks_new_is_counted_once(tables: ModuleType, boundary: Any) -> None:
    table = tables.claims(boundary)
    counts = re.findall(r" (\d+) \|$", table, re.MULTILINE)
    assert sum(map(int, counts)) == sum(len(found["claims"]) for found in boundary["claims"])
    new = [one["problem"] for found in boundary["claims"] for one in found["claims"] if one["label"] == "new"]
    assert len(new) > 10
    assert [line.split()[3].strip(",") for line in table.splitlines() if ", guesses " in line] == new


def test_the_command_prints_every_table_of_every_file(
    tables: ModuleType,
    boundary: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only a report that has a matched temperature tells of one."""
    curves = {name: [25] for name in ("step", *tables.CURVES)}
    (tmp_path / "course.json").write_text(json.dumps({"curves": curves, "validations": [], "resets": []}))
    shutil.copy(KEPT, tmp_path / "boundary.json")
    control = json.loads(CONTROL.read_text())
    both = boundary | {name: control[name] for name in ("matched", "matched_contrasts")}
    (tmp_path / "control.json").write_text(json.dumps(both))
    monkeypatch.setattr(sys, "argv", ["tables_laptop.py", str(tmp_path)])
    tables.main()
    parts = capsys.readouterr().out.split("# ")[1:]
    assert [part.partition("\n")[0] for part in parts] == ["boundary.json", "control.json", "course.json"]
    assert [part.count("|---|") for part in parts] == [len(tables.BOUNDARY) - 1, len(tables.BOUNDARY), 1]
    assert "full@2000 less base by task, points" in parts[0]


def test_a_matched_temperature_has_its_entropies_beside_it(tables: ModuleType) -> None:
    """What docs/evidence.md says of this report."""
    table = tables.matched(json.loads(CONTROL.read_text()))
    row = cells(table, "full@2002 at temperature 1.75")
    assert (row[0], row[7]) == ("+28.9 [+24.9, +33.3]", "+27.3 [+22.5, +32.5]")
    assert "full@2002: 0.455 nats a token, base 0.425" in table


def test_where_no_slope_can_be_corrected_there_is_none(tables: ModuleType, boundary: Any) -> None:
    found = copy.deepcopy(boundary)
    first = found["analysis"]["competences"][0]
    first |= {"corrected_slope": None, "naive_slope": {"estimate": -0.5, "low": -0.75, "high": 0.25}}
    assert cells(tables.competence(found), first["tuned"])[-2:] == ["–", "-0.50 [-0.75, 0.25]"]
