"""Prints the tables of recipe `laptop-prorl` in docs/evidence.md, in Markdown, from what is kept in a folder.

That are courses of runs, and summaries of boundary reports.

python study/tables_laptop.py docs/results/laptop
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from statistics import fmean
from typing import Any

from effects import CURVES
from tables import QUARTERS, table

from prorl.tasks.names import OVERALL

MEASURES = {"srr": "SRR", "ndr": "NDR", "nscr": "net change"}
"""Of what is solved before and after, and their names in the literature."""


def quarters(course: Mapping[str, Any]) -> str:
    """Validation, entropy and KL by quarters of the reinforcement: what comes first is imitated and has no entropy."""
    curves = course["curves"]
    imitated = [
        step for step, _ in takewhile(lambda at: at[1] is None, zip(curves["step"], curves["entropy"], strict=True))
    ]
    begin, end = max(imitated, default=0), curves["step"][-1]
    series = {"validation, pass@1, %": [(line["step"], 100 * line["pass_1"]) for line in course["validations"]]} | {
        words: list(zip(curves["step"], curves[name], strict=True)) for name, words in CURVES.items()
    }
    rows = []
    for name, line in series.items():
        row = [name]
        for first, last in QUARTERS.values():
            low, high = (begin + share * (end - begin) for share in (first, last))
            inside = [value for step, value in line if low < step <= high and value is not None]
            row.append(f"{fmean(inside):.3g}" if inside else "–")
        rows.append(row)
    title = f"reinforcement, steps {begin + 1} to {end}, {len(course['resets'])} resets"
    return table(title, ["", *(f"{name} quarter" for name in QUARTERS)], rows)


def overall(boundary: Mapping[str, Any]) -> str:
    """pass@k over all tasks of each model, and what the tuned ones have before the base."""
    analysis = boundary["analysis"]
    ks = [str(k) for k in analysis["ks"]]
    rows = [
        [curve["model"], *(f"{100 * curve['strict'][k]['estimate']:.1f}" for k in ks)]
        for curve in analysis["curves"]
        if curve["task"] == OVERALL
    ]
    for found in strict(analysis["contrasts"], OVERALL):
        rows.append([f"{found['tuned']} less base", *(difference(found, k, analysis["level"]) for k in ks)])
    return table("over all tasks, per cent and points", ["", *(f"pass@{k}" for k in ks)], rows)


def strict(lines: Sequence[Mapping[str, Any]], task: str) -> Iterator[Mapping[str, Any]]:
    """Those of one task, by answers in the asked form."""
    return (one for one in lines if one["task"] == task and one["extraction"] == "strict")


def difference(contrast: Mapping[str, Any], k: str, level: float) -> str:
    """In points, with a star if it is claimed: if its corrected p-value and its interval both speak for it."""
    of, p = contrast["delta"][k], contrast["p_corrected"].get(k)
    claimed = p is not None and p < 1 - level and (of["low"] > 0 or of["high"] < 0)
    return points(of) + ("\\*" if claimed else "")


def points(of: Mapping[str, float]) -> str:
    """A difference of shares, in points, with its interval."""
    estimate, low, high = (f"{round(100 * of[name], 1) + 0.0:+.1f}" for name in ("estimate", "low", "high"))
    return f"{estimate} [{low}, {high}]"


def plain(of: Mapping[str, float] | None) -> str:
    """A number with its interval; a dash where the data give none: too few tasks, or all noise."""
    return "–" if of is None else f"{of['estimate']:.2f} [{of['low']:.2f}, {of['high']:.2f}]"


def by_group(boundary: Mapping[str, Any]) -> str:
    """pass@1 · pass@most, means over the tasks of each level, and over those without levels."""
    models, most = boundary["analysis"]["models"], str(boundary["analysis"]["boundary_k"])
    curves = [curve for curve in boundary["analysis"]["curves"] if curve["task"] != OVERALL]
    groups = sorted({group(curve["task"]) for curve in curves})
    rows = []
    for model in models:
        row = [model]
        for name in groups:
            inside = [c["strict"] for c in curves if c["model"] == model and group(c["task"]) == name]
            row.append(" · ".join(f"{100 * fmean(c[k]['estimate'] for c in inside):.1f}" for k in ("1", most)))
        rows.append(row)
    return table(f"pass@1 · pass@{most}, means over tasks, per cent", ["", *groups], rows)


def group(task: str) -> str:
    """What a task is reported under."""
    level = task.rpartition("@level")[2]
    return f"level {level}" if level.isdigit() else "without levels"


def support(boundary: Mapping[str, Any]) -> str:
    """How the problems that are solved at all changed."""
    rows = []
    for found in strict(boundary["analysis"]["supports"], OVERALL):
        rows.append(
            [
                found["tuned"],
                *(str(found["counts"][name]) for name in ("both", "base_only", "tuned_only", "neither")),
                *(plain(found["measures"][name]) for name in MEASURES),
            ]
        )
    head = ["", "both solve", "base alone", "tuned alone", "neither", *MEASURES.values()]
    return table("problems solved in any sample", head, rows)


def claims(boundary: Mapping[str, Any]) -> str:
    """How many problems look new, how many are, and what speaks against the others."""
    rows = []
    for found in boundary["claims"]:
        for reason, count in Counter(one["reason"] for one in found["claims"]).most_common():
            rows.append([found["tuned"], reason, str(count)])
    lines = [table("problems that look new", ["", "why they stand or don't", "problems"], rows), ""]
    for found in boundary["claims"]:
        for one in (one for one in found["claims"] if one["label"] == "new"):
            lines.append(
                f"- {found['tuned']}: {one['task']} {one['problem']}, {one['successes']} of {one['samples']}, "
                f"base 0 of {one['base_samples']}, guesses {one['right_guesses']} of {one['guesses']}"
            )
        lines.append(f"- {found['tuned']}: {found['power']['statement']}")
    return "\n".join(lines)


def competence(boundary: Mapping[str, Any]) -> str:
    """How the gain falls with the base's competence, the noise that both share taken out."""
    rows = [
        [found["tuned"], f"{found['unit']}s", str(found["units"]), f"pass@{found['k']}"]
        + [plain(found[name]) for name in ("corrected_slope", "naive_slope")]
        for found in boundary["analysis"]["competences"]
    ]
    return table("gain against the base's competence", ["", "over", "", "at", "slope", "uncorrected"], rows)


