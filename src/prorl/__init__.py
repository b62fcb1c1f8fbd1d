"""Prolonged reinforcement learning for language models, and an honest measure of what it changed.

From Python: `prorl.train(recipe)`, `prorl.resume(run)`, `prorl.Recipe`, `prorl.load_recipe(name)` and
`prorl.boundary.compare(base, tuned)`. What isn't used isn't imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from prorl import boundary
    from prorl.errors import IntegrityError, UserError
    from prorl.recipe.load import load as load_recipe
    from prorl.recipe.schema import Recipe
    from prorl.run.api import resume, train
    from prorl.run.job import Result

__all__ = [
    "IntegrityError", "Recipe", "Result", "UserError", "__version__", "boundary", "load_recipe", "resume", "train",
]  # fmt: skip

_PLACES = {
    "IntegrityError": "prorl.errors:IntegrityError",
    "Recipe": "prorl.recipe.schema:Recipe",
    "Result": "prorl.run.job:Result",
    "UserError": "prorl.errors:UserError",
    "boundary": "prorl.boundary:",
    "load_recipe": "prorl.recipe.load:load",
    "resume": "prorl.run.api:resume",
    "train": "prorl.run.api:train",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'prorl' has no attribute {name!r}")
    import importlib

    module, _, attribute = _PLACES[name].partition(":")
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found


def __dir__() -> list[str]:
    return sorted(__all__)
