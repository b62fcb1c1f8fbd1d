"""Tasks that are answered with one answer, whatever is asked."""

from __future__ import annotations

from collections.abc import Mapping

from prorl.recipe.health import OneAnswer
from prorl.regimen.validation import Frequent

SHOWN = 40
"""Characters of an answer that a person is shown."""


def settled(guard: OneAnswer, frequent: Mapping[str, Frequent]) -> list[str]:
    """The tasks that have come to a single answer, and a wrong one for many of their problems."""
    return [
        task
        for task, found in sorted(frequent.items())
        if found.problems >= guard.problems and found.share > guard.above and found.right < guard.right_below
    ]


def in_words(task: str, found: Frequent) -> str:
    """One task of them, for a person."""
    answer = found.answer if len(found.answer) <= SHOWN else f"{found.answer[: SHOWN - 1]}…"
    return (
        f"{task} is answered {answer!r} in {100 * found.share:.3g} % of its completions, whichever of {found.problems} "
        f"problems is asked; {100 * found.right:.3g} % of these are right"
    )
