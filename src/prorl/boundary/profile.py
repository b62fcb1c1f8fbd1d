"""A model's pass rate by problem, on the very problems that a run with the same seed asks first."""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prorl.boundary import samples as store
from prorl.boundary.evaluate import sample_problems
from prorl.engine.protocol import Engine, Sampling
from prorl.errors import UserError
from prorl.files import flush
from prorl.tasks.contract import Problem
from prorl.tasks.registry import build
from prorl.tasks.stream import ProblemStream
from prorl.tasks.suite import Suite
from prorl.tasks.teaching import rates
from prorl.verify.pool import WorkerPool

if TYPE_CHECKING:
    import polars as pl

_AT_ONCE = 16
"""Problems that are sampled between two writes."""


@dataclass(frozen=True, slots=True)
class Profiling:
    """What is measured. Samples of other settings are never mixed into one file."""

    model: str
    problems: int
    samples: int
    worked_examples: int
    max_new_tokens: int
    temperature: float
    seed: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What came out for a task: problems, samples, pass rate, and problems solved never, sometimes and always."""

    task: str
    problems: int
    samples: int
    rate: float
    never: int
    teach: int
    always: int


def profile(
    specs: Sequence[tuple[str, Mapping[str, Any]]],
    settings: Profiling,
    out: Path,
    told: Callable[[str], None] = lambda said: None,
    engine: Engine | None = None,
) -> list[Profile]:
    """Sample every task's first problems that `out` doesn't hold yet; one summary a task.

    Samples are added to the Parquet file `out` as they come, and its settings stand beside it in `out`.json; nothing
    in it is ever replaced. Raises UserError for a file of other settings or none of samples.
    """
    suite = Suite([build(name, worked_examples=settings.worked_examples, options=options) for name, options in specs])
    try:
        kept = _begin(out, settings, specs)
    except OSError as error:
        raise UserError(f"{out}: {error.strerror}; choose a file that can be written by --out") from None
    asked = {name: _first(suite, name, settings) for name in suite.tasks}
    done = set(kept["problem"])
    missing = [problem for problems in asked.values() for problem in problems if problem.id not in done]
    sampling = Sampling(settings.samples, settings.temperature, settings.max_new_tokens)
    if missing:
        engine = engine or _engine(settings, told)
        with WorkerPool[Problem](suite.judge, 1, probes=suite.probes()) as pool:
            for begin in range(0, len(missing), _AT_ONCE):
                some = missing[begin : begin + _AT_ONCE]
                told(f"{begin}/{len(missing)} problems, {some[0].task}")
                kept = kept.vstack(sample_problems(engine, suite, some, pool, sampling, settings.model))
                store.write(kept, out)
    return _summaries(out, asked)


def _begin(out: Path, settings: Profiling, specs: Sequence[tuple[str, Mapping[str, Any]]]) -> pl.DataFrame:
    """The samples that are there already, of the same settings."""
    beside = out.with_name(out.name + ".json")
    options = {name: dict(given) for name, given in specs}
    fixed = {key: value for key, value in asdict(settings).items() if key != "problems"}
    if not out.exists():
        out.parent.mkdir(parents=True, exist_ok=True)
        _write(beside, {**fixed, "options": options})
        store.write(store.table([]), out)
        return store.table([])
    if not beside.is_file():
        raise UserError(f"{out} is there, but not {beside.name} with its settings; choose another file by --out")
    known = json.loads(beside.read_text())
    added = {name: given for name, given in options.items() if name not in known["options"]}
    for key, value in fixed.items():
        if known.get(key) != value:
            raise UserError(f"{out} was made with {key}={known.get(key)}, not {value}; choose another file by --out")
    for name, given in options.items():
        if known["options"].get(name, given) != given:
            raise UserError(f"{out} was made with other options of {name}; choose another file by --out")
    if added:
        _write(beside, {**known, "options": {**known["options"], **added}})
    return store.read(out)


def _write(file: Path, content: Mapping[str, Any]) -> None:
    """Write JSON whole or not at all."""
    neighbour = file.with_name(file.name + ".partial")
    neighbour.write_text(json.dumps(content, indent=1) + "\n")
    flush(neighbour)
    os.replace(neighbour, file)


def _first(suite: Suite, name: str, settings: Profiling) -> list[Problem]:
    """The first different problems of a task that a run with this seed asks."""
    stream = ProblemStream(Suite([suite.tasks[name]]), settings.seed)
    found: dict[str, Problem] = {}
    for problem in itertools.islice(stream, 20 * settings.problems):
        found.setdefault(problem.id, problem)
        if len(found) == settings.problems:
            break
    return list(found.values())


def _engine(settings: Profiling, told: Callable[[str], None]) -> Engine:
    from prorl.engine.local.engine import LocalEngine
    from prorl.policy.catalogue import resolve
    from prorl.recipe.schema import Compute

    told(f"loading {settings.model}")
    return LocalEngine(resolve(settings.model), Compute(), settings.seed)


def _summaries(out: Path, asked: Mapping[str, Sequence[Problem]]) -> list[Profile]:
    by_id = {rate.problem: rate for rate in rates(out)}
    summaries = []
    for name, problems in asked.items():
        found = [by_id[problem.id] for problem in problems]
        total = sum(rate.samples for rate in found)
        never, always = sum(rate.share == 0 for rate in found), sum(rate.share == 1 for rate in found)
        solved = sum(rate.solved for rate in found)
        teach = len(found) - never - always
        summaries.append(Profile(name, len(found), total, solved / max(1, total), never, teach, always))
    return summaries
