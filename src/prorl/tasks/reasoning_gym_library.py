"""Reasoning Gym itself: imported when first needed, and kept from meddling with global randomness."""

from __future__ import annotations

import decimal
import functools
import random
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

PREFIX = "reasoning_gym/"


def names() -> list[str]:
    """Names of all Reasoning Gym tasks, with their prefix, sorted."""
    return sorted(PREFIX + name for name in registered() if name != "composite")


@functools.cache
def library() -> Any:
    """Reasoning Gym, imported when first needed: it takes seconds and uses global randomness while it loads.

    What its modules print while they draw or score goes nowhere, since standard output belongs to whoever imports us.
    """
    with global_randomness_kept(0):
        import reasoning_gym
    for name, module in list(sys.modules.items()):
        if name.startswith("reasoning_gym."):
            vars(module)["print"] = _say_nothing
    return reasoning_gym


def _say_nothing(*_: object, **__: object) -> None:
    """In the place of `print`."""


def registered() -> Mapping[str, tuple[type, Any]]:
    library()
    from reasoning_gym.factory import DATASETS

    registered: Mapping[str, tuple[type, Any]] = DATASETS
    return registered


@contextmanager
def global_randomness_kept(seed: int) -> Iterator[None]:
    """Some generators draw from global random state: make what they draw depend on `seed`, and put ours back after.

    So with the precision of decimals, which one data set sets for good and another one works out its answers in: they
    have Python's own, 28 digits.
    """
    ours = random.getstate()
    random.seed(seed)
    numpy = sys.modules.get("numpy")
    ours_of_numpy = numpy.random.get_state() if numpy else None
    if numpy:
        numpy.random.seed(seed % 2**32)
    try:
        with decimal.localcontext(decimal.Context(prec=28)):
            yield
    finally:
        random.setstate(ours)
        if numpy:
            numpy.random.set_state(ours_of_numpy)
