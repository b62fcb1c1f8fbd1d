"""When a guard fires, as a function of its settings and of windows over the signals that it watches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from prorl.recipe.health import Collapse, Guard, Health, Threshold
from prorl.regimen.windows import Window


def guards_of(settings: Health | None) -> dict[str, Collapse | Threshold]:
    """The guards over metrics that are on, by name: in the order of `Health`, then one's own."""
    if settings is None:
        return {}
    return {name: value for name, value in settings if isinstance(value, Collapse | Threshold)} | settings.custom


def signals(guard: Guard) -> tuple[str, ...]:
    """The metrics that a guard watches. It speaks only after steps that have the first of them."""
    if isinstance(guard, Threshold):
        return (guard.signal,)
    return ("reward", "kl", "entropy")


def why(guard: Collapse | Threshold, windows: Mapping[str, Window], step: int) -> str | None:
    """Why the guard fires after `step`: the signal, its value and the bound. None if it doesn't.

    `windows`, by signal, are of the guard's length. A collapse needs a reward at `step`; of KL and entropy it takes the
    newest full window, since a policy that no longer solves anything isn't updated and has neither.
    """
    if windows[signals(guard)[0]].last != step:
        return None
    if isinstance(guard, Threshold):
        return _out_of_bounds(guard, windows[guard.signal], step)
    fall = _fall(guard, windows["reward"], step)
    if fall is None:
        return None
    kl = Threshold(signal="kl", above=guard.kl_above)
    entropy = Threshold(signal="entropy", above_times=guard.entropy_above_times, below_times=guard.entropy_below_times)
    astray = [_out_of_bounds(bounds, windows[bounds.signal], step) for bounds in (kl, entropy)]
    beside = " and ".join(reason for reason in astray if reason)
    return f"{fall}; {beside}" if beside else None


def _fall(guard: Collapse, window: Window, step: int) -> str | None:
    mean, best = window.mean(step), window.best
    # A mean that equals the best is no fall, also where both are 0 and every share of it is 0 too.
    if mean is None or best is None or not mean < best:
        return None
    luck = guard.least_z * window.noise * math.sqrt(2 / window.size)
    if best - mean < max(guard.reward_drop * abs(best), guard.least_drop, luck):
        return None
    return (
        f"reward is {mean:.4g} {window.span}, {100 * guard.reward_drop:.4g} % or more below its best mean of {best:.4g}"
    )


def _out_of_bounds(bounds: Threshold, window: Window, step: int) -> str | None:
    mean = window.mean(step)
    if mean is None:
        return None
    for side, limit, origin in _limits(bounds, window.baseline):
        if (mean > limit) if side == "above" else (mean < limit):
            value, bound = _apart(mean, limit)
            return f"{bounds.signal} is {value} {window.span}, {side} {bound}{origin}"
    return None


def _limits(bounds: Threshold, baseline: float | None) -> Iterator[tuple[str, float, str]]:
    """Of each bound its side, its value, and where that comes from if not from the recipe alone."""
    if bounds.above is not None:
        yield "above", bounds.above, ""
    if bounds.below is not None:
        yield "below", bounds.below, ""
    if baseline is not None and bounds.above_times is not None:
        yield "above", bounds.above_times * baseline, f", {bounds.above_times:g} times the baseline"
    if baseline is not None and bounds.below_times is not None:
        yield "below", bounds.below_times * baseline, f", {bounds.below_times:g} times the baseline"


def _apart(value: float, bound: float) -> tuple[str, str]:
    """Both numbers, rounded only as far as they can still be told apart: 0.99904 above 0.999, not 0.999 above it."""
    pairs = [(_rounded(value, digits), _rounded(bound, digits)) for digits in (4, 6, 17)]
    return next((pair for pair in pairs if pair[0] != pair[1]), pairs[-1])


def _rounded(value: float, digits: int) -> str:
    """A token count as 12340 and not as 1.234e+04."""
    return repr(float(f"{value:.{digits}g}")).removesuffix(".0")
