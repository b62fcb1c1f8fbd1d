"""The report's rollout browser: a share of what was sampled, small enough for one page, chosen by rules.

Steps are spread over the run, with the first, the last, and those around every reset; of a step every task comes
before any comes twice; of a group each outcome comes before any comes twice. The page says how much it leaves out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from prorl.run.report_data import RunFiles, finite, records

BUDGET = 2_400_000
"""Bytes of JSON that the page may spend on rollouts."""
STEPS = 48
COMPLETIONS = 6
"""Of a group, at most."""
LONGEST_TEXT = 4_000
"""Characters of a text that the page shows."""


def browser(files: RunFiles) -> dict[str, Any]:
    """What the page's script browses: groups with their completions, and what was left out."""
    chosen = _steps(files)
    groups: list[dict[str, Any]] = []
    seen = 0
    for place, path in enumerate(chosen):
        # What a step doesn't use of its share is there for those after it.
        share = (BUDGET - _size(groups)) // (len(chosen) - place)
        whole = [record for record in records(path) if record.get("completions")]
        seen += len(whole)
        groups += _within(share, (_group(record, step_of(path)) for record in _tasks_in_turn(whole)))
    return {
        "groups": groups,
        "steps": [step_of(path) for path in chosen],
        "of_steps": len(files.rollouts),
        "left_out": seen - len(groups),
        "most": COMPLETIONS,
    }


def step_of(path: Path) -> int:
    """The step that a file of rollouts is of."""
    return int(path.stem.removeprefix("step_"))


def clip(text: str) -> str:
    """`text`, or its beginning and how much was left out."""
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]} … ({len(text) - LONGEST_TEXT:,} more characters)"


def _steps(files: RunFiles) -> list[Path]:
    count = len(files.rollouts)
    if count <= STEPS:
        return files.rollouts
    by_step = {step_of(path): path for path in files.rollouts}
    around = {step for marker in files.markers if marker.kind == "reset" for step in (marker.step - 1, marker.step)}
    wanted = [by_step[step] for step in sorted(around) if step in by_step][-STEPS // 2 :]
    free = STEPS - len(wanted)
    spread = [files.rollouts[round(index * (count - 1) / (free - 1))] for index in range(free)]
    return sorted({*wanted, *spread})


def _tasks_in_turn(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Every task's first group, then every task's second, and so on."""
    nth: dict[str, int] = {}
    ranked = []
    for place, group in enumerate(groups):
        task = str(group.get("task", ""))
        ranked.append((nth.get(task, 0), place))
        nth[task] = nth.get(task, 0) + 1
    return [groups[place] for _, place in sorted(ranked)]


def _within(share: int, groups: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Groups as long as they fit; one at least, so that no chosen step is empty."""
    spent = 0
    for number, group in enumerate(groups):
        spent += _size(group)
        if number and spent > share:
            return
        yield group


def _group(record: dict[str, Any], step: int) -> dict[str, Any]:
    completions = record["completions"]
    outcomes = [str(completion.get("outcome", "?")) for completion in completions]
    return {
        "step": step,
        "task": str(record.get("task", "")),
        "question": clip(str(record.get("question", ""))),
        "admission": record.get("admission"),
        "solved": outcomes.count("solved"),
        "of": len(completions),
        "completions": [_completion(completions[place]) for place in sorted(_various(outcomes))],
    }


def _various(outcomes: list[str]) -> list[int]:
    """Places of at most `COMPLETIONS` completions: every outcome once before any comes twice."""
    nth: dict[str, int] = {}
    ranked = []
    for place, outcome in enumerate(outcomes):
        ranked.append((nth.get(outcome, 0), place))
        nth[outcome] = nth.get(outcome, 0) + 1
    return [place for _, place in sorted(ranked)[:COMPLETIONS]]


def _completion(completion: dict[str, Any]) -> dict[str, Any]:
    text = str(completion.get("text", ""))
    kept = {name: completion.get(name) for name in ("score", "advantage", "tokens", "finished", "detail")}
    shown: dict[str, Any] = {"text": clip(text), "outcome": str(completion.get("outcome", "?")), **kept}
    chars, logprobs = completion.get("token_chars"), completion.get("token_logprobs")
    if chars and logprobs and len(text) <= LONGEST_TEXT:
        shown |= {
            "chars": chars,
            "logprobs": [None if (known := finite(value)) is None else round(known, 2) for value in logprobs],
        }
    return shown


def _rounded(logprob: Any) -> float | None:
    known = finite(logprob)
    return None if known is None else round(known, 2)


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
