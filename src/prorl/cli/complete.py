"""What a shell offers when somebody presses Tab: names of recipes, models and tasks, and folders that hold a run."""

from __future__ import annotations

from pathlib import Path


def recipes(typed: str) -> list[str]:
    """Shipped recipes and YAML files here."""
    from prorl.recipe.load import packaged

    files = sorted(str(path) for path in Path().glob("*.yaml"))
    return [name for name in [*packaged(), *files] if name.startswith(typed)]


def models(typed: str) -> list[str]:
    """Catalogue names."""
    from prorl.policy.catalogue import entries

    return [listed.entry.name for listed in entries() if listed.entry.name.startswith(typed)]


def tasks(typed: str) -> list[str]:
    """Tasks and suites."""
    from prorl.tasks.registry import names
    from prorl.tasks.suites import SUITES

    return [name for name in [*names(), *SUITES] if name.startswith(typed)]


def runs(typed: str) -> list[str]:
    """Folders with a run: those in `runs/` and below what was typed."""
    typed_folder = Path(typed) if typed.endswith("/") else Path(typed).parent
    places = {Path("runs"), typed_folder}
    found = {str(path.parent) for place in places for path in place.glob("*/journal.jsonl")}
    return sorted(path for path in found if path.startswith(typed))
