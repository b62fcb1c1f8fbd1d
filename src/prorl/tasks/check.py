"""The contract of a task, tested: what `prorl tasks check` does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from prorl.errors import UserError
from prorl.tasks.check_answers import EMPTY, GUESSES, JUNK, formed
from prorl.tasks.check_processes import Drawn
from prorl.tasks.contract import Outcome, Problem, Split, Task, Verdict
from prorl.tasks.describe import built_in
from prorl.tasks.shortcomings import reason

SLOWEST = 1.0
"""Seconds; a judgement that takes longer fails the check."""

GUESSABLE = 0.9
"""The check fails if answers given without reading the question solve so many problems."""

SHARED = 0.2
"""The check of an endless task fails if so many of the drawn test or validation problems are in another split too."""

_DRAW_SECONDS = 1.5
"""Time to spend on drawing problems of one split."""

CHECKS = {
    "solution": "the worked solution scores 1, and no step of it is wrong",
    "empty": "an empty answer scores 0 and is unparseable",
    "junk": "largest score of an answer that solves nothing",
    "floor": "smallest score of such an answer: what anybody gets",
    "repeats": "two instances draw the same, and judge the same twice",
    "processes": "other processes draw the same",
    "randomness": "the global random state is left alone",
    "seconds": "longest judgement",
    "splits": "share of test and validation problems that another split asks too",
    "guessing": "share of problems solved by an answer given without reading them",
}

Judge = Callable[[Problem, str], Verdict]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found. `known` is the written reason why a failure is accepted."""

    shown: str
    passed: bool
    known: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether it passed, or fails for a reason that stands on the list."""
        return self.passed or self.known is not None


@dataclass(slots=True)
class Report:
    """What all checks found for one task. `error` if it couldn't be built or drawn from."""

    task: str
    findings: dict[str, Finding] = field(default_factory=dict)
    error: str = ""
    needs_data: bool = False
    """Whether the error is that its data set is not at hand."""

    @property
    def accepted(self) -> bool:
        """Whether every check passed or is excused."""
        return not self.error and all(finding.accepted for finding in self.findings.values())


def check(name: str, make: Callable[[], Task], judge: Judge, drawn: Sequence[Drawn], count: int = 6) -> Report:
    """Check a task with up to `count` problems.

    `judge` judges in a worker, so that no verifier hangs or ends this process; `drawn` is what other processes drew.
    """
    report = Report(name)

    def found(check: str, shown: str, passed: bool) -> None:
        report.findings[check] = Finding(shown, passed, reason(name, check))

    task = make()
    problems = _problems(task, Split.TRAIN, count)
    solve: Callable[[Problem], str | None] = getattr(task, "worked_solution", lambda problem: None)
    solutions = [solve(problem) for problem in problems]
    timed = _Timed(judge)
    timed(problems[0], "warm up")
    timed.slowest = 0.0
    verdicts = [timed(p, solution) for p, solution in zip(problems, solutions, strict=True) if solution is not None]
    lowest = min((verdict.score for verdict in verdicts), default=None)
    shown = "none known" if lowest is None else f"{lowest:g}"
    steps: Callable[[Problem, str], bool | None] = getattr(task, "check_steps", lambda problem, text: None)
    refuted = any(steps(p, solution) is False for p, solution in zip(problems, solutions, strict=True) if solution)
    found("solution", f"{shown}, a step is wrong" if refuted else shown, lowest in (None, 1.0) and not refuted)
    _check_worthless(found, timed, problems, solutions)
    _check_repeats(found, task, make(), timed, problems, solutions, count)
    _check_processes(found, drawn)
    found("seconds", f"{timed.slowest:.2f}", timed.slowest <= SLOWEST)
    _check_splits(found, task)
    return report


Found = Callable[[str, str, bool], None]


class _Timed:
    """A judge that remembers its slowest judgement, in seconds."""

    def __init__(self, judge: Judge) -> None:
        self.judge, self.slowest = judge, 0.0

    def __call__(self, problem: Problem, text: str) -> Verdict:
        begun = time.perf_counter()
        verdict = self.judge(problem, text)
        self.slowest = max(self.slowest, time.perf_counter() - begun)
        return verdict


