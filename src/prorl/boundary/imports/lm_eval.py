"""Files that lm-evaluation-harness writes with --log_samples: samples_<task>_<time>.jsonl, one line a document.

A line has the metric's value for what its filter made of the responses. Where a task has a strict filter and others
(GSM8K: strict-match and flexible-extract), the strict one is the score and the best of the others the tolerant score.
With repeats > 1 the metric is one number for all responses, so each filtered response is held against the target, and
refused where that can't tell right from wrong. Several requests, such as one for each choice, make up one answer.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import polars as pl

from prorl.boundary.samples import SCALE, SUCCESS
from prorl.boundary.store.rows import SCHEMA
from prorl.errors import UserError
from prorl.files import text_lines
from prorl.verify.verdict import Outcome

_NAME = re.compile(r"samples_(?P<task>.+?)(?:_\d{4}-\d{2}-\d{2}T[\d.:-]+)?\.jsonl")
_METRICS = ("exact_match", "acc", "pass@1", "pass_at_1", "math_verify", "prompt_level_strict_acc")
_SOLUTION = "####"
"""What stands before the answer in a target that is a whole solution, as GSM8K's are."""
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


def task_of(file: Path) -> str:
    """The task, which only the file's name tells."""
    named = _NAME.fullmatch(file.name)
    return named["task"] if named else file.stem


def read(file: Path) -> pl.LazyFrame:
    """The samples of a file. The model is the folder's name, as the harness writes it. Raises UserError."""
    task = task_of(file)
    by_document: dict[tuple[int, str], dict[str, Mapping[str, Any]]] = {}
    for number, line in enumerate(text_lines(file), 1):
        try:
            record = json.loads(line)
        except ValueError:
            raise UserError(f"{file}, line {number}: no JSON; was the file cut off?") from None
        document = int(record["doc_id"]), str(record.get("doc_hash") or record["doc_id"])
        by_filter, name = by_document.setdefault(document, {}), str(record.get("filter", "none"))
        if name in by_filter:
            raise UserError(f"{file}, line {number}: document {document[0]} is in it twice; were two files joined?")
        by_filter[name] = record
    rows = [row for document, filters in _named(by_document) for row in _rows(file, task, document, filters)]
    return pl.DataFrame(rows, schema=SCHEMA).lazy()


def _named(
    by_document: Mapping[tuple[int, str], dict[str, Mapping[str, Any]]],
) -> Iterator[tuple[str, dict[str, Mapping[str, Any]]]]:
    """Documents by their hash; equal ones are numbered on by their places in the data set: abc, abc-2, abc-3."""
    met: Counter[str] = Counter()
    for (_, document), filters in sorted(by_document.items(), key=lambda item: item[0]):
        met[document] += 1
        yield document if met[document] == 1 else f"{document}-{met[document]}", filters


def _rows(file: Path, task: str, document: str, filters: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    strict = next((name for name in filters if _STRICT.search(name)), next(iter(filters)))
    scores = {name: _scores(file, record) for name, record in filters.items()}
    texts = _flat(filters[strict]["resps"])
    answers = _flat(filters[strict]["filtered_resps"])
    if len({len(texts), *map(len, scores.values())}) > 1:
        raise UserError(f"{file}: document {document} has {len(texts)} responses but not as many verdicts")
    for sample, text in enumerate(texts):
        score = scores[strict][sample]
        answer = answers[sample] if len(answers) == len(texts) else None
        yield {
            "model": file.parent.name, "task": task, "problem": document, "sample": sample, "score": score,
            "tolerant_score": max(values[sample] for values in scores.values()),
            "outcome": _outcome(score, answer), "text": text if isinstance(text, str) else None,
            "answer": answer if isinstance(answer, str) else None,
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
        target = str(record["target"]).rsplit(_SOLUTION, 1)[-1].strip()
        found = [float(str(answer).strip() == target) for answer in filtered]
        if "exact_match" not in record or (not any(found) and any(record[name] > 0 for name in _known(record))):
            raise UserError(
                f"{file}: the {len(responses)} responses to document {record['doc_id']} can't be told right from wrong "
                "one by one; log with repeats: 1 and several seeds"
            )
        return found
    known = _known(record)
    if not known:
        raise UserError(f"{file}: no metric found; known are {', '.join(_METRICS)} and those that `metrics` lists")
    score = float(record[known[0]])
    if not 0.0 <= score <= 1.0:
        raise UserError(f"{file}: document {record['doc_id']}: {known[0]} is {score:g}, but {SCALE}")
    return [score]


def _known(record: Mapping[str, Any]) -> list[str]:
    """The metrics of a record that are numbers, those we know first."""
    names = (*_METRICS, *record.get("metrics", ()))
    return [name for name in names if isinstance(record.get(name), int | float) and isfinite(record[name])]


def _outcome(score: float, filtered: Any) -> str:
    """Unparseable where the strict filter found nothing."""
    if score >= SUCCESS:
        return Outcome.SOLVED.value
    return (Outcome.UNPARSEABLE if str(filtered).strip() in ("", _NOTHING) else Outcome.WRONG).value


def _flat(responses: Any) -> Sequence[Any]:
    """The responses to a document: [[a, b]] and [a, b] are both two, and of several requests, [[a], [b]], it is one."""
    if len(responses) > 1 and isinstance(responses[0], list):
        return [responses]
    inner = responses[0] if len(responses) == 1 and isinstance(responses[0], list) else responses
    return list(inner)
