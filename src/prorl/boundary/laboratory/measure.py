"""The measurement: every model on the suite, then the controls that its outcome calls for."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import polars as pl

from prorl.boundary.claim_power import blind_guesses
from prorl.boundary.claims import candidates
from prorl.boundary.laboratory import steps
from prorl.boundary.laboratory.bench import Bench
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.guessing import guess_columns
from prorl.boundary.laboratory.plan import FRESH, Plan
from prorl.boundary.laboratory.scoring import Scores, score
from prorl.boundary.laboratory.subject import Subject
from prorl.boundary.laboratory.swapping import swap_columns
from prorl.boundary.laboratory.tally import answer_counts, outcome_shares, right_answers
from prorl.boundary.laboratory.temperature import at, matched
from prorl.boundary.laboratory.verified import checked_tasks, hold_to_judge, hold_to_steps, tasks_with_steps
from prorl.boundary.samples import write_whole
from prorl.boundary.store.key import Key
from prorl.errors import UserError
from prorl.files import replace
from prorl.tasks.contract import Problem


def measure(bench: Bench, subjects: Sequence[Subject], plan: Plan, trained: frozenset[str] = frozenset()) -> Evidence:
    """Sample all subjects, the base first, and its controls. What the store holds already is not made again.

    `trained`: the tasks that training asked, where that is known. What was measured is written down at the end, so that
    it can be counted again without a model (`imports.ours`).
    """
    names = [subject.name for subject in subjects]
    if len(set(names)) < len(names):
        raise UserError(f"a model is named twice: {', '.join(names)}; each can be compared once")
    bench.begin()
    keys = {
        subject.name: bench.sample(
            subject, plan.asking, plan.seed, plan.samples, bench.problems, f"sampling {subject.name}"
        )
        for subject in subjects
    }
    evidence = Evidence(
        counts={name: bench.counts(key, plan.samples, bench.problems) for name, key in keys.items()},
        samples=plan.samples,
        source=_source(bench, subjects, plan, keys, trained),
        answers={name: answer_counts(_rows(bench, key, plan)) for name, key in keys.items()},
        shares={name: outcome_shares(_rows(bench, key, plan)) for name, key in keys.items()},
        right={name: right_answers(_rows(bench, key, plan)) for name, key in keys.items()},
        steps={subject.name: subject.step for subject in subjects if subject.step is not None},
        questions=bench.store.questions.read(),
        trained=trained,
    )
    _check_steps(bench, plan, keys, evidence)
    _look_again(bench, subjects, plan, keys, evidence)
    if plan.scored:
        _score(bench, subjects, plan, keys, evidence)
    if plan.match_entropy:
        _match(bench, subjects, plan, keys, evidence)
    bench.release()
    content = json.dumps(evidence.source, indent=1).encode() + b"\n"
    replace(bench.store.folder / "measurement.json", content)
    return evidence


def _rows(bench: Bench, key: Key, plan: Plan) -> pl.LazyFrame:
    asked = [problem.id for problem in bench.problems]
    rows = bench.store.parts(key).scan()
    return rows.filter((pl.col("sample") < plan.samples) & pl.col("problem").is_in(asked))


def _check_steps(bench: Bench, plan: Plan, keys: Mapping[str, Key], evidence: Evidence) -> None:
    """Have reasoning checked by the tasks and by the judge, and write down by what, so that it is never left out."""
    rows = {name: _rows(bench, key, plan) for name, key in keys.items()}
    tasks: list[str] = []
    if steps.check(bench, keys.values()):
        tasks = tasks_with_steps(bench.store, keys.values(), plan.samples)
        hold_to_steps(evidence, bench.store, keys, rows, tasks)
    judge = steps.ask(bench, keys.values(), plan.judge) if plan.judge else ""
    if judge:
        hold_to_judge(evidence, bench.store, keys, rows, tasks, judge)
    evidence.source["checked"] = {"steps": tasks, "judge": judge}


def _look_again(
    bench: Bench, subjects: Sequence[Subject], plan: Plan, keys: Mapping[str, Key], evidence: Evidence
) -> None:
    """The controls of problems that look newly solvable: guesses, swaps, and a fresh base sample of the same size."""
    base, *tuned = subjects
    looking_new: dict[str, Problem] = {}
    by_id = {problem.id: problem for problem in bench.problems}
    unsolved = [by_id[problem] for problem in evidence.counts[base.name].filter(pl.col("c") == 0)["problem"]]
    for subject in tuned:
        ids = [problem for _, problem in candidates(evidence.counts[base.name], evidence.counts[subject.name])]
        chosen = [by_id[problem] for problem in ids]
        looking_new |= dict(zip(ids, chosen, strict=True))
        guesses = guess_columns(bench, subject, keys[subject.name], plan, chosen)
        write_whole(guesses, bench.store.folder / "controls" / f"guesses-{keys[subject.name].model}.parquet")
        evidence.guesses[subject.name] = guesses
        unchecked = {problem.task for problem in chosen} - checked_tasks(evidence, subject.name)
        what = f"judging answers of {subject.name} at other problems"
        swaps = swap_columns(bench, keys[subject.name], plan, unsolved, unchecked, what)
        write_whole(swaps, bench.store.folder / "controls" / f"swaps-{keys[subject.name].model}.parquet")
        evidence.swaps[subject.name] = swaps
    if not tuned:
        return
    chosen = list(looking_new.values())
    what = f"{base.name}: a fresh sample of {len(chosen)} problems that look new"
    fresh = bench.sample(base, plan.asking, plan.seed + FRESH, plan.samples, chosen, what)
    evidence.fresh = bench.counts(fresh, plan.samples, chosen)


def _score(bench: Bench, subjects: Sequence[Subject], plan: Plan, keys: Mapping[str, Key], evidence: Evidence) -> None:
    """Own completions for the entropy, and right answers crosswise with the base for perplexity."""
    base = subjects[0]

    def scored(scorer: Subject, author: Subject, right_ones: bool) -> Scores:
        of, problems = keys[author.name], bench.problems
        return score(bench, scorer, author, of, problems, plan.scored, counted=plan.samples, right_ones=right_ones)

    for scorer in subjects:
        evidence.scores.append(scored(scorer, scorer, False))
        for author in subjects if scorer is base else (base, scorer):
            evidence.scores.append(scored(scorer, author, True))


def _match(bench: Bench, subjects: Sequence[Subject], plan: Plan, keys: Mapping[str, Key], evidence: Evidence) -> None:
    base, *tuned = subjects
    for subject in tuned:
        found = matched(bench, base, subject, keys[base.name], plan)
        asking = at(plan.asking, found.temperature)
        what = f"sampling {subject.name} at temperature {found.temperature:g}"
        key = bench.sample(subject, asking, plan.seed, plan.samples, bench.problems, what)
        evidence.matched.append(found)
        evidence.at_matched[subject.name] = bench.counts(key, plan.samples, bench.problems)


def _source(
    bench: Bench, subjects: Sequence[Subject], plan: Plan, keys: Mapping[str, Key], trained: frozenset[str]
) -> dict[str, Any]:
    return {
        "command": plan.command,
        "models": {name: key.model for name, key in keys.items()},
        "steps": {subject.name: subject.step for subject in subjects if subject.step is not None},
        "asking": asdict(plan.asking),
        "samples": plan.samples,
        "seed": plan.seed,
        "fresh_seed": plan.seed + FRESH,
        "guess": plan.guess,
        "guesses": {"blind": blind_guesses(plan.samples), "direct": plan.samples, "off": 0}[plan.guess],
        "problems": len(bench.problems),
        "tasks": sorted({problem.task for problem in bench.problems}),
        "trained": sorted(trained),
        "asked": [problem.id for problem in bench.problems],
    }
