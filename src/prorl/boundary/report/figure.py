"""A figure described once, for the page (plotly.js) and for paper (matplotlib)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from prorl.boundary.intervals import Interval

Kind = Literal["line", "bar", "points"]


@dataclass(frozen=True, slots=True)
class Series:
    """A line with its band, a row of bars, or a cloud of points. `model`, a place among the models, is its colour."""

    name: str
    model: int
    x: Sequence[Any]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    """Ends of the intervals; empty: there are none."""
    kind: Kind = "line"
    dashed: bool = False
    labels: Sequence[str] = ()
    """What each point is called."""

    @staticmethod
    def of(
        name: str, model: int, points: Mapping[Any, Interval] | Sequence[tuple[Any, Interval]], *,
        dashed: bool = False, kind: Kind = "line",
    ) -> Series:  # fmt: skip
        """A series of estimates with intervals, by x; or in pairs, where several may have one x."""
        pairs = list(points.items()) if isinstance(points, Mapping) else list(points)
        found = [interval for _, interval in pairs]
        return Series(
            name, model, [x for x, _ in pairs], [i.estimate for i in found], [i.low for i in found],
            [i.high for i in found], kind, dashed,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Figure:
    """What is drawn, and how it is to be read."""

    id: str
    title: str
    caption: str
    """n, k, intervals, extraction, and what else a reader must know."""
    series: Sequence[Series]
    x: str
    y: str
    log_x: bool = False
    y_range: tuple[float, float] | None = None
    stacked: bool = False
    lines: Sequence[float] = field(default_factory=list)
    """Heights at which a line is drawn, such as no difference."""
    shared: str = ""
    """The caption of several such figures as panels of one: what is true of each. Needed where there are several."""


def many(sizes: Iterable[int], where: str) -> str:
    """How many problems there are in each of several places, such as "3 to 5 problems a task"."""
    few, most = min(found := set(sizes)), max(found)
    return f"{few if few == most else f'{few} to {most}'} problems {where}"
