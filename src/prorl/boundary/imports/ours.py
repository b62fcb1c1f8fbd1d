"""A folder that `prorl boundary` wrote, counted again: without a model, without sampling."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from prorl.boundary.imports.reasoning import hold_to_checks
from prorl.boundary.imports.whole import check_once, check_readable, check_whole
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.plan import FRESH
from prorl.boundary.laboratory.tally import answer_counts, outcome_shares, right_answers
from prorl.boundary.laboratory.verified import checked_tasks
from prorl.boundary.samples import counts
from prorl.boundary.store.key import Asking, Key, Mode
from prorl.boundary.store.store import Store
from prorl.boundary.store.verdicts import scan
from prorl.errors import UserError


def evidence_of(
    folder: Path, models: Sequence[str], samples: int | None, command: str, verdicts: str | None = None
) -> Evidence:
    """What the samples of the last measurement in this folder show, under its first verdicts or those of a label.

    The guess control and the checks of reasoning of that measurement are used; scores and temperature control are not
    made again. Where reasoning was checked and the verdicts can't be read, the tasks are `unread`. Raises UserError for
    a folder that lacks some of the samples, or holds one twice.
    """
    store = Store.read(folder)
    if not (folder / "measurement.json").is_file():
        raise UserError(f"{folder}: it holds samples but no whole measurement; run prorl boundary there to its end")
    source: dict[str, Any] = json.loads((folder / "measurement.json").read_text(encoding="utf-8"))
    names = list(models) or list(source["models"])
    unknown = [name for name in names if name not in source["models"]]
    if unknown:
        raise UserError(f"{folder}: no samples of {', '.join(unknown)}; there are {', '.join(source['models'])}")
    n = samples or source["samples"]
    if n > source["samples"]:
        raise UserError(f"--samples {n}: {folder} was measured with {source['samples']}; ask for at most so many")
    asking = Asking(**{**source["asking"], "mode": Mode(source["asking"]["mode"])})
    asked = source["asked"]

    def rows(name: str, seed: int) -> pl.LazyFrame:
        key = Key(source["models"][name], asking, seed)
        check_readable(store.parts(key))
        found = store.parts(key).scan() if verdicts is None else scan(store, key, verdicts)
        return found.filter((pl.col("sample") < n) & pl.col("problem").is_in(asked))

    keys = {name: Key(model, asking, source["seed"]) for name, model in source["models"].items()}
    of_models = {name: rows(name, source["seed"]) for name in names}
    for name, found in of_models.items():
        check_whole(store.parts(keys[name]), name, found, n * len(asked), source["command"])
    again = rows(names[0], source["seed"] + FRESH)
    check_once(store.parts(replace(keys[names[0]], seed=source["seed"] + FRESH)), names[0], again)
    evidence = Evidence(
        counts={name: counts(part) for name, part in of_models.items()},
        samples=n,
        source={**source, "command": command, "measured_by": source["command"], "verdicts": verdicts or "first"},
        answers={name: answer_counts(part) for name, part in of_models.items()},
        shares={name: outcome_shares(part) for name, part in of_models.items()},
        right={name: right_answers(part) for name, part in of_models.items()},
        steps={name: step for name, step in source["steps"].items() if name in names},
        fresh=counts(again),
        guesses=_controls(folder, "guesses", source["models"], names),
        swaps=_controls(folder, "swaps", source["models"], names),
        questions=store.questions.read(),
        trained=frozenset(source["trained"]),
    )
    hold_to_checks(evidence, store, keys, of_models, source)
    _warn_of_guesses(evidence, source)
    return evidence


def _controls(folder: Path, kind: str, models: dict[str, str], names: Sequence[str]) -> dict[str, pl.DataFrame]:
    """By model: a control that the measurement made of it."""
    files = {name: folder / "controls" / f"{kind}-{models[name]}.parquet" for name in names}
    return {name: pl.read_parquet(file, glob=False) for name, file in files.items() if file.exists()}


def _warn_of_guesses(evidence: Evidence, source: dict[str, Any]) -> None:
    """Say so where guesses were drawn before they were mixed, and where repeated ones were not controlled for."""
    notes = []
    if source["guess"] == "blind" and "guesses" not in source and evidence.guesses:
        note = "the blind guesses at a problem may all be answers to one other; run its command again to mix them"
        notes.append(note)
    unknown = {
        task
        for name in evidence.guesses.keys() - evidence.swaps.keys()
        for task in set(source["tasks"]) - checked_tasks(evidence, name)
    }
    if source["guess"] != "off" and unknown:
        tasks = ", ".join(sorted(unknown))
        notes.append(f"guesses that a model repeats were not controlled for in {tasks}; run its command again for that")
    if notes:
        evidence.source["notes"] = [*evidence.source.get("notes", []), *notes]
