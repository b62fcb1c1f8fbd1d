"""The boundary laboratory's store: counting ten million samples, and what it costs on top of raw sampling.

    python benchmarks/boundary.py count [--rows 10000000]
    python benchmarks/boundary.py overhead MODEL [--problems 16] [--samples 128]

`count` makes parts of samples as a measurement leaves them (texts and token ids of about ten tokens), counts them by
problem in a process of its own and prints its seconds and its peak memory. `overhead` samples quickstart's tasks
twice: through the engine alone, and into a store with judging and writing; in turns, so that both see the same
machine.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
from rich.console import Console

from prorl.boundary.samples import counts
from prorl.boundary.store.key import Asking, Key
from prorl.boundary.store.rows import SCHEMA
from prorl.boundary.store.store import Store

PART, PROBLEMS = 250_000, 2_000
ROUNDS = 3
CONSOLE = Console(highlight=False, soft_wrap=True)


def make(folder: Path, rows: int) -> None:
    """Parts as they are after a measurement of `PROBLEMS` problems."""
    key = Key("0123456789abcdef", Asking(1.0, 16), 0)
    rng = np.random.default_rng(0)
    with Store.open(folder) as store:
        parts = store.parts(key)
        for begin in range(0, rows, PART):
            at = np.arange(begin, begin + PART)
            problem = at % PROBLEMS
            ids = rng.integers(0, 49_152, (PART, 10), dtype=np.int32)
            solved = rng.random(PART) < 0.2
            parts.add(
                pl.DataFrame(
                    {
                        "task": [f"reasoning_gym/task{number % 50}" for number in problem],
                        "problem": [f"{number:020x}" for number in problem],
                        "sample": at // PROBLEMS,
                        "score": solved.astype(np.float64),
                        "tolerant_score": solved.astype(np.float64),
                        "tokens": np.full(PART, 10),
                        "text": [f"<answer>{number}</answer>" for number in ids[:, 0]],
                        "answer": [str(number) for number in ids[:, 0]],
                        "logprob": -rng.random(PART),
                        "ids": ids,
                    }
                )
                .with_columns(
                    model=pl.lit(key.model),
                    outcome=pl.when(pl.col("score") >= 1).then(pl.lit("solved")).otherwise(pl.lit("wrong")),
                    finished=pl.lit(True),
                    ids=pl.col("ids").cast(pl.List(pl.Int32)),
                )
                .select(SCHEMA.names())
            )


def count_here(folder: Path) -> None:
    """Count what `make` wrote, and print what it took."""
    store = Store.read(folder)
    (key,) = store.keys.values()
    begin = time.perf_counter()
    found = counts(store.parts(key).scan(("task", "problem", "score", "tolerant_score")))
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    n = int(found["n"].sum())
    CONSOLE.print(f"{n:,} samples of {found.height:,} problems counted in {seconds:.2f} s, peak {peak:.2f} GiB")


def count(rows: int) -> None:
    """Make, then count in a process of its own."""
    with TemporaryDirectory() as folder:
        make(Path(folder), rows)
        size = sum(file.stat().st_size for file in Path(folder).rglob("*.parquet")) / 2**30
        CONSOLE.print(f"{rows:,} samples in {size:.2f} GiB of Parquet")
        subprocess.run([sys.executable, __file__, "count-here", folder], check=True)


def overhead(model: str, problems: int, samples: int) -> None:
    """Seconds of the same samples, raw and into a store, in turns."""
    from prorl.boundary.store.fill import fill, jobs
    from prorl.engine.local.engine import LocalEngine
    from prorl.engine.protocol import GroupRequest
    from prorl.policy.catalogue import resolve
    from prorl.recipe.schema import Compute
    from prorl.run.laboratory import asked
    from prorl.tasks.contract import Problem, Split
    from prorl.verify.pool import WorkerPool

    what = asked(["quickstart"], 0)
    suite = what.suite
    chosen: list[Problem] = suite.held_out(Split.TEST, -(-problems // len(suite.tasks)))[:problems]
    engine = LocalEngine(resolve(model), Compute(), 0)
    seconds: dict[str, list[float]] = {"raw": [], "store": []}
    with WorkerPool[Problem](suite.judge, 1, probes=suite.probes()) as pool:
        for turn in range(ROUNDS + 1):
            key = Key(engine.reference_id, Asking(what.temperature, what.max_new_tokens), turn)
            begin = time.perf_counter()
            requests = [GroupRequest(key.stream(p.id), tuple(engine.encode(suite.prompt(p)))) for p in chosen]
            requests.sort(key=lambda request: len(request.prompt))
            for _ in engine.sample(requests, key.asking.sampling(samples)):
                pass
            raw = time.perf_counter() - begin
            with TemporaryDirectory() as folder, Store.open(Path(folder)) as store:
                begin = time.perf_counter()
                fill(engine, key, store.parts(key), jobs(chosen, samples, {}), suite.prompt, pool)
                stored = time.perf_counter() - begin
            if turn:  # the first turn warms up
                seconds["raw"].append(raw)
                seconds["store"].append(stored)
                CONSOLE.print(f"raw {raw:.2f} s, into a store {stored:.2f} s: {100 * (stored / raw - 1):+.1f} %")
    ratio = sum(seconds["store"]) / sum(seconds["raw"]) - 1
    CONSOLE.print(f"{problems} problems × {samples} samples, {ROUNDS} turns: {100 * ratio:+.1f} % over raw sampling")


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("count").add_argument("--rows", type=int, default=10_000_000)
    commands.add_parser("count-here").add_argument("folder", type=Path)
    of_overhead = commands.add_parser("overhead")
    of_overhead.add_argument("model")
    of_overhead.add_argument("--problems", type=int, default=16)
    of_overhead.add_argument("--samples", type=int, default=128)
    given = parser.parse_args()
    if given.command == "count":
        count(given.rows)
    elif given.command == "count-here":
        count_here(given.folder)
    else:
        overhead(given.model, given.problems, given.samples)


if __name__ == "__main__":
    main()
