"""The checks of reasoning that a measurement made, read again from its folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.verified import STEPS, hold_to_judge, hold_to_steps, tasks_with_steps
from prorl.boundary.store.key import Key
from prorl.boundary.store.store import Store
from prorl.boundary.store.verdicts import labels
from prorl.errors import UserError


def hold_to_checks(
    evidence: Evidence, store: Store, keys: Mapping[str, Key], rows: Mapping[str, pl.LazyFrame], source: dict[str, Any]
) -> None:
    """Count what stands under the checks that `source`, a measurement, says were made; what can't be read is `unread`.

    `keys` are those of all models that were measured, `rows` the samples that count, of the models that are compared.
    """
    said = source.get("checked") or _unsaid(store, keys, source)
    chosen = {name: keys[name] for name in rows}
    unread: set[str] = set()
    tasks = said["steps"]
    if tasks:
        try:
            hold_to_steps(evidence, store, chosen, rows, tasks)
        except UserError:
            unread, tasks = {*tasks}, []
    if said["judge"]:
        try:
            hold_to_judge(evidence, store, chosen, rows, tasks, said["judge"])
        except UserError:
            unread |= {*source["tasks"]}
    evidence.unread = frozenset(unread)
    if unread:
        note = f"reasoning was checked and the verdicts can't be read, so nothing is new in {', '.join(sorted(unread))}"
        evidence.source["notes"] = [*evidence.source.get("notes", []), note]


def _unsaid(store: Store, keys: Mapping[str, Key], source: dict[str, Any]) -> dict[str, Any]:
    """What a measurement checked that was written down before checks were: as its folder and its command show."""
    tasks: list[str] = []
    if STEPS in labels(store):
        try:
            tasks = tasks_with_steps(store, keys.values(), source["samples"])
        except UserError:
            tasks = source["tasks"]
    return {"steps": tasks, "judge": "judge" if "--judge" in source["command"] else ""}