def _check_worthless(found: Found, judge: Judge, problems: Sequence[Problem], solutions: Sequence[str | None]) -> None:
    asked = list(zip(problems, solutions, strict=True))
    empty = [judge(p, text) for p, solution in asked[:3] for text in (*EMPTY, *(formed(t, solution) for t in EMPTY))]
    wrong = [verdict for verdict in empty if verdict.score > 0 or verdict.outcome is not Outcome.UNPARSEABLE]
    found("empty", _worst(wrong) if wrong else "0", not wrong)
    junk = [judge(problem, formed(text, solution)) for problem, solution in asked for text in JUNK]
    broken = [verdict for verdict in junk if verdict.outcome in (Outcome.ERROR, Outcome.TIMEOUT)]
    highest, lowest = max(verdict.score for verdict in junk), min(verdict.score for verdict in junk)
    found("junk", _worst(broken) if broken else f"{highest:.2g}", not broken and highest == 0)
    blind = [[judge(p, formed(guess, solution)).score >= 1 for p, solution in asked] for guess in GUESSES]
    others = [
        judge(problem, other)
        for number, problem in enumerate(problems)
        for other in solutions
        if other not in (None, solutions[number])
    ]
    found("floor", f"{min([lowest, *(verdict.score for verdict in others if verdict.score < 1)]):.2g}", lowest == 0)
    borrowed = sum(verdict.score >= 1 for verdict in others) / max(1, len(others))
    rate = max(borrowed, *(sum(row) / len(row) for row in blind))
    found("guessing", f"{rate:.0%}", rate < GUESSABLE)


def _worst(verdicts: Sequence[Verdict]) -> str:
    worst = max(verdicts, key=lambda verdict: verdict.score)
    return f"{worst.outcome}, {worst.score:.2g}{f' ({worst.detail[:80]})' if worst.detail else ''}"


def _check_repeats(
    found: Found,
    task: Task,
    again: Task,
    judge: Judge,
    problems: Sequence[Problem],
    solutions: Sequence[str | None],
    count: int,
) -> None:
    repeated = _problems(again, Split.TRAIN, count, len(problems))
    differ = [what for what, is_so in {
        "ids": [p.id for p in problems] != [p.id for p in repeated],
        "prompts": [task.prompt(p) for p in problems] != [again.prompt(p) for p in repeated],
        "payloads": [str(p.payload) for p in problems] != [str(p.payload) for p in repeated],
        "verdicts": any(judge(p, text) != judge(p, text) for p, s in zip(problems, solutions, strict=True)
                        for text in (s or "", JUNK[0])),
    }.items() if is_so]  # fmt: skip
    found("repeats", ", ".join(differ) + " differ" if differ else "yes", not differ)


def _check_processes(found: Found, drawn: Sequence[Drawn]) -> None:
    error = next((seen.error for seen in drawn if seen.error), "")
    differ = [what for what in ("prompts", "solutions") if len({getattr(seen, what) for seen in drawn}) > 1]
    found("processes", error or (", ".join(differ) + " differ" if differ else "yes"), not error and not differ)
    disturbed = next((seen.disturbed for seen in drawn if seen.disturbed), "")
    found("randomness", f"{disturbed} changed" if disturbed else "kept", not disturbed)


def _check_splits(found: Found, task: Task) -> None:
    ids: dict[Split, set[str]] = {split: set() for split in (Split.TRAIN, Split.VALIDATION, Split.TEST)}
    for split in ids:
        until = time.monotonic() + _DRAW_SECONDS
        problems = range(200 if (size := task.size(split)) is None else size)
        for index in problems:
            ids[split].add(task.problem(split, index).id)
            if time.monotonic() > until:
                break
    held_out = ids[Split.VALIDATION] | ids[Split.TEST]
    shared = (held_out & ids[Split.TRAIN]) | (ids[Split.VALIDATION] & ids[Split.TEST])
    rate = len(shared) / max(1, len(held_out))
    endless = task.size(Split.TRAIN) is None
    found("splits", f"{rate:.0%}", rate < SHARED if endless else not shared)


def _problems(task: Task, split: Split, count: int, exactly: int = 0) -> list[Problem]:
    """Up to `count` problems spread over a split, or over the test split if it is empty.

    Drawing stops when it takes too long, or when there are `exactly` so many.
    """
    size = task.size(split)
    if size == 0 and split is not Split.TEST:
        return _problems(task, Split.TEST, count, exactly)
    problems: list[Problem] = []
    until = time.monotonic() + _DRAW_SECONDS
    for number in range(count if size is None else min(count, size)):
        problems.append(task.problem(split, number * 101 if size is None else number * size // min(count, size)))
        if len(problems) == exactly or (not exactly and time.monotonic() > until):
            break
    return problems


def failed(name: str, error: Exception) -> Report:
    """The report on a task that couldn't be checked at all."""
    if isinstance(error, UserError):
        return Report(name, error=str(error), needs_data=not built_in(name))
    return Report(name, error=f"{type(error).__name__}: {error}")
