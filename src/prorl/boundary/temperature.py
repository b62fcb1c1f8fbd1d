"""The temperature at which a model's entropy equals a target, from entropies measured at some temperatures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from prorl.boundary.plain import Plain

TOLERANCE = 0.02
"""How far from the target an entropy may be and still count as equal, relative to the target."""


@dataclass(frozen=True, slots=True)
class Match(Plain):
    """The state of the search after some measurements."""

    temperature: float | None
    """Where the entropy should equal the target; None while the target lies outside of what was measured."""
    uncertainty: float | None
    """Half the width in temperature between the measurements around it."""
    next: float | None
    """Temperature to measure next; None when the entropy measured at `temperature`'s neighbour is close enough, or
    when the bounds are reached."""
    reason: str


def match_entropy(
    measured: Sequence[tuple[float, float]],
    target: float,
    *,
    tolerance: float = TOLERANCE,
    bounds: tuple[float, float] = (0.05, 2.5),
) -> Match:
    """Find the temperature whose entropy is `target`, from pairs (temperature, entropy), and say what to measure next.

    Entropy grows with temperature; where noise says otherwise the measurements are first made monotone (pool adjacent
    violators), then interpolated linearly. The search is done when an entropy within `tolerance` (relative to the
    target) was measured: that temperature is the answer. Raises ValueError without a measurement, for a temperature
    measured twice, and for values that can't be.
    """
    from scipy.optimize import isotonic_regression

    _check(measured, target)
    pairs = sorted(measured)
    temperatures = np.array([pair[0] for pair in pairs])
    entropies = isotonic_regression([pair[1] for pair in pairs]).x
    nearest = min(pairs, key=lambda pair: abs(pair[1] - target))
    if abs(nearest[1] - target) <= tolerance * target:
        return Match(nearest[0], 0.0, None, f"an entropy of {nearest[1]:.4g} was measured at {nearest[0]:g}")
    if target < entropies[0]:
        return _outside(temperatures[0], bounds, target / entropies[0], "below")
    if target > entropies[-1]:
        return _outside(temperatures[-1], bounds, target / max(entropies[-1], 1e-9), "above")
    above = int(np.searchsorted(entropies, target, side="left"))
    left, right = temperatures[above - 1], temperatures[above]
    share = (target - entropies[above - 1]) / (entropies[above] - entropies[above - 1])
    found = float(left + share * (right - left))
    # A measurement at an end of the bracket would only repeat it.
    following = float(np.clip(found, left + 0.1 * (right - left), right - 0.1 * (right - left)))
    return Match(found, float(right - left) / 2, following, f"interpolated between {left:g} and {right:g}")


def _outside(end: float, bounds: tuple[float, float], ratio: float, side: str) -> Match:
    """The target lies beyond the measurements: go on in its direction, at most by half as much again."""
    following = float(np.clip(end * np.clip(ratio, 1 / 1.5, 1.5), *bounds))
    if following == end:
        return Match(
            None, None, None, f"the target lies {side} all entropies within the bounds {bounds[0]:g} to {bounds[1]:g}"
        )
    return Match(None, None, following, f"the target lies {side} all measured entropies")


def _check(measured: Sequence[tuple[float, float]], target: float) -> None:
    if not measured:
        raise ValueError("no entropy was measured; measure one at the temperature of the comparison first")
    if target <= 0:
        raise ValueError(f"the target entropy must be above 0, not {target}")
    temperatures = [pair[0] for pair in measured]
    if len(set(temperatures)) < len(temperatures):
        raise ValueError("a temperature was measured twice; give the mean of its entropies")
    if min(temperatures) <= 0 or min(pair[1] for pair in measured) < 0:
        raise ValueError("temperatures must be above 0, and entropies not below")
