"""Regimes of prolonged training: Diminish, Plateau, Sustained (arXiv 2505.24864, section 4.2), or honestly undecided.

The paper names the regimes by looking at the curves of base, an intermediate and the final checkpoint, and gives no
thresholds. Here they are read from paired differences of pass@1 and of pass@K, K being the boundary's k:

- "rose" is a claim: the sign-flip test, corrected over the tasks, and the interval agree that it is above 0.
- "flat" is a claim, too: the interval lies within ± `MARGIN`. Lack of evidence for a difference is none for flatness.

Both are read from intervals that allow for problems unlike those that were drawn (`Interval.with_unseen`): where nearly
all problems agree, a bootstrap would call anything flat.

First match counts:

1. Diminish: pass@1 rose from base to final, and pass@K surely by less than `MARGIN`, if it didn't fall.
2. Plateau: pass@1 and pass@K rose from base to final, and pass@K is flat from the intermediate checkpoint to the final.
3. Sustained: pass@K rose from base to final and from intermediate to final, and didn't fall before.
4. Undecided, with the reason.

Were the three models the same, any regime would need some "rose" from base to final. All of these are corrected
together, over tasks and both measures, so the chance of any false call is at most 5 %.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prorl.boundary.comparison import ALPHA
from prorl.boundary.differences import differences, swappable_differences
from prorl.boundary.intervals import RESAMPLES, Interval, mean_intervals, unseen_share
from prorl.boundary.paired import STRICT, Paired, random_numbers
from prorl.boundary.plain import Plain
from prorl.boundary.significance import DRAWS, holm, sign_flip_p
from prorl.tasks.names import OVERALL

SUSTAINED, PLATEAU, DIMINISH, UNDECIDED = "sustained", "plateau", "diminish", "undecided"
PValues = tuple[float, float, float]
MARGIN = 0.05
"""Differences of pass@k below this are taken as flat, when that is sure."""


@dataclass(frozen=True, slots=True)
class Regime(Plain):
    """The regime of one task, or overall, and what it was read from."""

    task: str
    regime: str
    reason: str
    boundary_k: int
    margin: float
    models: tuple[str, str, str]
    """Base, intermediate, final."""
    accuracy: Interval
    """Δpass@1, base → final."""
    boundary: Interval
    """Δpass@K, base → final."""
    early: Interval
    """Δpass@K, base → intermediate."""
    late: Interval
    """Δpass@K, intermediate → final."""
    p_corrected: PValues
    """Of `accuracy`, `boundary` and `late`."""
    unseen: float
    """Share of unlike problems that can have gone unseen (`intervals.unseen_share`)."""


def regimes(
    paired: Paired,
    models: tuple[str, str, str],
    boundary_k: int,
    *,
    names: Sequence[str] | None = None,
    extraction: str = STRICT,
    margin: float = MARGIN,
    seed: int = 0,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    draws: int = DRAWS,
) -> list[Regime]:
    """The regime of every task, the suite's mean last, or of the rows in `names`, from (base, intermediate, final).

    The first two of the p-values are corrected over all tasks together (2 × tasks). The third is only asked once
    base → final rose, which is the closed order of a hierarchy, and is corrected over the tasks. Overall stands alone.
    """
    names = names or (*paired.tasks, OVERALL)
    tests = 2, 2 * sum(name != OVERALL for name in names)
    found = [
        _measure(paired, models, name, boundary_k, extraction, seed, level, resamples, draws, tests[name != OVERALL])
        for name in names
    ]
    tasks = iter(_corrected([p for name, (_, p) in zip(names, found, strict=True) if name != OVERALL]))
    return [
        _regime(
            name, models, boundary_k, margin, intervals,
            _corrected([p])[0] if name == OVERALL else next(tasks), _unseen(paired, name, level),
        )
        for name, (intervals, p) in zip(names, found, strict=True)
    ]  # fmt: skip


def _unseen(paired: Paired, name: str, level: float) -> float:
    sizes = [len(paired.problems[task]) for task in paired.members(name)]
    return unseen_share(len(sizes), min(sizes), level)


def _measure(
    paired: Paired, models: tuple[str, str, str], name: str, k: int, extraction: str, seed: int, level: float,
    resamples: int, draws: int, tests: int,
) -> tuple[list[Interval], PValues]:  # fmt: skip
    """Intervals of accuracy, boundary, early and late, and p-values of all but early."""
    base, middle, final = models
    rng = random_numbers(seed, name)
    whole = differences(paired, base, final, name, (1, k), extraction)
    early = differences(paired, base, middle, name, (k,), extraction)
    late = differences(paired, middle, final, name, (k,), extraction)
    columns = [np.concatenate(parts) for parts in zip(whole, early, late, strict=True)]
    intervals = mean_intervals(columns, rng, level=level, bounds=(-1.0, 1.0), resamples=resamples)
    from_base = swappable_differences(paired, base, final, name, (1, k), extraction, seed=seed)
    from_middle = swappable_differences(paired, middle, final, name, (k,), extraction, seed=seed)
    p_1, p_k = (sign_flip_p([task[row] for task in from_base], rng, draws, tests) for row in (0, 1))
    return intervals, (p_1, p_k, sign_flip_p([task[0] for task in from_middle], rng, draws, tests))


def _corrected(rows: Sequence[PValues]) -> list[PValues]:
    first = holm([p for row in rows for p in row[:2]])
    late = holm([row[2] for row in rows])
    return [(first[2 * at], first[2 * at + 1], late[at]) for at in range(len(rows))]


def _regime(
    name: str, models: tuple[str, str, str], k: int, margin: float, intervals: list[Interval], p_corrected: PValues,
    unseen: float,
) -> Regime:  # fmt: skip
    accuracy, boundary, early, late = intervals
    sure = [interval.with_unseen(unseen) for interval in (accuracy, boundary, late)]
    regime, reason = call(sure[0], sure[1], early, sure[2], p_corrected, margin)
    return Regime(name, regime, reason, k, margin, models, accuracy, boundary, early, late, p_corrected, unseen)


def call(
    accuracy: Interval,
    boundary: Interval,
    early: Interval,
    late: Interval,
    p_corrected: PValues,
    margin: float = MARGIN,
) -> tuple[str, str]:
    """The regime of four differences, in the fields' sense of `Regime`, and why it is this one.

    All but `early` are to be as wide as unseen problems make them: what they claim must hold in spite of these.
    """
    accuracy_rose = p_corrected[0] < ALPHA and accuracy.low > 0
    boundary_rose = p_corrected[1] < ALPHA and boundary.low > 0
    late_rose = p_corrected[2] < ALPHA and late.low > 0
    if accuracy_rose and boundary.high < margin:
        return DIMINISH, "pass@1 rose, the boundary did not by more than the margin"
    if not boundary_rose:
        if accuracy_rose:
            return UNDECIDED, "pass@1 rose; the boundary's change is not known well enough"
        return UNDECIDED, "neither pass@1 nor the boundary rose measurably from base to final"
    if late.low > -margin and late.high < margin:
        if accuracy_rose:
            return PLATEAU, "pass@1 and the boundary rose, the latter not after the intermediate checkpoint"
        return UNDECIDED, "the boundary rose and stayed, but pass@1 did not measurably rise"
    if not late_rose:
        return (
            UNDECIDED,
            "the boundary rose from base to final; its change after the intermediate is not known well enough",
        )
    if early.high < 0:
        return UNDECIDED, "the boundary fell before the intermediate checkpoint and rose after it"
    return SUSTAINED, "the boundary rose from base to final, also after the intermediate checkpoint"
