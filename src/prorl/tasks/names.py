"""What to say about a name that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from prorl.errors import UserError


def unknown(name: str, known: Sequence[str]) -> UserError:
    """The error for an unknown task `name`, with the closest of the `known` ones."""
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are {len(known)}, such as {', '.join(known[:3])}"
    return UserError(f"unknown task {name!r}; {hint}")
