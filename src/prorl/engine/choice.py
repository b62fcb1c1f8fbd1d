"""The engine that a recipe asks for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from prorl.engine.protocol import Engine
from prorl.errors import UserError
from prorl.recipe.schema import Recipe


def open_engine(recipe: Recipe, model: Path) -> Engine:
    """Load the model; close the engine when done. Raises UserError if there is no cluster that holds the recipe."""
    if recipe.engine == "cluster":
        if importlib.util.find_spec("ray") is None:
            raise UserError("engine=cluster needs Ray: pip install 'prorl[cluster]', or 'prorl[cluster-cpu]' for CPUs")
        from prorl.engine.cluster.engine import ClusterEngine

        return ClusterEngine(model, recipe)
    from prorl.engine.local.engine import LocalEngine

    return LocalEngine(model, recipe.compute, recipe.seed)
