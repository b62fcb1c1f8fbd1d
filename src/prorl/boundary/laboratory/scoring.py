"""Token entropy and perplexity: completions of one model scored by another, or by their own author."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from prorl.boundary.laboratory.bench import Bench
from prorl.boundary.laboratory.subject import Subject
from prorl.boundary.samples import SUCCESS, write_whole
from prorl.boundary.store.key import Key
from prorl.engine.protocol import Given
from prorl.tasks.contract import Problem

SCHEMA = pl.Schema(
    {
        "task": pl.String(), "problem": pl.String(), "sample": pl.Int32(), "solved": pl.Boolean(),
        "tokens": pl.Int32(), "logprob": pl.Float64(), "entropy": pl.Float64(),
    }
)  # fmt: skip
"""`logprob` and `entropy` are sums over the completion's tokens, in nats."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What `scorer` makes of completions that `author` wrote, at temperature 1 unless said otherwise."""

    scorer: str
    author: str
    right_ones: bool
    """Whether these are right answers only, or the first of each problem whatever they are."""
    rows: pl.DataFrame

    @property
    def tokens(self) -> int:
        """Tokens that were scored."""
        return int(self.rows["tokens"].to_numpy().sum())

    @property
    def entropy(self) -> float | None:
        """Mean entropy of a token's distribution, in nats, over all tokens; None without any."""
        return float(self.rows["entropy"].to_numpy().sum()) / self.tokens if self.tokens else None

    @property
    def perplexity(self) -> float | None:
        """exp of the mean negative log-probability of a token; None without any."""
        return math.exp(-float(self.rows["logprob"].to_numpy().sum()) / self.tokens) if self.tokens else None


def score(
    bench: Bench, scorer: Subject, author: Subject, of: Key, problems: Sequence[Problem], samples: int, *,
    counted: int, temperature: float = 1.0, right_ones: bool = False,
) -> Scores:  # fmt: skip
    """Score the first `samples` completions of every problem, or the first right ones of the `counted` ones of each.

    What was scored before is read from `scores/`. Completions are token ids, so both models must have one tokenizer.
    """
    rows = _chosen(bench, of, problems, samples, counted, right_ones)
    engine_id = bench.key(scorer, of.asking, of.seed).model
    kind = "right" if right_ones else "first"
    folder = bench.store.folder / "scores" / engine_id / f"{of.model}-{of.asking.id}-{of.seed}"
    file = folder / f"{kind}-{samples}-at-{temperature:g}.parquet"
    if file.exists():
        known = pl.read_parquet(file, glob=False)
        if known.select("problem", "sample").equals(rows.select("problem", "sample")):
            return Scores(scorer.name, author.name, right_ones, known)
    scored = _scored(bench, scorer, rows, problems, temperature, author.name)
    write_whole(scored, file)
    return Scores(scorer.name, author.name, right_ones, scored)


def _chosen(
    bench: Bench, of: Key, problems: Sequence[Problem], samples: int, counted: int, right_ones: bool
) -> pl.DataFrame:
    """Completions to score, sorted by problem and number."""
    columns = ("task", "problem", "sample", "score", "ids")
    asked = [problem.id for problem in problems]
    rows = bench.store.parts(of).scan(columns).filter((pl.col("sample") < counted) & pl.col("problem").is_in(asked))
    rows = rows.filter(pl.col("score") >= SUCCESS) if right_ones else rows
    return (
        rows.filter(pl.col("ids").list.len() > 0)
        .sort("problem", "sample")
        .group_by("problem", maintain_order=True)
        .head(samples)
        .collect()
    )


def _scored(
    bench: Bench, scorer: Subject, rows: pl.DataFrame, problems: Sequence[Problem], temperature: float, author: str
) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=SCHEMA)
    engine = bench.engine(scorer)
    by_id = {problem.id: problem for problem in problems}
    parts = rows.partition_by("problem", maintain_order=True)
    given = [
        Given(
            tuple(engine.encode(bench.suite.prompt(by_id[part["problem"][0]]))),
            tuple(tuple(ids) for ids in part["ids"].to_list()),
        )
        for part in parts
    ]
    found = []
    what = f"{scorer.name} reads what {author} wrote"
    for done, (part, scored) in enumerate(zip(parts, engine.score(given, temperature), strict=True), 1):
        for row, one in zip(part.iter_rows(named=True), scored, strict=True):
            found.append(
                {
                    "task": row["task"], "problem": row["problem"], "sample": row["sample"],
                    "solved": row["score"] >= SUCCESS, "tokens": len(one.logprobs), "logprob": sum(one.logprobs),
                    "entropy": sum(one.entropies),
                }
            )  # fmt: skip
        bench.told(what, done, len(parts))
    return pl.DataFrame(found, schema=SCHEMA)
