"""Tables and figures of the study come from what was kept of its runs, and their intervals from its seeds."""

from __future__ import annotations

import importlib
import json
import random
import sys
from itertools import combinations
from pathlib import Path
from statistics import fmean
from types import ModuleType
from typing import Any

import pytest
from scipy.stats import ttest_rel

N, PROBLEMS = 8, 3
FAMILIES = ("running_sums", "sorting", "strings", "digits", "walks")


@pytest.fixture(scope="module")
def effects() -> ModuleType:
    return importlib.import_module("effects")


def a_run(rng: random.Random, steps: int = 100) -> dict[str, Any]:
    by_task = {}
    for family in FAMILIES:
        for level in range(1, 7):
            right = [rng.randrange(N + 1) for _ in range(PROBLEMS)]
            by_task[f"nano/{family}@level{level}"] = {str(i): [c, rng.randrange(c + 1)] for i, c in enumerate(right)}
    at = list(range(25, steps + 1, 25))
    curve = [0.1 * i for i in range(len(at))]
    return {
        "steps": steps, "updates_without_signal": 5, "resets": [{"step": 50, "reason": "…"}],
        "curves": {"step": at, "entropy": curve, "kl": curve, "effective_prompts": curve},
        "validations": [{"step": step, "pass_1": step / 200} for step in (0, 25, 50, 75, 100)],
        "solved": {"samples": N, "by_task": by_task},
    }  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of four seeds, of which the last lacks an arm."""
    folder = tmp_path_factory.mktemp("results")
    for seed in range(4):
        rng = random.Random(seed)
        arms = ["base", "full", "plain-grpo", "no-kl"][: 3 if seed == 3 else 4]
        (folder / f"seed{seed}.json").write_text(json.dumps({arm: a_run(rng) for arm in arms}))
    return folder


def share(run: dict[str, Any], names: list[str], k: int, checked: bool) -> float:
    """The chance that k of the samples hold a success, by going through all sets of k."""
    tasks = []
    for name in names:
        shares = []
        for right, right_by_steps in run["solved"]["by_task"][name].values():
            c = right_by_steps if checked else right
            sets = list(combinations([True] * c + [False] * (N - c), k))
            shares.append(sum(map(any, sets)) / len(sets))
        tasks.append(fmean(shares))
    return fmean(tasks)


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("k", [1, 3, N])
def test_rates_are_those_of_all_sets_of_samples(effects: ModuleType, folder: Path, k: int, checked: bool) -> None:
    names = ["nano/sorting@level2", "nano/walks@level6"]
    for runs in effects.load(folder).values():
        for run in runs.values():
            assert effects.rate(names, k, checked)(run) == pytest.approx(share(run, names, k, checked))


def test_differences_are_paired_by_seed(effects: ModuleType, folder: Path) -> None:
    results = effects.load(folder)
    assert list(results) == [0, 1, 2, 3]
    measure = effects.rate(effects.GROUPS["levels 4–5"], 1)
    for other, seeds in (("plain-grpo", 4), ("no-kl", 3)):
        both = [runs for runs in results.values() if other in runs]
        one, two = ([measure(runs[arm]) for runs in both] for arm in ("full", other))
        wanted = ttest_rel(one, two).confidence_interval(0.95)
        found = effects.paired(results, "full", other, measure)
        assert found.seeds == seeds
        assert (found.mean, found.low, found.high) == pytest.approx((fmean(one) - fmean(two), wanted.low, wanted.high))
    assert effects.paired(results, "full", "no-reset", measure) is None


def test_only_seeds_that_have_all_arms_are_averaged_beside_each_other(effects: ModuleType, folder: Path) -> None:
    results = effects.load(folder)
    assert list(effects.complete(results)) == [0, 1, 2]
    for line in results[3]["full"]["validations"]:
        line["pass_1"] = 1.0
    shown = importlib.import_module("draw").over_time(results).axes[0]
    assert [line.get_label() for line in shown.lines] == ["full", "plain-grpo", "no-kl"]
    assert list(shown.lines[0].get_ydata()) == pytest.approx([100 * share / 20 for share in range(11)])
    with pytest.raises(SystemExit, match=r"no seed has all of base, full, plain-grpo, no-kl; gather fewer by --arms"):
        effects.complete({3: results[3], 4: {"no-kl": results[0]["no-kl"]}})


def test_some_arms_alone(effects: ModuleType, folder: Path) -> None:
    results = effects.load(folder)
    some = effects.only(results, ["full", "no-kl"])
    assert effects.arms(some) == ["base", "full", "no-kl"]
    assert some[1]["no-kl"] is results[1]["no-kl"]
    assert list(effects.complete(effects.only(results, ["plain-grpo"]))) == [0, 1, 2, 3]
    with pytest.raises(SystemExit, match="no seed has the arm no-lk; there are base, full, plain-grpo, no-kl"):
        effects.only(results, ["no-lk"])


def test_a_star_is_a_difference_whose_interval_leaves_out_zero(effects: ModuleType) -> None:
    written = importlib.import_module("tables").written
    assert written(effects.over_seeds([0.2, 0.21, 0.22]), signed=True) == "+21.0 [+18.5, +23.5]\\*"
    assert written(effects.over_seeds([-0.2, 0.21, 0.22]), signed=True).startswith("+7.7 [-")
    assert "*" not in written(effects.over_seeds([-0.2, 0.21, 0.22]), signed=True)
    assert written(effects.over_seeds([0.2]), signed=True) == "+20.0"
    assert written(None, signed=True) == "–"


def test_parts_of_a_run(effects: ModuleType) -> None:
    run = a_run(random.Random(0))
    assert effects.curve(run, "entropy", 0.5, 1) == pytest.approx(0.25)
    assert effects.validated(run, 0.5, 0.75) == pytest.approx(0.375)
    assert effects.validated(run, 0.75, 1) == pytest.approx(0.5)


def test_the_commands_write_every_table_and_figure(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = importlib.import_module("tables")
    monkeypatch.setattr(sys, "argv", ["tables.py", str(folder)])
    tables.main()
    said = capsys.readouterr().out
    for arm in ("base", "full", "plain-grpo", "no-kl"):
        assert f"\n| {arm} | {3 if arm == 'no-kl' else 4} | 100–100 | 1.0 |" in said
        assert (f"full less {arm}, points" in said) == (arm != "full")
    measure = tables.rate(tables.GROUPS["levels 4–5"], N, True)
    wanted = tables.written(tables.paired(tables.load(folder), "full", "no-kl", measure), True)
    lines = said.partition("full less no-kl, points\n")[2].splitlines()
    [line] = [line for line in lines[:7] if line.startswith(f"| pass@{N}, right steps too")]
    assert line.split(" | ")[2] == wanted
    draw = importlib.import_module("draw")
    monkeypatch.setattr(sys, "argv", ["draw.py", str(folder), "--out", str(tmp_path / "figures")])
    draw.main()
    for name in draw.FIGURES:
        picture = (tmp_path / "figures" / f"{name}.svg").read_text()
        assert "plain-grpo" in picture
        assert "<svg" in picture
    few = tmp_path / "few"
    monkeypatch.setattr(sys, "argv", ["draw.py", str(folder), "--out", str(few), "--only", "nano-levels"])
    draw.main()
    assert [file.name for file in few.iterdir()] == ["nano-levels.svg"]


def test_seed_by_seed_every_model_stands_in_a_line(effects: ModuleType, folder: Path) -> None:
    results, group = effects.load(folder), "strings 4–5"
    lines = importlib.import_module("tables").by_seed(results, group).splitlines()[4:]
    assert len(lines) == 3 * 4 + 3  # the last seed lacks an arm
    for seed, arm in ((1, "no-kl"), (3, "full")):
        names = effects.GROUPS[group]
        each = [100 * share(results[seed][arm], names, k, checked) for checked in (False, True) for k in (1, N)]
        assert f"| {seed}, {arm} | {' | '.join(f'{value:.1f}' for value in each)} |" in lines
