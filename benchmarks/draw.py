"""Draws what the benchmarks of the engine wrote, for the documentation.

python benchmarks/draw.py growth.json --out docs/images/growth.svg
python benchmarks/draw.py timeline.json --out docs/images/timeline.svg
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

matplotlib.rcParams["svg.hashsalt"] = "prorl"
NAMES = {
    "samples": "samples a prompt", "new_tokens": "tokens an answer", "prompts": "prompts of 16 samples",
    "prompt_tokens": "tokens a prompt",
}  # fmt: skip


def growth(result: dict[str, Any]) -> Any:
    """Seconds of sampling and of training over each size, both on logarithmic axes."""
    figure, axes = plt.subplots(1, len(result["sweeps"]), figsize=(3.1 * len(result["sweeps"]), 2.8), sharey=True)
    for axis, (name, points) in zip(axes, result["sweeps"].items(), strict=True):
        sizes = [point[name] for point in points]
        for phase, colour in (("sample", "#2b6cb0"), ("train", "#c05621")):
            axis.loglog(sizes, [point[phase] for point in points], "o-", color=colour, label=phase, markersize=4)
        axis.set(xlabel=NAMES[name], xticks=sizes, xticklabels=[str(size) for size in sizes])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("seconds a step")
    axes[0].legend(frameon=False)
    return figure


def timeline(result: dict[str, Any]) -> Any:
    """Use of the cores over time, with the steps' phases behind it."""
    figure, axis = plt.subplots(figsize=(9, 2.4))
    for number, span in enumerate(result["spans"]):
        for phase, colour in (("sample", "#bee3f8"), ("train", "#fbd38d")):
            axis.axvspan(*span[phase], color=colour, lw=0, label=None if number else phase)
    first, last = result["spans"][0]["sample"][0], result["spans"][-1]["end"]
    inside = [(at, cores) for at, cores in result["cores"] if first <= at <= last]
    for core in range(len(inside[0][1])):
        axis.plot([at for at, _ in inside], [c[core] for _, c in inside], lw=0.8, label=f"core {core}")
    axis.set(xlim=(first, last), ylim=(0, 105), xlabel="seconds", ylabel="busy, %")
    axis.legend(frameon=False, ncols=4, loc="lower right", fontsize=8)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("result", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    result = json.loads(given.result.read_text(encoding="utf-8"))
    figure = {"growth": growth, "timeline": timeline}[result["what"]](result)
    figure.savefig(given.out, bbox_inches="tight", metadata={"Date": None})


if __name__ == "__main__":
    main()
