"""Files that lm-evaluation-harness writes with --log_samples: samples_<task>_<time>.jsonl, one line a document.

A line has the metric's value for what its filter made of the responses. Where a task has a strict filter and others
(GSM8K: strict-match and flexible-extract), the strict one is the score and the best of the others the tolerant score.
With repeats > 1 the metric is one number for all responses, so each filtered response is held against the target.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from prorl.boundary.samples import SUCCESS
from prorl.boundary.store.rows import SCHEMA
from prorl.errors import UserError
from prorl.files import text_lines
from prorl.verify.verdict import Outcome

_NAME = re.compile(r"samples_(?P<task>.+?)(?:_\d{4}-\d{2}-\d{2}T[\d.:-]+)?\.jsonl")
_METRICS = ("exact_match", "acc", "pass@1", "pass_at_1", "math_verify", "prompt_level_strict_acc")
_STRICT = re.compile("strict", re.IGNORECASE)
_NOTHING = "[invalid]"
"""What the harness's filters write where they found no answer."""


def looks_like(file: Path) -> bool:
    """Whether the first line is one of lm-evaluation-harness."""
    if file.suffix != ".jsonl":
        return False
    with open(file, encoding="utf-8") as stream:
        try:
            first = json.loads(stream.readline() or "null")
        except ValueError:
            return False
    return isinstance(first, dict) and {"doc_id", "resps", "filtered_resps"} <= first.keys()


def read(file: Path) -> pl.LazyFrame:
    """The samples of a file. The model is the folder's name, as the harness writes it. Raises UserError."""
    named = _NAME.fullmatch(file.name)
    task = named["task"] if named else file.stem
    by_document: dict[str, dict[str, Mapping[str, Any]]] = {}
    for number, line in enumerate(text_lines(file), 1):
        try:
            record = json.loads(line)
        except ValueError:
            raise UserError(f"{file}, line {number}: no JSON; was the file cut off?") from None
        document = str(record.get("doc_hash") or record["doc_id"])
        by_document.setdefault(document, {})[str(record.get("filter", "none"))] = record
    rows = [row for document, filters in by_document.items() for row in _rows(file, task, document, filters)]
    return pl.DataFrame(rows, schema=SCHEMA).lazy()


def _rows(file: Path, task: str, document: str, filters: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    strict = next((name for name in filters if _STRICT.search(name)), next(iter(filters)))
    scores = {name: _scores(file, record) for name, record in filters.items()}
    texts = _flat(filters[strict]["resps"])
    answers = _flat(filters[strict]["filtered_resps"])
    if len({len(texts), *map(len, scores.values())}) > 1:
        raise UserError(f"{file}: document {document} has {len(texts)} responses but not as many verdicts")
    for sample, text in enumerate(texts):
        score = scores[strict][sample]
        yield {
            "model": file.parent.name, "task": task, "problem": document, "sample": sample, "score": score,
            "tolerant_score": max(values[sample] for values in scores.values()),
            "outcome": _outcome(score, answers[sample] if len(answers) == len(texts) else None), "text": str(text),
            "answer": str(answers[sample]) if len(answers) == len(texts) else None,
        }  # fmt: skip


def _scores(file: Path, record: Mapping[str, Any]) -> list[float]:
    """A score for every response."""
    responses, filtered = _flat(record["resps"]), _flat(record["filtered_resps"])
    if len(responses) > 1:
        if len(filtered) != len(responses):
            raise UserError(
                f"{file}: document {record['doc_id']} has {len(responses)} responses, of which the filter "
                f"{record.get('filter')} kept {len(filtered)}; log with a filter that keeps all of them"
            )
        target = str(record["target"]).strip()
        return [float(str(answer).strip() == target) for answer in filtered]
    listed = [name for name in record.get("metrics", ()) if isinstance(record.get(name), int | float)]
    known = [name for name in (*_METRICS, *listed) if isinstance(record.get(name), int | float)]
    if not known:
        raise UserError(f"{file}: no metric found; known are {', '.join(_METRICS)} and those that `metrics` lists")
    return [float(record[known[0]])]


def _outcome(score: float, filtered: Any) -> str:
    """Unparseable where the strict filter found nothing."""
    if score >= SUCCESS:
        return Outcome.SOLVED.value
    return (Outcome.UNPARSEABLE if str(filtered).strip() in ("", _NOTHING) else Outcome.WRONG).value


def _flat(responses: Any) -> Sequence[Any]:
    """The responses of the first request: [[a, b]] and [a, b] are both two responses."""
    inner = responses[0] if len(responses) == 1 and isinstance(responses[0], list) else responses
    return list(inner)
