"""A whole job: from a recipe to a trained model and a report, or from an unfinished run to its end."""

from __future__ import annotations

import json
import resource
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prorl.boundary.evaluate import sample_problems
from prorl.engine.local.engine import LocalEngine
from prorl.engine.local.precision import choose
from prorl.engine.protocol import Sampling
from prorl.errors import UserError
from prorl.policy.catalogue import resolve
from prorl.policy.progress import Progress as Told
from prorl.policy.progress import silent
from prorl.recipe.load import at_stage, load
from prorl.recipe.schema import Evaluation, Recipe
from prorl.run import jsonl
from prorl.run.directory import RunDirectory
from prorl.run.interrupt import Interrupt
from prorl.run.loop import Loop
from prorl.run.progress import Progress
from prorl.run.report import write_report
from prorl.tasks.contract import Problem, Split
from prorl.tasks.registry import build
from prorl.tasks.stream import ProblemStream
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

if TYPE_CHECKING:
    from prorl.boundary.comparison import Comparison

Fetching = Callable[[], AbstractContextManager[Told]]
"""Opens whatever shows a person that a model is being fetched."""


@dataclass(frozen=True)
class Result:
    """What a job left behind. `comparison` is None where the recipe asks for none, or the run was stopped early."""

    path: Path
    finished: bool
    comparison: Comparison | None
    report: Path


def start(recipe: Recipe, out: Path, progress: Progress, fetching: Fetching = lambda: nullcontext(silent)) -> Result:
    """Begin a run in the new folder `out`. Raises UserError before anything is written if it can't go well."""
    RunDirectory.check_free(out)
    suite = suite_of(recipe)
    test_problems(recipe, suite)
    model = _model(recipe, fetching)
    recipe = _with_precision(recipe)
    directory = RunDirectory.create(out, recipe)
    return _work(recipe, directory, suite, model, progress, resuming=False)


def resume(path: Path, progress: Progress, fetching: Fetching = lambda: nullcontext(silent)) -> Result:
    """Take up the unfinished run in `path` where its newest checkpoint stands."""
    directory = RunDirectory.open(path)
    recipe = load(str(directory.recipe))
    return _work(recipe, directory, suite_of(recipe), _model(recipe, fetching), progress, resuming=True)


def suite_of(recipe: Recipe) -> Suite:
    """The recipe's tasks. Raises UserError for an unknown task or option."""
    tasks = [build(spec.task, worked_examples=spec.worked_examples, options=spec.options) for spec in recipe.tasks]
    return Suite(tasks, [spec.weight for spec in recipe.tasks])


def test_problems(recipe: Recipe, suite: Suite) -> list[Problem]:
    """The problems of the final comparison; training never sees them."""
    return suite.held_out(Split.TEST, recipe.evaluation.problems_per_task) if recipe.evaluation else []


def _with_precision(recipe: Recipe) -> Recipe:
    """The recipe with `auto` decided for this machine, so that a run taken up elsewhere goes on as it began."""
    compute = recipe.compute.model_copy(update={"precision": choose(recipe.compute.precision)})
    return recipe.model_copy(update={"compute": compute})


def _model(recipe: Recipe, fetching: Fetching) -> Path:
    with fetching() as told:
        return resolve(recipe.model, told)


