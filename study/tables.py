"""Prints the tables of docs/evidence.md, in Markdown, from what `gather.py` kept.

python study/tables.py docs/results/nano
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean

from effects import (
    COMPARED,
    GROUPS,
    TRAINED,
    Interval,
    Measure,
    Results,
    alone,
    arms,
    curve,
    load,
    most_samples,
    paired,
    rate,
    tasks,
    validated,
)

KINDS = {"right answer": False, "right steps too": True}
"""Of success, and whether steps are checked for it."""
QUARTERS = {"first": (0, 0.25), "second": (0.25, 0.5), "third": (0.5, 0.75), "last": (0.75, 1)}
TENTHS = ((0, 0.1), (0.9, 1))


def written(interval: Interval | None, signed: bool) -> str:
    """In per cent, or in points; a star where 0 is outside of the interval of a difference."""
    if interval is None:
        return "–"
    sign = "+" if signed else ""
    mean, low, high = (f"{round(100 * value, 1) + 0.0:{sign}.1f}" for value in interval[:3])
    if interval.seeds < 2:
        return mean
    star = "\\*" if signed and (interval.low > 0 or interval.high < 0) else ""
    return f"{mean} [{low}, {high}]{star}"


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """In Markdown."""
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join([title, "", *lines, *(f"| {' | '.join(row)} |" for row in rows)])


def by_level(results: Results, arm: str) -> str:
    """Means over seeds: pass@1 by answers · by steps, and in brackets the same of pass@most."""
    rows = []
    for family in TRAINED:
        row = [family.replace("_", " ")]
        for name in tasks([family], range(1, 7)):
            found = [
                alone(results, arm, rate([name], k, c)) for k in (1, most_samples(results)) for c in KINDS.values()
            ]
            row.append("{:.0f} · {:.0f} ({:.0f} · {:.0f})".format(*(100 * one.mean for one in found if one)))
        rows.append(row)
    return table(f"{arm}, per cent", ["family", *(f"level {level}" for level in range(1, 7))], rows)


def by_group(results: Results, arm: str) -> str:
    """pass@1 and pass@most of one arm."""
    rows = [
        [f"pass@{k}, {kind}", *(written(alone(results, arm, rate(names, k, c)), False) for names in GROUPS.values())]
        for kind, c in KINDS.items()
        for k in (1, most_samples(results))
    ]
    return table(f"{arm}, per cent", ["", *GROUPS], rows)


def full_less(results: Results, arm: str) -> str:
    """What the full recipe has before an arm, paired by seed."""
    rows = [
        [
            f"pass@{k}, {kind}",
            *(written(paired(results, "full", arm, rate(names, k, c)), True) for names in GROUPS.values()),
        ]
        for kind, c in KINDS.items()
        for k in (1, most_samples(results))
    ]
    return table(f"full less {arm}, points", ["", *GROUPS], rows)


def measures(results: Results, group: str) -> dict[str, Measure]:
    """pass@1 and pass@most on some levels, by answers and by steps."""
    ks = (1, most_samples(results))
    return {f"pass@{k}, {kind}": rate(GROUPS[group], k, c) for kind, c in KINDS.items() for k in ks}


def contributions(results: Results, group: str) -> str:
    """What the full recipe has before each arm, on some levels, paired by seed."""
    asked = measures(results, group)
    rows = [
        [arm, *(written(paired(results, "full", arm, measure), True) for measure in asked.values())]
        for arm in arms(results)
        if arm not in ("base", "full")
    ]
    return table(f"full less arm, {group}, points", ["arm", *asked], rows)


def by_seed(results: Results, group: str) -> str:
    """Every model on some levels."""
    asked = measures(results, group)
    rows = [
        [f"{seed}, {arm}", *(f"{100 * measure(run):.1f}" for measure in asked.values())]
        for seed, runs in results.items()
        for arm, run in runs.items()
    ]
    return table(f"seed by seed, {group}, per cent", ["seed, arm", *asked], rows)


def courses(results: Results, arm: str) -> str:
    """How the runs of an arm went, seed by seed."""
    rows = []
    for seed, run in ((seed, runs[arm]) for seed, runs in results.items() if arm in runs):
        reasons = Counter(reset["reason"].partition(" is ")[0] for reset in run["resets"])
        rows.append(
            [
                str(seed),
                *(f"{100 * validated(run, *quarter):.1f}" for quarter in QUARTERS.values()),
                ", ".join(f"{curve(run, 'entropy', *part):.3f}" for part in TENTHS),
                ", ".join(f"{curve(run, 'effective_prompts', *part):.2f}" for part in TENTHS),
                f"{100 * run['updates_without_signal'] / run['steps']:.0f}",
                f"{curve(run, 'kl', 0, 1):.2f}",
                f"{len(run['resets'])}: " + ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items())),
            ]
        )
    head = [
        "seed", *(f"validation, {name} quarter" for name in QUARTERS), "entropy, first and last tenth",
        "prompts with a signal, first and last tenth", "steps without any, %", "KL", "resets",
    ]  # fmt: skip
    return table(f"{arm}, the runs", head, rows)


def ahead(results: Results, arm: str) -> Interval | None:
    """Validation in the last quarter, full less arm; None for the full recipe and where other tasks are validated."""
    both = {seed: runs for seed, runs in results.items() if arm in runs and "full" in runs}
    alike = all(set(runs[arm]["validations"][-1]) == set(runs["full"]["validations"][-1]) for runs in both.values())
    last = paired(both, "full", arm, lambda run: validated(run, 0.75, 1))
    return last if alike and arm not in ("base", "full") else None


def overview(results: Results) -> str:
    """One line an arm: what became of it in the end."""
    rows = []
    for arm in arms(results):
        runs = [runs[arm] for runs in results.values() if arm in runs]
        gained = alone(results, arm, lambda run: validated(run, 0.75, 1) - validated(run, 0.5, 0.75))
        rows.append(
            [
                arm,
                str(len(runs)),
                f"{min(run['steps'] for run in runs)}–{max(run['steps'] for run in runs)}",
                f"{fmean(len(run['resets']) for run in runs):.1f}",
                written(gained, True),
                written(ahead(results, arm), True),
            ]
        )
    head = [
        "arm", "seeds", "steps", "resets", "validation, last quarter less third", "full less arm there, last quarter",
    ]  # fmt: skip
    return table("all arms", head, rows)


def report(results: Results) -> str:
    """All tables."""
    found = arms(results)
    return "\n\n".join(
        [
            overview(results),
            *(draw(results, group) for draw in (contributions, by_seed) for group in COMPARED),
            *(draw(results, arm) for draw in (by_level, by_group) for arm in found),
            *(full_less(results, arm) for arm in found if arm != "full"),
            *(courses(results, arm) for arm in found if arm != "base"),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path)
    sys.stdout.write(report(load(parser.parse_args().results)) + "\n")


if __name__ == "__main__":
    main()
