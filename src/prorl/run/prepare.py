"""What is settled and checked before a run writes anything."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from prorl.engine import devices
from prorl.engine.local.precision import choose
from prorl.engine.protocol import Engine
from prorl.errors import UserError
from prorl.policy.catalogue import CATALOGUE
from prorl.policy.packed import has_bf16_products
from prorl.policy.shape import shape_of
from prorl.recipe.load import at_stage
from prorl.recipe.memory import checkpoint_bytes
from prorl.recipe.schema import Recipe
from prorl.recipe.stages import WORKED_SOLUTIONS
from prorl.regimen.custom_rules import CustomRules
from prorl.run.collect import MOST_LONG_PROMPTS
from prorl.run.control import Control
from prorl.run.credit import shapers_of
from prorl.run.lessons import check_imitation
from prorl.run.places import placed_files
from prorl.run.signals import check_signals
from prorl.run.suites import Suites
from prorl.tasks.contract import Problem, Split
from prorl.tasks.stream import ProblemStream
from prorl.tasks.suite import Suite

_GIB = 2**30


def settled(recipe: Recipe) -> Recipe:
    """The recipe with all that depends on where it is started written out, so that it goes on so elsewhere.

    That is what the precision and the device `auto` stand for, and absolute paths of files that it names.
    """
    cluster = recipe.cluster.model_copy(update={"device": devices.choose(recipe.cluster.device)})
    on_gpu = recipe.engine == "cluster" and cluster.device == "cuda" and recipe.compute.precision == "auto"
    compute = recipe.compute.model_copy(update={"precision": "bf16" if on_gpu else choose(recipe.compute.precision)})
    return placed_files(recipe).model_copy(update={"compute": compute, "cluster": cluster})


def placed(recipe: Recipe) -> Recipe:
    """The recipe with the absolute path of a model's folder, so that the run goes on wherever that is asked for."""
    folder = Path(recipe.model).expanduser()
    if any(entry.name == recipe.model for entry in CATALOGUE) or not folder.is_dir():
        return recipe
    return recipe.model_copy(update={"model": str(folder.absolute())})


def slow(recipe: Recipe) -> str | None:
    """What to say of a settled recipe that is to be computed on a CPU which is slow in its precision."""
    on_cpu = recipe.engine == "local" or recipe.cluster.device == "cpu"
    if not on_cpu or recipe.compute.precision != "bf16" or has_bf16_products():
        return None
    return (
        "this CPU has no bf16 products: it is many times as slow in bf16 as in fp32, "
        "which compute.precision=auto takes here in a new run"
    )


def held_out(recipe: Recipe, suites: Suites) -> tuple[list[Problem], list[Problem]]:
    """The problems of the final comparison and those of validation; training never sees either."""
    tests = suites.held_out(Split.TEST, recipe.evaluation.problems_per_task) if recipe.evaluation else []
    validation = recipe.validation
    return tests, suites.held_out(Split.VALIDATION, validation.problems_per_task) if validation else []


def check(recipe: Recipe, suites: Suites) -> None:
    """Raises UserError if a split is too small, a profile can't be read, a stage asks or imitates nothing, a guard or
    target names a metric that there is not, or a shaper, a controller or a reset rule of some stage can't be made."""
    check_signals(recipe, suites.names)
    held_out(recipe, suites)
    for index, stage in enumerate(recipe.stages):
        suites.stale(index)
        _stream_of(stage.name, recipe, suites.at(index), ())
        _check_parts(stage.name, at_stage(recipe, index))
        if stage.imitate:
            check_imitation(stage.name, stage.imitate, suites.at(index))


def check_prompts(recipe: Recipe, suites: Suites, engine: Engine, excluded: Sequence[Problem]) -> None:
    """Raises UserError for a stage whose prompts are all longer than `rollout.max_prompt_tokens`, of those that the
    loop would look at before it gave up. `excluded` are held out."""
    for index, stage in enumerate(recipe.stages):
        suite, most = suites.at(index), at_stage(recipe, index).rollout.max_prompt_tokens
        if stage.imitate and stage.imitate.source != WORKED_SOLUTIONS:
            continue
        stream = _stream_of(stage.name, recipe, suite, excluded)
        problems = islice(stream, MOST_LONG_PROMPTS)
        if not any(len(engine.encode(suite.prompt(problem))) <= most for problem in problems):
            raise UserError(
                f"stage {stage.name!r}: zero prompts after filtering: {MOST_LONG_PROMPTS} in a row exceed "
                f"rollout.max_prompt_tokens={most}; raise it"
            )


def _stream_of(stage: str, recipe: Recipe, suite: Suite, excluded: Sequence[Problem]) -> ProblemStream:
    try:
        return ProblemStream(suite, recipe.seed, excluded)
    except UserError as error:
        raise UserError(f"stage {stage!r}: {error}") from None


def _check_parts(stage: str, settings: Recipe) -> None:
    """Raises UserError if a shaper, a controller or a reset rule can't be made of a stage's settings."""
    try:
        shapers_of(settings)
        Control(settings.objective)
        CustomRules(settings.resets.custom)
    except UserError as error:
        raise UserError(f"stage {stage!r}: {error}") from None


def check_space(recipe: Recipe, model: Path, out: Path) -> None:
    """Raises UserError if the disk can't hold the checkpoints that are there at the same time."""
    shape = shape_of(str(model))
    if shape is None:
        return
    needed = checkpoint_bytes(shape) * (recipe.checkpoint.keep + 1)
    nearest = next(parent for parent in (out.absolute(), *out.absolute().parents) if parent.exists())
    free = shutil.disk_usage(nearest).free
    if free < needed:
        raise UserError(
            f"run directory {out}: {free / _GIB:.2g} GiB are free and checkpoints need {needed / _GIB:.2g} GiB "
            f"(checkpoint.keep={recipe.checkpoint.keep}, one more while it is written, resets and the best on top); "
            "free some, choose another disk by --out, or keep fewer"
        )
