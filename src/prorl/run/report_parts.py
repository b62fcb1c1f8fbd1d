"""The report's facts, environment and journal, as plain data for the page's template."""

from __future__ import annotations

from typing import Any

from prorl.run import journal
from prorl.run.progress import AT_MOST
from prorl.run.report_data import RunFiles


def status(files: RunFiles) -> str:
    """Where the run stands, in one line."""
    last = files.metrics[-1]["step"] if files.metrics else 0
    total, at_most = total_steps(files)
    of = f" of {AT_MOST * at_most}{total}" if total else ""
    return f"finished after step {last}" if files.finished else f"not finished: step {last}{of}"


def total_steps(files: RunFiles) -> tuple[int, bool]:
    """Steps of the whole run as far as is known, and whether that is the most it can be; 0 if the recipe doesn't say.

    Stages that are over count what they took.
    """
    done, over = journal.stages_over(journal.effective(files.events))
    ahead = (files.recipe.get("stages") or [])[over:]
    return done + sum(int(stage.get("steps", 0)) for stage in ahead), any(stage.get("until") for stage in ahead)


def facts(files: RunFiles) -> list[tuple[str, str]]:
    """What was run, as names and values."""
    recipe = files.recipe
    rollout = recipe.get("rollout") or {}
    stages = [f"{stage.get('name', '?')} ({stage.get('steps', '?')} steps)" for stage in recipe.get("stages") or []]
    tasks = [str(task.get("task", task)) if isinstance(task, dict) else str(task) for task in recipe.get("tasks") or []]
    found: list[tuple[str, Any]] = [
        ("model", recipe.get("model")),
        ("tasks", f"{len(tasks)}: {', '.join(task.rsplit('/', 1)[-1] for task in tasks)}" if tasks else None),
        ("stages", " → ".join(stages) or None),
        ("resets", sum(marker.kind == "reset" for marker in files.markers)),
        ("prompts per step", rollout.get("prompts_per_step")),
        ("samples per prompt", rollout.get("samples_per_prompt")),
        ("seed", recipe.get("seed")),
        ("precision", (recipe.get("compute") or {}).get("precision")),
        ("began (UTC)", _moment(files.events[0]["at"]) if files.events else None),
        ("last entry (UTC)", _moment(files.events[-1]["at"]) if files.events else None),
    ]
    return [(name, str(value)) for name, value in found if value is not None]


def environment(files: RunFiles) -> list[tuple[str, str]]:
    """What the last process that worked on the run was, as names and values."""
    if not files.environments:
        return []
    last = files.environments[-1]
    found: list[tuple[str, Any]] = [
        ("processes", len(files.environments)),
        ("prorl", last.get("prorl")),
        ("Python", last.get("python")),
        ("packages", ", ".join(f"{name} {version}" for name, version in (last.get("packages") or {}).items())),
        ("system", last.get("system")),
        ("processor", last.get("processor")),
        ("cores", last.get("cores")),
        ("threads", last.get("threads")),
        ("memory", f"{last['memory_gib']} GiB" if "memory_gib" in last else None),
        ("GPUs", ", ".join(last.get("gpus") or []) or "none"),
        ("precision", last.get("precision")),
        ("arguments", " ".join(map(str, last.get("arguments") or [])) or None),
    ]
    return [(name, str(value)) for name, value in found if value is not None]


_UNSHOWN = ("event", "step", "at", "settings")
"""Fields with a column of their own, or a whole recipe that stands elsewhere on the page."""


def journal_rows(files: RunFiles) -> list[dict[str, Any]]:
    """Every journalled event; those that a later resume undid are marked."""
    holding = {id(event) for event in journal.effective(files.events)}
    return [
        {
            "event": event["event"],
            "step": event["step"],
            "at": _moment(event.get("at", "")),
            "undone": id(event) not in holding,
            "fields": ", ".join(f"{k}={v}" for k, v in event.items() if k not in _UNSHOWN),
        }
        for event in files.events
    ]


def _moment(at: object) -> str:
    """A journal's time to the second."""
    return str(at)[:19].replace("T", " ")