def changed(boundary: Mapping[str, Any]) -> str:
    """The last model less the base by task."""
    contrasts, level = boundary["analysis"]["contrasts"], boundary["analysis"]["level"]
    tuned, most = boundary["analysis"]["models"][-1], str(boundary["analysis"]["boundary_k"])
    rows = [
        [one["task"], *(difference(one, k, level) for k in ("1", most))]
        for one in contrasts
        if one["tuned"] == tuned and one["extraction"] == "strict"
    ]
    return table(f"{tuned} less base by task, points", ["", "pass@1", f"pass@{most}"], rows)


def matched(boundary: Mapping[str, Any]) -> str:
    """Tuned models less the base, where their sampling was made as random as the base's."""
    ks = [str(k) for k in boundary["analysis"]["ks"]]
    rows = [
        [f"{found['model']} at temperature {found['temperature']:.3g}", *(points(one["delta"][k]) for k in ks)]
        for found in boundary["matched"]
        for one in strict(boundary["matched_contrasts"], OVERALL)
        if one["tuned"] == found["model"]
    ]
    entropies = [
        f"- {f['model']}: {f['entropy']:.3f} nats a token, base {f['target']:.3f}" for f in boundary["matched"]
    ]
    return "\n".join(
        [table("less base, entropy matched, points", ["", *(f"pass@{k}" for k in ks)], rows), "", *entropies]
    )


BOUNDARY = (overall, by_group, support, claims, competence, changed, matched)


def report(boundary: Mapping[str, Any]) -> str:
    """All tables of one boundary report."""
    return "\n\n".join(draw(boundary) for draw in BOUNDARY if draw is not matched or boundary["matched"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    results = parser.parse_args().results
    for file in sorted(results.glob("*.json")):
        kept = json.loads(file.read_text(encoding="utf-8"))
        if "analysis" in kept:
            sys.stdout.write(f"# {file.name}\n\n{report(kept)}\n\n")
        elif any(entropy is not None for entropy in kept["curves"]["entropy"]):
            sys.stdout.write(f"# {file.name}\n\n{quarters(kept)}\n\n")


if __name__ == "__main__":
    main()
