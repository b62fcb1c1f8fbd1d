"""Names of tasks: what stands for them where room is scarce, and what to say about one that nobody knows."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from prorl.errors import UserError

OVERALL = "overall"
"""What the mean over tasks is called wherever tasks are listed; no task can be."""


def unknown(name: str, known: Sequence[str]) -> UserError:
    """The error for an unknown task `name`, with the closest of the `known` ones."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {len(known)}, such as {', '.join(known[:3])}"
    return UserError(f"unknown task {name!r}; {hint}")


def short(names: Iterable[str]) -> dict[str, str]:
    """What stands for each task where room is scarce: its last part, or the whole name where two would be called so."""
    last = {name: name.rsplit("/", 1)[-1] for name in names}
    times = Counter(last.values())
    return {name: part if times[part] == 1 else name for name, part in last.items()}
