"""Sampling any model on held-out problems, outside of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Sampling
from prorl.errors import UserError
from prorl.policy.catalogue import resolve
from prorl.policy.progress import Progress as Told
from prorl.policy.progress import silent
from prorl.recipe.load import load, validate
from prorl.recipe.schema import Evaluation, Recipe
from prorl.run.answer_length import longest
from prorl.run.export import export_checkpoint
from prorl.run.suites import Suites
from prorl.tasks.contract import Split

if TYPE_CHECKING:
    import polars as pl


def of_tasks(
    specs: Sequence[tuple[str, Mapping[str, Any]]], worked_examples: int, seed: int, evaluation: Mapping[str, Any]
) -> Recipe:
    """A recipe that is there only to be measured by: tasks, a seed, and an evaluation section."""
    tasks = [{"task": name, "options": dict(options), "worked_examples": worked_examples} for name, options in specs]
    rest = {"name": "eval", "model": "none", "stages": [{"name": "none", "steps": 1}]}
    return validate({**rest, "tasks": tasks, "seed": seed, "evaluation": dict(evaluation)}, "of the options")


def recipe_of(word: str) -> Recipe:
    """The recipe of that name or file, or that of a run's folder, with answers as long as in the run's comparison."""
    inside = Path(word) / "recipe.yaml"
    if not inside.is_file():
        return load(word)
    recipe = load(str(inside))
    if recipe.evaluation is None:
        return recipe
    evaluation = recipe.evaluation.model_copy(update={"max_new_tokens": longest(recipe, Path(word))})
    return recipe.model_copy(update={"evaluation": evaluation})


def measure(
    model: str, recipe: Recipe, told: Callable[[int, int], None] = lambda done, total: None,
    fetching: Callable[[], AbstractContextManager[Told]] = lambda: nullcontext(silent),
) -> pl.DataFrame:  # fmt: skip
    """A sample table of the recipe's final comparison for `model`: the same problems, settings and random numbers.

    `model` is whatever a recipe may name, a run's folder (its newest checkpoint) or `RUN@STEP`. Raises UserError.
    """
    from prorl.boundary.evaluate import sample_problems

    settings = recipe.evaluation or Evaluation()
    with Suites(recipe) as suites, _folder(model, fetching) as folder:
        problems = suites.held_out(Split.TEST, settings.problems_per_task)
        engine = LocalEngine(folder, recipe.compute, recipe.seed)
        sampling = Sampling(settings.samples, settings.temperature, longest(recipe), settings.top_p)
        return sample_problems(engine, suites.top, problems, suites.pool(), sampling, model, told)


@contextmanager
def _folder(model: str, fetching: Callable[[], AbstractContextManager[Told]]) -> Iterator[Path]:
    """A Hugging Face folder with the model, for as long as it is needed."""
    path, at, step = model.rpartition("@")
    run = Path(path if at else model)
    if not (run / "recipe.yaml").is_file():
        with fetching() as told:
            found = resolve(model, told)
        yield found
        return
    if at and not step:
        raise UserError(f"{model}: write it as RUN@STEP, RUN@best or RUN@latest")
    with TemporaryDirectory() as temporary:
        yield export_checkpoint(run, step if at else "latest", Path(temporary) / "model")
