"""LiveCodeBench (Jain et al. 2024, arXiv:2403.07974), and local data of its schema.

Tests are JSON lists of `{input, output, testtype}` in `public_test_cases` and `private_test_cases`. The private ones
may be packed: JSON, pickled, compressed by zlib, in base64. `metadata.func_name` names the function where one is
asked for; then an input has one JSON value a line.
"""

from __future__ import annotations

import base64
import io
import json
import pickle
import zlib
from collections.abc import Mapping
from typing import Any

from prorl.errors import UserError
from prorl.tasks.code.judging import Cases, Judging
from prorl.tasks.code.prelude import PRELUDE
from prorl.tasks.code.words import SYSTEM
from prorl.tasks.contract import Message, Problem, Verdict
from prorl.tasks.dataset import OPTIONS, DatasetTask
from prorl.tasks.deal import TEST_ONLY
from prorl.tasks.options import Options
from prorl.tasks.rows import Row

_COLUMNS = ("question_content", "public_test_cases", "private_test_cases")
_OPTIONAL = ("starter_code", "metadata")
_LARGEST = 1 << 28
"""Bytes that packed tests may unpack to."""


class LiveCodeBenchTask(DatasetTask):
    """Contest problems: programs that read standard input, or methods of a class `Solution`; all are in the test split.

    The score is the share of all tests passed; the benchmark's own figure is the share of answers SOLVED.
    """

    def __init__(self, name: str, options: Mapping[str, Any] | None = None, worked_examples: int = 0) -> None:
        """Options: `source`, `splits`, and those of `Judging`. Raises UserError."""
        given = Options(name, options, (*OPTIONS, *Judging.OPTIONS))
        self._judging = Judging(name, given)
        self.least_deadline = self._judging.least_deadline
        super().__init__(
            name,
            worked_examples,
            source=given.text("source", "hf:livecodebench/code_generation_lite:test"),
            columns=_COLUMNS,
            optional=_OPTIONAL,
            shares=given.shares("splits", TEST_ONLY),
            system=SYSTEM,
        )

    def problem_of(self, row: Row) -> Problem | None:
        """The problem of a row; None if it has no tests."""
        tests = self._tests(row)
        starter = (row["starter_code"] or "").strip()
        form = (
            f"Begin with this code and complete it:\n\n```python\n{starter}\n```"
            if tests.kind == "call"
            else "Read from standard input and write to standard output."
        )
        question = f"{row['question_content'].strip()}\n\n{form}"
        return Problem.of(self.name, [Message("user", question)], tests.payload()) if tests.inputs else None

    def judge(self, problem: Problem, text: str) -> Verdict:
        """The share of all tests that the program passes."""
        return self._judging.judge(problem, text)

    def prepare(self) -> None:
        """Probe the sandbox. Raises UserError if there is none that will do."""
        self._judging.prepare()

    def _tests(self, row: Row) -> Cases:
        try:
            cases = _cases(row["public_test_cases"]) + _cases(row["private_test_cases"])
            inputs = tuple(case["input"] for case in cases)
            outputs = tuple(case["output"] for case in cases)
            if not any(case.get("testtype") == "functional" for case in cases):
                return Cases("stdin", inputs, outputs, prelude=PRELUDE)
            metadata = row["metadata"] or "{}"
            entry = (json.loads(metadata) if isinstance(metadata, str) else metadata)["func_name"]
            arguments = tuple(tuple(json.loads(line) for line in given.split("\n") if line.strip()) for given in inputs)
            return Cases("call", arguments, tuple(map(json.loads, outputs)), entry, prelude=PRELUDE)
        except (ValueError, KeyError, TypeError, AttributeError, zlib.error, pickle.UnpicklingError, EOFError) as error:
            reason = f"{type(error).__name__}: {error}"
            shown = repr(row["question_content"])[:80]
            raise UserError(
                f"{self.name}: the tests of a row are not as in LiveCodeBench ({reason}): {shown}"
            ) from error


def _cases(packed: Any) -> list[dict[str, Any]]:
    if isinstance(packed, str):
        try:
            packed = json.loads(packed)
        except ValueError:
            packed = json.loads(_unpacked(packed))
    if not isinstance(packed, list):
        raise ValueError("test cases must be a list")
    return packed


def _unpacked(text: str) -> str:
    opened = zlib.decompressobj()
    content = opened.decompress(base64.b64decode(text, validate=True), _LARGEST)
    if opened.unconsumed_tail:
        raise ValueError(f"packed tests of more than {_LARGEST} bytes")
    unpickled = _OnlyText(io.BytesIO(content)).load()
    if isinstance(unpickled, bytes):
        return unpickled.decode()
    if not isinstance(unpickled, str):
        raise ValueError("packed tests must be a text")
    return unpickled


class _OnlyText(pickle.Unpickler):
    """A pickle can make any object and so run any code; one that holds a text needs none."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it wants {module}.{name}")
