"""The result of a comparison: plain data, to and from JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from prorl.boundary.intervals import Interval

ALPHA = 0.05
FEW_PROBLEMS = 10
"""Below this many problems a resampling interval of a task can't be trusted."""


@dataclass(slots=True)
class Side:
    """One model on one task (or overall). Rates and shares are in [0, 1]."""

    samples: int
    pass_at: dict[int, Interval]
    """By k: strict pass@k."""
    tolerant: Interval
    """pass@1 when the answer may stand in any reasonable place."""
    mean_score: Interval
    """Mean score with partial credit. Not a success rate."""
    unparseable: float
    timeouts: float
    errors: float
    unfinished: float
    """Share of samples that hit the length limit."""
    tokens: float
    """Mean completion length."""


@dataclass(slots=True)
class Row:
    """Base against tuned on one task, or overall."""

    task: str
    problems: int
    base: Side
    tuned: Side
    delta: dict[int, Interval]
    """By k: mean over problems of tuned − base."""
    p_value: float
    """Of equal pass@1."""
    p_corrected: float
    score_floor: float
    largest_p_value: float | None = None
    """Of equal pass@k at the largest k; None in comparisons that were written before it was tested."""
    largest_p_corrected: float | None = None
    unseen: float = 0.0
    """Share of unlike problems that can have gone unseen; 0 in comparisons that were written before it was asked."""

    @property
    def significant(self) -> bool:
        """Whether pass@1 differs: as with `Contrast.moved`, by the corrected test and by the widened interval."""
        return self.p_corrected < ALPHA and self.stands(1)

    def stands(self, k: int) -> bool:
        """Whether the interval of the difference of pass@k leaves out 0, also when unseen problems widen it."""
        return self.delta[k].with_unseen(self.unseen).excludes(0.0)


@dataclass(slots=True)
class Comparison:
    """Base against tuned, by task and overall (mean of the tasks' means)."""

    base_model: str
    tuned_model: str
    ks: tuple[int, ...]
    level: float
    threshold: float
    seed: int
    tasks: list[Row]
    overall: Row

    def verdict(self) -> str:
        """Did the overall pass@1 move, and did pass@k at the largest k? A sentence each.

        As with `Contrast.moved`, a claim needs the corrected test and the widened interval to agree.
        """
        return " ".join(self._verdict(k) for k in dict.fromkeys((1, self.ks[-1])))

    def _verdict(self, k: int) -> str:
        delta = self.overall.delta[k]
        p_value = self.overall.p_corrected if k == 1 else self.overall.largest_p_corrected
        tested, inside = p_value is not None and p_value < ALPHA, not delta.excludes(0.0)
        claimed = tested and self.overall.stands(k)
        word = "did not move measurably" if not claimed else "rose" if delta.estimate > 0 else "fell"
        before, after = self.overall.base.pass_at[k].estimate, self.overall.tuned.pass_at[k].estimate
        tasks = "1 task" if len(self.tasks) == 1 else f"{len(self.tasks)} tasks"
        found = "was not made" if p_value is None else f"has p = {p_value:.2g}"
        undone = f"problems that {self.overall.problems} can have missed could undo it"
        but = undone if tested else f"the paired test {found}"
        return (
            f"Mean pass@{k} over {tasks} {word}: {before:.1%} → {after:.1%}, paired difference "
            f"{100 * delta.estimate:+.1f} points; its {self.level:.0%} interval "
            f"[{100 * delta.low:+.1f}, {100 * delta.high:+.1f}] {'includes' if inside else 'excludes'} 0"
            f"{'' if inside or claimed else f', but {but}'}."
        )

    def warnings(self) -> list[str]:
        """What a reader must know before believing the numbers."""
        found = [
            f"{row.task}: its verifier gives every wrong answer at least {row.score_floor:g}; "
            "the mean score overstates, pass@k does not"
            for row in self.tasks
            if row.score_floor > 0
        ]
        few = [row.task for row in self.tasks if row.problems < FEW_PROBLEMS]
        if few:
            found.append(
                f"{', '.join(few)}: fewer than {FEW_PROBLEMS} problems, intervals of a task are too narrow then"
            )
        for name, sides in (("base", [r.base for r in self.tasks]), ("tuned", [r.tuned for r in self.tasks])):
            timeouts = round(sum(side.timeouts * side.samples for side in sides))
            errors = round(sum(side.errors * side.samples for side in sides))
            if timeouts + errors:
                found.append(
                    f"{name}: the verifier ran out of time on {timeouts} samples and failed on {errors}, of "
                    f"{sum(side.samples for side in sides)}; they count as not solved"
                )
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON-able; `from_dict` gives the comparison back."""
        content: dict[str, Any] = _string_keys(asdict(self))
        content["ks"] = list(self.ks)
        for row in (*content["tasks"], content["overall"]):
            row["significant"] = _row(row).significant
        content["verdict"] = self.verdict()
        content["warnings"] = self.warnings()
        return content

    @staticmethod
    def from_dict(content: dict[str, Any]) -> Comparison:
        """The comparison that `to_dict` wrote, also after a detour through JSON."""
        return Comparison(
            base_model=content["base_model"],
            tuned_model=content["tuned_model"],
            ks=tuple(content["ks"]),
            level=content["level"],
            threshold=content["threshold"],
            seed=content["seed"],
            tasks=[_row(row) for row in content["tasks"]],
            overall=_row(content["overall"]),
        )


def _string_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _string_keys(item) for key, item in value.items()}
    return [_string_keys(item) for item in value] if isinstance(value, list) else value


def _by_k(content: dict[str, Any]) -> dict[int, Interval]:
    return {int(k): Interval(**interval) for k, interval in content.items()}


def _side(content: dict[str, Any]) -> Side:
    intervals = {name: Interval(**content[name]) for name in ("tolerant", "mean_score")}
    return Side(**{**content, **intervals, "pass_at": _by_k(content["pass_at"])})


def _row(content: dict[str, Any]) -> Row:
    plain = {name: value for name, value in content.items() if name != "significant"}
    sides = {"base": _side(content["base"]), "tuned": _side(content["tuned"])}
    return Row(**{**plain, **sides, "delta": _by_k(content["delta"])})
