"""How often 95 % intervals hold the truth, by number of problems: the tables in docs/boundary.md.

    python benchmarks/interval_coverage.py [--repetitions 1000]

Made-up tasks with 256 samples a problem (`boundary.self_test.coverage`): one whose rates are spread, one of which a few
problems carry the mean, and one of which nearly all problems agree. The last columns are of the intervals that claims
are read from, which allow for problems that went unseen.
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from prorl.boundary.self_test.coverage import Drawer, agreeing, carried, coverage_of, spread

CASES: list[tuple[str, list[Drawer], int]] = [
    ("8 tasks of 24 problems, 4 of each kind", [spread, carried] * 4, 24),
    *((f"task of {size}", [spread], size) for size in (12, 24, 60)),
    *((f"task of {size} that few problems carry", [carried], size) for size in (12, 24, 60)),
    *(
        (f"{tasks} × {size} that agree but for {share:.0%}", [partial(agreeing, share=share)] * tasks, size)
        for tasks, size, share in ((8, 24, 0.01), (8, 24, 0.02), (8, 24, 0.04), (1, 60, 0.04), (1, 24, 0.04))
    ),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    repetitions = parser.parse_args().repetitions
    deltas = ("Δ pass@1", "Δ pass@128")
    table = Table("%", "pass@1", "pass@128", *deltas, *(f"{name}, of claims" for name in deltas))
    for name, tasks, problems in CASES:
        of_both = (
            coverage_of(tasks, problems, repetitions, np.random.default_rng([0, problems, len(tasks)]), claimed)
            for claimed in (False, True)
        )
        plain, claimed = of_both
        table.add_row(name, *(f"{100 * share:.1f}" for share in (*plain, *claimed[2:])))
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
