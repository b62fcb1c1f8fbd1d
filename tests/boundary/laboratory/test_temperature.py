"""The search for the temperature of an entropy ends within its tolerance, and where it can't that is said."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from prorl.boundary.laboratory.temperature import TRIES, Matched, search


def _leap(temperature: float, where: float, width: float) -> float:
    """Entropy of a model that falls apart at a temperature: nats per token."""
    return 0.05 * temperature + 4.5 / (1 + math.exp(-(temperature - where) / width))


@pytest.mark.parametrize("target", [0.15, 0.3, 0.6, 0.97, 2.0])
@pytest.mark.parametrize(
    "entropy_at",
    [
        lambda t: 0.2 * t**2.5, lambda t: 0.1 * t**6, lambda t: 0.02 * math.exp(3.5 * (t - 1)),
        lambda t: _leap(t, 1.4, 0.06), lambda t: _leap(t, 1.23, 0.02),
    ],
)  # fmt: skip
def test_an_entropy_is_met_within_two_per_cent(entropy_at: Callable[[float], float], target: float) -> None:
    measured = search(entropy_at, 1.0, target)
    temperature, entropy = measured[-1]
    assert entropy == entropy_at(temperature)
    assert abs(entropy / target - 1) <= 0.02
    assert len(measured) <= TRIES


def test_a_search_that_ends_elsewhere_is_a_warning() -> None:
    measured = search(lambda temperature: 0.3, 1.0, 0.6)
    assert [temperature for temperature, _ in measured] == [1.0, 1.5, 2.25, 2.5], "the last is the bound"
    missed = Matched("tuned", 0.32, 1.0, 0.3, measured)
    assert missed.warning is not None
    assert "tuned: in 4 tries no temperature was found" in missed.warning
    assert "at 1 it is -6.2% off, more than 2%" in missed.warning
    assert Matched("tuned", 0.32, 1.0, 0.326, measured).warning is None
