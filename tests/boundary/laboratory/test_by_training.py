"""What training did at a level is said where it is known, and left open elsewhere."""

from __future__ import annotations

import pytest

from prorl.boundary.laboratory.by_training import levels
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.self_test.made_up import frame


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("gcd@level1", "other"), (True, False)),
        (("gcd@1",), (True, False)),
        (("other",), (False, False)),
        ((), (None, None)),
        (("gcd",), (None, None)),
        (("gcd", "gcd@level2"), (None, True)),
        (("gcd@easy",), (None, None)),
    ],
)
def test_levels_that_training_asked(names: tuple[str, ...], expected: tuple[bool | None, ...]) -> None:
    counts = frame({f"gcd@level{level}": [1, 2, 3] for level in (1, 2)}, 4)
    evidence = Evidence({"b": counts, "t": counts}, 4, {}, trained=frozenset(names))
    assert tuple(row.trained for row in levels(evidence, (1, 4), 4, 0, 0.95)) == expected
