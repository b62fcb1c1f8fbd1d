"""Overlap novelty of models' right answers, with its controls.

L-uniqueness is the share of tokens that no n-gram of at least L tokens of the corpus covers; it is summed and averaged
over L = 5 to 12 (Lu et al., arXiv 2410.04265, call it the Creativity Index over their corpora; ProRL prints sums).
It depends on length, so all texts are cut into windows of one length, and each text gives at most one. The ceiling are
the same windows with their tokens shuffled; the floor are windows of documents like the corpus that were left out of
it. Over another corpus than the published one this is overlap novelty, and is called so.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from prorl.boundary.intervals import Interval
from prorl.boundary.means import means
from prorl.boundary.novelty.corpus import Corpus
from prorl.boundary.novelty.search import longest_matches, uniqueness
from prorl.boundary.novelty.words import words
from prorl.boundary.plain import Plain
from prorl.tasks.names import OVERALL

LENGTHS = tuple(range(5, 13))
PER_PROBLEM = 8
"""Most different right answers of a problem that are measured."""


@dataclass(frozen=True, slots=True)
class Novelty(Plain):
    """Overlap novelty of one author, or of a control."""

    author: str
    control: bool
    windows: int
    problems: int
    window: int
    """Tokens of a window."""
    too_short: int
    """Texts with fewer tokens, which are left out."""
    uniqueness: dict[int, float]
    """By L: mean over the windows of a problem, over problems within their task, and over tasks."""
    total: Interval | None
    """Sum over L, averaged like these, so that they add up to it; None without windows."""
    mean: Interval | None
    """Mean over L."""
    note: str


def measure(
    corpus: Corpus, right: Mapping[str, pl.DataFrame], window: int, lengths: Sequence[int] = LENGTHS, seed: int = 0
) -> list[Novelty]:
    """Every author's novelty and its shuffled ceiling, and the corpus's floor.

    `right` are rows of right answers by author: task, problem, text. Equal input and seed give equal numbers.
    """
    note = (
        f"Overlap novelty over {corpus.documents} documents ({corpus.tokens:,} tokens) of {', '.join(corpus.files)}; "
        f"L = {lengths[0]} to {lengths[-1]}, windows of {window} tokens, different right answers only, at most "
        f"{PER_PROBLEM} of a problem. It is not the published Creativity Index: that is over other corpora."
    )
    found = []
    for author, rows in right.items():
        cut, short = _windows(rows, window)
        found.append(_novelty(corpus, author, False, cut, short, window, lengths, note))
        rng = random.Random(seed)
        shuffled = [(task, problem, rng.sample(tokens, len(tokens))) for task, problem, tokens in cut]
        ceiling = f"{author}, tokens shuffled (ceiling)"
        found.append(_novelty(corpus, ceiling, True, shuffled, short, window, lengths, note))
    documents = [("corpus", str(place), list(document[:window])) for place, document in enumerate(corpus.held_out)]
    whole = [document for document in documents if len(document[2]) == window]
    name = "documents left out of the corpus (floor)"
    found.append(_novelty(corpus, name, True, whole, len(documents) - len(whole), window, lengths, note))
    return found


def _windows(rows: pl.DataFrame, window: int) -> tuple[list[tuple[str, str, list[str]]], int]:
    """The first `window` tokens of the first different texts of every problem; and how many texts are too short."""
    cut, short = [], 0
    different = rows.unique(("task", "problem", "text"), maintain_order=True)
    first = different.group_by("task", "problem", maintain_order=True).head(PER_PROBLEM)
    for row in first.iter_rows(named=True):
        tokens = words(row["text"])
        if len(tokens) < window:
            short += 1
        else:
            cut.append((row["task"], row["problem"], tokens[:window]))
    return cut, short


def _novelty(
    corpus: Corpus, author: str, control: bool, cut: Sequence[tuple[str, str, list[str]]], short: int, window: int,
    lengths: Sequence[int], note: str,
) -> Novelty:  # fmt: skip
    rows = pl.DataFrame(list(_measured(corpus, cut, lengths)))
    if rows.is_empty():
        return Novelty(author, control, 0, 0, window, short, {}, None, None, note)
    shares = [str(length) for length in lengths]
    by_problem = rows.group_by("task", "problem", maintain_order=True).agg(pl.col("total", *shares).mean())
    by_problem = by_problem.with_columns(mean=pl.col("total") / len(lengths))
    found = means(by_problem, {"total": (0.0, float(len(lengths))), "mean": (0.0, 1.0)})
    total, mean = (next(row.mean for row in found[name] if row.task == OVERALL) for name in ("total", "mean"))
    overall = by_problem.group_by("task", maintain_order=True).agg(pl.col(shares).mean()).select(pl.col(shares).mean())
    by_length = dict(zip(lengths, overall.row(0), strict=True))
    return Novelty(author, control, rows.height, by_problem.height, window, short, by_length, total, mean, note)


def _measured(
    corpus: Corpus, cut: Sequence[tuple[str, str, list[str]]], lengths: Sequence[int]
) -> Iterator[dict[str, str | float]]:
    for task, problem, tokens in cut:
        longest = longest_matches(corpus.vocabulary.numbers(tokens), corpus.contains)
        shares = uniqueness(longest, lengths)
        total = sum(shares.values())
        yield {"task": task, "problem": problem, "total": total, **{str(at): share for at, share in shares.items()}}
