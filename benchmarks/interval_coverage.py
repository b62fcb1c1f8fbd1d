"""How often 95 % intervals hold the truth, by number of problems: the table in docs/boundary.md.

    python benchmarks/interval_coverage.py [--repetitions 1000]

Made-up tasks with 256 samples a problem (`boundary.self_test.coverage`): one whose rates are spread, and one of which a
few problems carry the mean.
"""

from __future__ import annotations

import argparse

import numpy as np
from rich.console import Console
from rich.table import Table

from prorl.boundary.self_test.coverage import Drawer, carried, coverage_of, spread

CASES: list[tuple[str, list[Drawer], int]] = [
    ("8 tasks of 24 problems, 4 of each kind", [spread, carried] * 4, 24),
    *((f"task of {size}", [spread], size) for size in (12, 24, 60)),
    *((f"task of {size} that few problems carry", [carried], size) for size in (12, 24, 60)),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    repetitions = parser.parse_args().repetitions
    table = Table("%", "pass@1", "pass@128", "Δ pass@1", "Δ pass@128")
    for name, tasks, problems in CASES:
        shares = coverage_of(tasks, problems, repetitions, np.random.default_rng([0, problems, len(tasks)]))
        table.add_row(name, *(f"{100 * share:.1f}" for share in shares))
    Console().print(table)


if __name__ == "__main__":
    main()