def _work(
    recipe: Recipe, directory: RunDirectory, suite: Suite, model: Path, progress: Progress, resuming: bool
) -> Result:
    held_out = test_problems(recipe, suite)
    with ExitStack() as stack:
        stack.callback(directory.close)
        stack.callback(progress.stop)
        engine = LocalEngine(model, recipe.compute, recipe.seed)
        settings = recipe.verifier
        pool = stack.enter_context(
            WorkerPool(suite.judge, settings.workers, settings.deadline, settings.max_text, probes=suite.probes())
        )
        stream = ProblemStream(suite, recipe.seed, excluded=[problem.id for problem in held_out])
        loop = Loop(recipe, directory, engine, suite, stream, pool, progress)
        progress.start(
            {
                "run": str(directory.path),
                "recipe": recipe.name,
                "model": recipe.model,
                "total_steps": recipe.total_steps,
            }
        )
        loop.journal.ensure("start", 0, recipe=recipe.name, model=recipe.model, reference_id=engine.reference_id)
        if resuming:
            loop.take_up()
        evaluation = _Evaluator(recipe, directory, loop, suite, held_out, pool)
        evaluation.sample("base")
        loop.interrupt = stack.enter_context(
            Interrupt(lambda: progress.event("stopping after this step; again: at once"))
        )
        finished = loop.run()
        comparison = None
        if finished:
            if not directory.model.exists():
                engine.export(directory.model)
            evaluation.sample("trained")
            comparison = evaluation.compare()
            loop.journal.ensure("finish", loop.step, peak_memory_gib=peak_memory_gib())
    return Result(directory.path, finished, comparison, write_report(directory.path))


class _Evaluator:
    """Samples the held-out problems before and after training, once each, and compares."""

    def __init__(
        self, recipe: Recipe, directory: RunDirectory, loop: Loop, suite: Suite, problems: list[Problem],
        pool: WorkerPool[Problem],
    ) -> None:  # fmt: skip
        self.recipe, self.directory, self.loop = recipe, directory, loop
        self.suite, self.problems, self.pool = suite, problems, pool

    def sample(self, name: str) -> None:
        """Write `samples/<name>.parquet` with the policy as it is now, unless it is there already; journal it once."""
        from prorl.boundary import samples

        path = self.directory.samples / f"{name}.parquet"
        if self.recipe.evaluation is None:
            return
        if not path.exists():
            self._sample_into(path, name, self.recipe.evaluation)
        table = samples.read(path)
        solved = float((table["score"] >= samples.SUCCESS).mean() or 0.0)  # type: ignore[arg-type]
        step = 0 if name == "base" else self.loop.step
        self.loop.journal.ensure("evaluation", step, same=["model"], model=name, samples=table.height, solved=solved)
        self.loop.progress.event(f"evaluation of the {name} model: {solved:.3f} of {table.height} samples solved")

    def _sample_into(self, path: Path, name: str, evaluation: Evaluation) -> None:
        from prorl.boundary import samples

        if name == "base" and self.loop.step > 0:
            raise UserError(f"{path} is missing and the base model is no longer loaded; restore it from a copy")
        progress = self.loop.progress
        table = sample_problems(
            self.loop.engine, self.suite, self.problems, self.pool, self._sampling(evaluation), name,
            lambda done, total: progress.phase(f"evaluating the {name} model", done, total),
        )  # fmt: skip
        self._write_questions()
        samples.write(table, path)

    def compare(self) -> Comparison | None:
        """Base against trained, also written to `comparison.json`."""
        if self.recipe.evaluation is None:
            return None
        from prorl.boundary import samples
        from prorl.boundary.compare import compare

        base, trained = (samples.read(self.directory.samples / f"{name}.parquet") for name in ("base", "trained"))
        comparison = compare(base, trained, ks=sorted({1, self.recipe.evaluation.samples}), seed=self.recipe.seed)
        jsonl.replace(self.directory.comparison, json.dumps(comparison.to_dict(), indent=1).encode())
        return comparison

    def _write_questions(self) -> None:
        """What was asked, for the report: one JSON line a problem."""
        lines = [
            jsonl.encode({"task": problem.task, "problem": problem.id, "question": problem.messages[-1].content})
            for problem in self.problems
        ]
        jsonl.replace(self.directory.samples / "problems.jsonl", b"".join(lines))

    def _sampling(self, evaluation: Evaluation) -> Sampling:
        last = at_stage(self.recipe, len(self.recipe.stages) - 1).rollout
        return Sampling(evaluation.samples, evaluation.temperature, evaluation.max_new_tokens or last.max_new_tokens)


def peak_memory_gib() -> float:
    """The largest resident set of this process so far, in GiB; verifier workers come on top."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
