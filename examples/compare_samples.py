"""Compare two models from their samples alone, whoever made them.

    python examples/compare_samples.py

A row is one completion of one problem. Here they are made up; `prorl eval MODEL ... --out FILE` writes such tables.
"""

import random

import prorl
from prorl.boundary.samples import table
from prorl.boundary.table import render


def made_up(model: str, chances: list[float], seed: int) -> object:
    """16 completions of each problem, solved with the problem's chance."""
    rng = random.Random(seed)
    rows = []
    for problem, chance in enumerate(chances):
        for sample in range(16):
            solved = rng.random() < chance
            rows.append(
                {
                    "model": model, "task": "sums", "problem": str(problem), "sample": sample,
                    "score": float(solved), "tolerant_score": float(solved), "outcome": "solved" if solved else "wrong",
                    "tokens": 5, "finished": True, "text": "…",
                }
            )  # fmt: skip
    return table(rows)


def main() -> None:
    """A model that got sharper: likelier right at the first try, on the problems that it could solve already."""
    from rich.console import Console

    base = made_up("base", [0.3] * 12 + [0.05] * 12, seed=0)
    tuned = made_up("tuned", [0.8] * 12 + [0.0] * 12, seed=1)
    comparison = prorl.boundary.compare(base, tuned, ks=(1, 16))
    Console().print(render(comparison))
    for k in (1, 16):
        delta = comparison.overall.delta[k]
        print(f"pass@{k}: {delta.estimate:+.3f} [{delta.low:+.3f}, {delta.high:+.3f}]")


if __name__ == "__main__":
    main()
