"""Training from Python: what `prorl train` does, as functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Number
from pathlib import Path
from typing import Any

from rich.console import Console

from prorl.errors import UserError
from prorl.recipe import overrides
from prorl.recipe.load import changed, load, validate
from prorl.recipe.schema import Recipe
from prorl.recipe.text import write_line
from prorl.run import job, lineage
from prorl.run.directory import free_path
from prorl.run.job import Result
from prorl.run.progress import PlainProgress, Progress, make_progress

Changes = Mapping[str, Any] | Sequence[str]
"""Dotted keys and their new values, or `key=value` words as on the command line."""


def train(
    recipe: str | Path | Recipe | Mapping[str, Any],
    *,
    out: str | Path | None = None,
    changes: Changes = (),
    fork: str | None = None,
    progress: Progress | bool = True,
) -> Result:
    """Train as the recipe says and compare base and trained model; returns when that is done.

    `recipe`: a shipped recipe's name, a .yaml file, a `Recipe`, or plain data with a recipe's keys. `out`: the run's
    new folder, by default `runs/<name>`. `fork`: `RUN@STEP`, begin with the policy of that checkpoint. `progress`:
    False for silence, or an object of your own. Raises UserError for whatever the caller can mend; Ctrl-C finishes
    the step, checkpoints and returns a result whose `finished` is False.
    """
    settings = _recipe(recipe, changes)
    origin = lineage.parse(fork) if fork is not None else None
    folder = Path(out).expanduser() if out is not None else free_path(Path("runs"), settings.name)
    return job.start(settings, folder, _progress(progress), origin=origin)


def resume(run: str | Path, *, changes: Changes = (), progress: Progress | bool = True) -> Result:
    """Go on with a run where its newest checkpoint stands; `changes` are of what is still to come.

    A finished run goes on when they give it more to do: more steps in its last stage, or a further stage.
    """
    return job.resume(Path(run).expanduser(), _progress(progress), changed=_words(changes))


def _recipe(recipe: str | Path | Recipe | Mapping[str, Any], changes: Changes) -> Recipe:
    parsed = _plain(changes, "changes") if isinstance(changes, Mapping) else overrides.parse(changes)
    if isinstance(recipe, str | Path):
        return load(str(recipe), parsed)
    data = recipe.model_dump(mode="json") if isinstance(recipe, Recipe) else recipe
    return validate(changed(data, parsed), "with its changes" if parsed else "given as data")


def _words(changes: Changes) -> Sequence[str]:
    """As on the command line."""
    if not isinstance(changes, Mapping):
        return changes
    return [f"{key}={write_line(value)}" for key, value in _plain(changes, "changes").items()]


def _plain(value: Any, where: str) -> Any:
    """The value as YAML and JSON have it; numbers of other libraries and paths are taken for what they are."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner, f"{where}: {key}") for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, where) for inner in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Number) and hasattr(value, "item"):
        return value.item()
    if value is not None and not isinstance(value, str | int | float):
        raise UserError(f"{where}: {value!r} is no plain value")
    return value


def _progress(wanted: Progress | bool) -> Progress:
    if isinstance(wanted, bool):
        return make_progress(Console()) if wanted else PlainProgress(Console(quiet=True))
    return wanted
