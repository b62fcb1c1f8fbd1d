"""The engine that a recipe asks for."""

from __future__ import annotations

from pathlib import Path

from prorl.engine.protocol import Engine
from prorl.recipe.schema import Recipe


def open_engine(recipe: Recipe, model: Path) -> Engine:
    """Load the model; close the engine when done. Raises UserError if there is no cluster that holds the recipe."""
    if recipe.engine == "cluster":
        from prorl.engine.cluster.engine import ClusterEngine

        return ClusterEngine(model, recipe)
    from prorl.engine.local.engine import LocalEngine

    return LocalEngine(model, recipe.compute, recipe.seed)
