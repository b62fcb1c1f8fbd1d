"""Draws the figures of docs/evidence.md from what `gather.py` kept.

python study/draw.py docs/results/nano --out docs/images
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from effects import COMPARED, CURVES, GROUPS, Results, arms, complete, load, most_samples, only, paired, rate

matplotlib.use("svg")
import matplotlib.pyplot as plt

matplotlib.rcParams["svg.hashsalt"] = "prorl"
matplotlib.rcParams["svg.fonttype"] = "none"
COLOURS = ("#1a202c", "#c05621", "#2b6cb0", "#2f855a", "#b83280", "#b7791f", "#6b46c1", "#718096")


def colours(results: Results) -> dict[str, str]:
    """A colour for each arm but the base."""
    return dict(zip((arm for arm in arms(results) if arm != "base"), cycle(COLOURS), strict=False))


def runs_of(results: Results, arm: str) -> list[Any]:
    """The arm's runs, by seed."""
    return [runs[arm] for runs in results.values() if arm in runs]


def means(runs: Sequence[Any], name: str) -> Iterator[tuple[float, float]]:
    """Mean of a curve over runs, at shares of their length: runs differ a little in steps."""
    at = np.linspace(0, 1, 81)[1:]
    rows = []
    for run in runs:
        steps = np.array(run["curves"]["step"], dtype=float)
        values = np.array([np.nan if value is None else value for value in run["curves"][name]])
        there = ~np.isnan(values)
        rows.append(np.interp(at, steps[there] / steps[-1], values[there]))
    yield from zip(at.tolist(), np.mean(rows, axis=0).tolist(), strict=True)


def name_courses(axes: Any, along: str) -> None:
    """Label four panels: validation and the curves, over `along`."""
    for axis, name in zip(axes.flat, ("pass@1 of validation, %", *CURVES.values()), strict=True):
        axis.set_ylabel(name)
        axis.grid(alpha=0.3)
    for axis in axes[1]:
        axis.set_xlabel(along)


def over_time(results: Results) -> Any:
    """Validation, and the curves that tell of collapse, for every arm; means over the seeds that have all arms."""
    results = complete(results)
    figure, axes = plt.subplots(2, 2, figsize=(9.6, 6.4), sharex=True)
    for arm, colour in colours(results).items():
        runs = runs_of(results, arm)
        style = {"color": colour, "label": arm, "lw": 2.2 if arm == "full" else 1.2}
        shares = np.linspace(0, 1, 11)
        rows = [
            np.interp(
                shares,
                [line["step"] / run["validations"][-1]["step"] for line in run["validations"]],
                [100 * line["pass_1"] for line in run["validations"]],
            )
            for run in runs
        ]
        axes[0, 0].plot(100 * shares, np.mean(rows, axis=0), **style)
        for axis, name in zip(axes.flat[1:], CURVES, strict=True):
            axis.plot(*zip(*((100 * at, value) for at, value in means(runs, name)), strict=True), **style)
    name_courses(axes, "share of the run, %")
    axes[0, 1].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    return figure


def levels(results: Results) -> Any:
    """pass@1 and pass@most by family and level: base, full and plain GRPO; a dot for each seed.

    Lines are means, and dots seeds, of right answers; dotted lines are means of right answers by right steps.
    """
    shown = [arm for arm in ("base", "full", "plain-grpo") if runs_of(results, arm)]
    palette = {**colours(results), "base": "#a0aec0"}
    families = ("running_sums", "sorting", "strings", "digits", "walks")
    most = most_samples(results)
    figure, axes = plt.subplots(2, len(families), figsize=(12, 5), sharex=True, sharey=True)
    for row, k in zip(axes, (1, most), strict=True):
        for axis, family in zip(row, families, strict=True):
            for offset, arm in zip((-0.15, 0.0, 0.15), shown, strict=False):
                by_answers, by_steps = (
                    [
                        [100 * rate([f"nano/{family}@level{level}"], k, checked)(run) for level in range(1, 7)]
                        for run in runs_of(results, arm)
                    ]
                    for checked in (False, True)
                )
                axis.plot(range(1, 7), np.mean(by_answers, axis=0), color=palette[arm], label=arm, lw=1.6)
                axis.plot(range(1, 7), np.mean(by_steps, axis=0), ":", color=palette[arm], lw=1.6)
                for values in by_answers:
                    axis.plot(np.arange(1, 7) + offset, values, "o", color=palette[arm], ms=2.5, alpha=0.6)
            axis.axvspan(0.5 if family in families[3:] else 5.5, 6.5, color="#edf2f7", zorder=0)
            axis.grid(alpha=0.3)
        row[0].set_ylabel(f"pass@{k}, %")
    for axis, family in zip(axes[0], families, strict=True):
        axis.set_title(family.replace("_", " "), fontsize=10)
    for axis in axes[1]:
        axis.set_xlabel("level")
    axes[0, 0].legend(frameon=False, fontsize=8, loc="lower left")
    figure.tight_layout()
    return figure


def left_out(results: Results) -> list[str]:
    """The arms that lack something of the full recipe."""
    return [arm for arm in arms(results) if arm not in ("base", "full")]


def contributions(results: Results) -> Any:
    """Full less each arm with 95 % intervals over seeds, at pass@1 and pass@most, by answers and by steps."""
    others = left_out(results)
    most = most_samples(results)
    groups = [(name, GROUPS[name]) for name in COMPARED]
    size = (12, 2 * (0.4 * max(len(others), 2) + 0.9))
    figure, axes = plt.subplots(2, len(groups), figsize=size, sharey=True, sharex=True, squeeze=False)
    for row, (checked, kind) in zip(axes, ((False, "right answer"), (True, "right steps too")), strict=True):
        for axis, (_, tasks) in zip(row, groups, strict=True):
            for k, colour, shift in ((1, "#2b6cb0", -0.15), (most, "#c05621", 0.15)):
                for place, arm in enumerate(others):
                    found = paired(results, "full", arm, rate(tasks, k, checked))
                    if found is not None:
                        label = f"pass@{k}" if place == 0 else None
                        axis.plot([100 * found.low, 100 * found.high], [place + shift] * 2, color=colour, lw=1.6)
                        axis.plot(100 * found.mean, place + shift, "o", color=colour, ms=4, label=label)
            axis.axvline(0, color="#1a202c", lw=0.8)
            axis.grid(alpha=0.3, axis="x")
        row[0].set_ylabel(kind)
    for axis, (name, _) in zip(axes[0], groups, strict=True):
        axis.set_title(name, fontsize=10)
    for axis in axes[1]:
        axis.set_xlabel("full less arm, points")
    axes[0, 0].set_yticks(range(len(others)), others)
    axes[0, 0].set_ylim(len(others) - 0.5, -0.5)
    figure.legend(*axes[0, 0].get_legend_handles_labels(), frameon=False, fontsize=8, loc="lower left")
    figure.tight_layout()
    return figure


FIGURES = {"nano-over-time": over_time, "nano-levels": levels, "nano-contributions": contributions}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=list(FIGURES), default=list(FIGURES), help="figures to draw")
    parser.add_argument("--arms", nargs="+", help="only these, and the base")
    given = parser.parse_args()
    results = load(given.results)
    if given.arms:
        results = only(results, given.arms)
    given.out.mkdir(parents=True, exist_ok=True)
    for name in given.only:
        draw = FIGURES[name]
        if draw is contributions and not left_out(results):
            continue  # nothing to hold the full recipe against yet
        file = given.out / f"{name}.svg"
        draw(results).savefig(file, bbox_inches="tight", metadata={"Date": None})
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
