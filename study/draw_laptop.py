"""Draws the figures of recipe `laptop-prorl` in docs/evidence.md, from what `course.py` and `prorl boundary` kept.

python study/draw_laptop.py docs/results/laptop --out docs/images
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import matplotlib.pyplot as plt
from draw import name_courses
from effects import CURVES

COLOURS = ("#a0aec0", "#b7791f", "#c05621", "#1a202c")


def by_level(validation: Mapping[str, float]) -> dict[str, float]:
    """Mean pass@1 over the tasks of each level, in per cent; tasks without levels are left out."""
    levels: dict[str, list[float]] = {}
    for name, value in validation.items():
        if name.startswith("pass_1/") and "@level" in name:
            levels.setdefault(name.rpartition("@level")[2], []).append(100 * value)
    return {level: fmean(levels[level]) for level in sorted(levels)}


def over_time(course: Mapping[str, Any]) -> Any:
    """Validation by level, and the curves that tell of collapse; dashes are resets."""
    figure, axes = plt.subplots(2, 2, figsize=(9.6, 6), sharex=True)
    validations = course["validations"]
    for level, colour in zip(by_level(validations[-1]), COLOURS, strict=False):
        line = [by_level(validation)[level] for validation in validations]
        axes[0, 0].plot([v["step"] for v in validations], line, color=colour, label=f"level {level}")
    axes[0, 0].set_ylim(0, 1.25 * axes[0, 0].get_ylim()[1])
    axes[0, 0].legend(frameon=False, fontsize=8, ncols=len(COLOURS), loc="upper left")
    for axis, name in zip(axes.flat[1:], CURVES, strict=True):
        points = zip(course["curves"]["step"], course["curves"][name], strict=True)
        axis.plot(*zip(*((step, value) for step, value in points if value is not None), strict=True), color=COLOURS[-1])
    for axis in axes.flat:
        for reset in course["resets"]:
            axis.axvline(reset["step"], color="#718096", lw=0.8, ls="--")
    name_courses(axes, "step")
    figure.tight_layout()
    return figure


def levels(boundary: Mapping[str, Any]) -> Any:
    """pass@1 and pass@most by task and level of each model; grey is never trained on."""
    models = boundary["analysis"]["models"]
    colours = dict(zip(models, COLOURS[-len(models) :], strict=True))
    families = sorted({found["task"] for found in boundary["levels"]})
    most = max(boundary["analysis"]["ks"])
    figure, axes = plt.subplots(2, len(families), figsize=(1.7 * len(families), 5), sharex=True, sharey=True)
    for column, family in zip(axes.T, families, strict=True):
        found = sorted((one for one in boundary["levels"] if one["task"] == family), key=lambda one: one["level"])
        column[0].set_title(_short(family), fontsize=8)
        for axis, k in zip(column, (1, most), strict=True):
            for model in models:
                axis.plot(*_line(found, model, str(k)), "o-", ms=3, color=colours[model], label=model)
            for one in found:
                if not one["trained"]:
                    axis.axvspan(one["level"] - 0.5, one["level"] + 0.5, color="#edf2f7", zorder=0)
            axis.grid(alpha=0.3)
    for row, k in zip(axes, (1, most), strict=True):
        row[0].set_ylabel(f"pass@{k}, %")
    for axis in axes[1]:
        axis.set_xlabel("level")
    handles = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        *handles, frameon=False, fontsize=9, ncols=len(models), loc="upper center", bbox_to_anchor=(0.5, 1.03)
    )
    figure.tight_layout()
    return figure


def _short(task: str) -> str:
    family = task.removesuffix("/generated").removesuffix("/builtin")
    return family.rpartition("/")[2].replace("_", " ")


def _line(found: Sequence[Mapping[str, Any]], model: str, k: str) -> tuple[list[float], list[float]]:
    """Levels and per cent."""
    curves = [next(curve for curve in one["curves"] if curve["model"] == model) for one in found]
    return [one["level"] for one in found], [100 * curve["strict"][k]["estimate"] for curve in curves]


FIGURES = {"laptop-over-time": ("course.json", over_time), "laptop-levels": ("boundary.json", levels)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    for name, (kept, draw) in FIGURES.items():
        if not (given.results / kept).exists():
            sys.stdout.write(f"{given.results / kept} isn't there, so no {name}.svg\n")
            continue
        file = given.out / f"{name}.svg"
        content = json.loads((given.results / kept).read_text(encoding="utf-8"))
        draw(content).savefig(file, bbox_inches="tight", metadata={"Date": None})
        sys.stdout.write(f"{file}\n")


if __name__ == "__main__":
    main()
