"""Takes out of a run how it went: curves (means over some steps), validations and resets, small enough to be kept.

And what it was computed by and began with, since runs are held against each other only where these are the same.

python study/course.py ~/laptop-run --out docs/results/laptop/course.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from prorl.run.journal import effective, read
from prorl.run.metrics import read as lines
from prorl.run.report_data import records

CURVES = ("entropy", "kl", "effective_prompts", "solved", "length_mean", "grad_norm", "clipped")
EVERY = 25
"""Steps that a point of a curve is the mean of."""


def course(folder: Path) -> dict[str, Any]:
    """Of the run in a folder."""
    events = effective(read(folder / "journal.jsonl"))
    steps = lines(folder / "metrics.jsonl")
    return {
        "began_with": events[0]["reference_id"],
        "machines": machines(folder),
        "steps": steps[-1]["step"],
        "prompts": sum(step.get("groups_sampled", 0) for step in steps),
        "updates_without_signal": sum(step.get("groups_trained") == 0 for step in steps),
        "seconds": round(sum(line["seconds"] for line in lines(folder / "timings.jsonl"))),
        "resets": [{"step": e["step"], "reason": e["reason"]} for e in events if e["event"] == "reset"],
        "curves": {"step": [at for at, _ in parts(steps)], **{name: curve(steps, name) for name in CURVES}},
        "validations": [rounded(line) for line in lines(folder / "validations.jsonl")],
    }


def machines(folder: Path) -> list[dict[str, Any]]:
    """All that the run was computed by, one after the other where it was resumed elsewhere."""
    names = ("processor", "cores", "threads", "precision")
    seen = [{name: line[name] for name in names} for line in records(folder / "environment.jsonl")]
    return [one for number, one in enumerate(seen) if one not in seen[:number]]


def parts(steps: Sequence[Mapping[str, Any]]) -> Iterable[tuple[int, Sequence[Mapping[str, Any]]]]:
    """The steps in parts of `EVERY`, each with its last step's number."""
    for first in range(0, len(steps), EVERY):
        some = steps[first : first + EVERY]
        yield some[-1]["step"], some


def curve(steps: Sequence[Mapping[str, Any]], name: str) -> list[float | None]:
    """Means of a metric, over those steps that have it."""
    means: list[float | None] = []
    for _, some in parts(steps):
        values = [step[name] for step in some if step.get(name) is not None]
        means.append(float(f"{sum(values) / len(values):.4g}") if values else None)
    return means


def rounded(line: Mapping[str, Any]) -> dict[str, Any]:
    """pass@1 by task and pass@k of a validation."""
    kept = {name: value for name, value in line.items() if name in ("step", "pass_1", "pass_k") or "/" in name}
    return {name: value if name == "step" else round(value, 5) for name, value in kept.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="file for it")
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    kept = course(given.run.expanduser())
    given.out.write_text(json.dumps(kept, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
