"""From a program and the tests of a problem to a score."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from prorl.tasks.code import extract
from prorl.tasks.code.compare import same_output, same_value
from prorl.tasks.contract import Outcome, Problem, Verdict
from prorl.tasks.options import Options
from prorl.verify.programs import Program, ProgramBroken, checked, running
from prorl.verify.sandbox import tier_for
from prorl.verify.sandbox_limits import Limits, Tier

_AROUND = 1.0
"""Seconds for what surrounds a program: ending it, a busy machine."""


@dataclass(frozen=True, slots=True)
class Cases:
    """The tests of a problem.

    `kind` is `stdin` (each of `inputs` is a text), `call` (each is a list of arguments for `entry`) or `check` (`check`
    is a program that defines `check(candidate)`, all or nothing). What `prelude` defines every program has.
    `alternatives`: an expected list of one value may stand for that value.
    """

    kind: str
    inputs: tuple[Any, ...] = ()
    outputs: tuple[Any, ...] = ()
    entry: str = ""
    prelude: str = ""
    check: str = ""
    packages: tuple[str, ...] = ()
    alternatives: bool = False

    def payload(self, solution: str | None = None) -> dict[str, Any]:
        """A problem's payload: these tests, and a program that passes them if there is one."""
        return {"tests": {field.name: getattr(self, field.name) for field in fields(self)}, "solution": solution}

    @staticmethod
    def of(payload: Mapping[str, Any]) -> Cases:
        """The tests in a problem's payload."""
        return Cases(**payload["tests"])


class Judging:
    """How a code task judges: its sandbox, its limits. Picklable; the sandbox is probed once in each process."""

    OPTIONS = ("seconds", "memory_megabytes", "allow_weak_sandbox")

    def __init__(self, task: str, options: Options) -> None:
        """Options: `seconds` for all tests of a problem together (default 5), `memory_megabytes` of one process
        (default 1024), `allow_weak_sandbox` (default false). Raises UserError.
        """
        self._task = task
        self._limits = Limits(
            seconds=options.number("seconds", 5.0, 0.1, 600.0),
            memory=options.whole("memory_megabytes", 1024, 64, 1 << 20) << 20,
        )
        self._allow_weak = options.flag("allow_weak_sandbox", False)

    @property
    def least_deadline(self) -> float:
        """Seconds that a judgement takes at most: a verifier pool must wait longer."""
        return self._limits.seconds + _AROUND

    def prepare(self) -> None:
        """Probe the sandbox ahead of the first judgement. Raises UserError if there is none that will do."""
        tier_for(self._task, self._allow_weak)

    def judge(self, problem: Problem, text: str) -> Verdict:
        """Judge one completion. Raises UserError, SandboxFailed."""
        return verdict(text, Cases.of(problem.payload), self._limits, tier_for(self._task, self._allow_weak))


def verdict(text: str, tests: Cases, limits: Limits, tier: Tier) -> Verdict:
    """Judge a completion: the share of all tests that its program passes, 0 past `limits.seconds` in all.

    Strict and tolerant extraction find the same program whenever strict finds one, so one run serves both. Raises
    SandboxFailed.
    """
    strict = extract.strict(text)
    source = strict if strict is not None else extract.tolerant(text)
    if source is None:
        return Verdict(0.0, Outcome.UNPARSEABLE, detail="no block of Python")
    score, detail = score_of(source, tests, limits, tier)
    if strict is None:
        return Verdict(0.0, Outcome.UNPARSEABLE, score, source, f"no closed ```python block; {detail}".rstrip("; "))
    return Verdict(score, Outcome.SOLVED if score >= 1.0 else Outcome.WRONG, score, source, detail)


def score_of(source: str, tests: Cases, limits: Limits, tier: Tier) -> tuple[float, str]:
    """The share of all tests that a program passes, and about what went wrong first. Raises SandboxFailed."""
    try:
        if tests.kind == "check":
            why = checked(source, tests.prelude, tests.check, tests.entry, limits, tier, tests.packages)
            return (0.0, why) if why else (1.0, "")
        return _share(source, tests, limits, tier)
    except ProgramBroken as error:
        return 0.0, f"not a program: {error}"
    except TimeoutError:
        return 0.0, f"all tests together took longer than {limits.seconds:g} s"


def _share(source: str, tests: Cases, limits: Limits, tier: Tier) -> tuple[float, str]:
    until = time.monotonic() + limits.seconds
    passed, first = 0, ""
    run: Callable[[Program, Any, Any], str] = _run if tests.kind == "stdin" else _call(tests.alternatives)
    inputs = tests.inputs
    if tests.kind == "stdin":
        inputs = tuple(text.encode("utf-8", "surrogatepass") for text in inputs)
        limits = replace(limits, file_size=max(limits.file_size, *map(len, inputs)))  # an input is a file
    with running(source, limits, tier, tests.entry, tests.prelude) as program:
        for number, (given, wanted) in enumerate(zip(inputs, tests.outputs, strict=True), start=1):
            why = run(program, given, wanted)
            passed += not why
            first = first or (f"test {number}: {why}" if why else "")
            if time.monotonic() > until:
                raise TimeoutError
    return passed / len(tests.inputs), f"{passed} of {len(tests.inputs)} tests passed; {first}" if first else ""


def _run(program: Program, given: bytes, wanted: str) -> str:
    """Why a test with standard input fails; nothing if it passes."""
    ran = program.run(given)
    if ran.failed:
        return ran.failed
    if type(ran.value) is bytes and same_output(ran.value, wanted):
        return ""
    return "another output is expected"


def _call(alternatives: bool) -> Callable[[Program, Any, Any], str]:
    def call(program: Program, given: Any, wanted: Any) -> str:
        ran = program.call(tuple(given))
        if ran.failed:
            return ran.failed
        if same_value(ran.value, wanted):
            return ""
        if alternatives and isinstance(wanted, list) and len(wanted) == 1 and same_value(ran.value, wanted[0]):
            return ""
        return "another value is expected"

    return call
