"""A validation speaks of answers: where the verifier failed, nobody knows whether they were right."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from prorl.boundary import samples
from prorl.regimen.validation import Validated
from prorl.run import job, journal, metrics
from prorl.run.report import write_report
from prorl.run.validate import Validator, reckon

from .small import SHORT, recipe_of, silent


@pytest.fixture(autouse=True)
def tasks_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here and in the workers."""
    folder = str(Path(__file__).parent)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", folder)


def table(**outcomes: str) -> Any:
    """Four samples a problem, one a letter: s solved, w wrong, t timeout, e error. `a1` is problem 1 of task a."""
    names = {"s": "solved", "w": "wrong", "t": "timeout", "e": "error"}
    return samples.table(
        {
            "model": "m", "task": problem[0], "problem": problem, "sample": number, "score": float(letter == "s"),
            "tolerant_score": 0.0, "outcome": names[letter], "tokens": 1, "finished": True, "text": "",
        }
        for problem, letters in outcomes.items()
        for number, letter in enumerate(letters)
    )  # fmt: skip


def test_samples_that_the_verifier_failed_on_are_in_no_rate() -> None:
    found = reckon(7, table(a1="sstw", a2="wwww", b1="seee", b2="tttt"), 4)
    assert found.rates == {"a": (2 / 3, 0.0), "b": (1.0, None)}
    assert found.failures == 8 / 16
    assert found.pass_1.estimate == pytest.approx((1 / 3 + 1.0) / 2)
    assert found.pass_k.estimate == pytest.approx((0.5 + 1.0) / 2)  # whether any judged sample is right


def test_without_failures_it_is_what_it_was() -> None:
    found = reckon(7, table(a1="ssww", a2="wwww", b1="sssw"), 4)
    assert found.rates == {"a": (0.5, 0.0), "b": (0.75,)}
    assert (found.failures, found.pass_1.estimate, found.pass_k.estimate) == (0.0, 0.5, 0.75)


def test_a_task_or_all_of_them_may_be_without_any_verdict() -> None:
    assert reckon(7, table(a1="ssww", b1="eeee"), 4).pass_1.estimate == 0.5
    found = reckon(7, table(a1="eeee", b1="tttt"), 4)
    assert (found.rates, found.failures) == ({"a": (None,), "b": (None,)}, 1.0)
    assert math.isnan(found.pass_1.estimate)
    assert math.isnan(found.pass_k.high)


def test_an_outage_of_the_verifier_steers_nothing_and_is_told(
    nano: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it lasts every answer of a validation has no verdict; the policy stands still, so nothing else changes."""
    dead, measure = tmp_path / "dead", Validator.measure

    def measure_without_verdicts(self: Validator, step: int, *rest: Any) -> Validated:
        if step == 2:
            dead.touch()
        try:
            return measure(self, step, *rest)
        finally:
            dead.unlink(missing_ok=True)

    monkeypatch.setattr(Validator, "measure", measure_without_verdicts)
    task = {"task": "tasks_for_guards:Dying", "options": {"symbols": 8, "length": 2, "dead": str(dead)}}
    until = {"plateau": {"patience": 2}}
    run = tmp_path / "run"
    recipe = recipe_of(
        nano, SHORT, tasks=[task], stages=[{"name": "one", "steps": 9, "until": until}], evaluation=None,
        optimizer={"learning_rate": 1e-9}, validation={"every": 2, "problems_per_task": 4, "samples": 8},
    )  # fmt: skip
    job.start(recipe, run, silent())
    events = journal.read(run / "journal.jsonl")
    lines = {line["step"]: line for line in metrics.read(run / "validations.jsonl")}
    assert {step: line["verifier_failures"] for step, line in lines.items()} == {0: 0.0, 4: 0.0, 6: 0.0}
    told = {event["step"]: event for event in events if event["event"] == "validation"}
    assert {step: event["verifier_failures"] for step, event in told.items()} == {0: 0.0, 2: 1.0, 4: 0.0, 6: 0.0}
    assert "pass_1" not in told[2]
    (warning,) = [event for event in events if event["event"] == "warning"]
    assert (warning["step"], warning["message"][:57]) == (
        2,
        "validation: 100 % of its verdicts are errors or timeouts;",
    )
    (end,) = [event for event in events if event["event"] == "stage_end"]
    assert (end["step"], end["reason"]) == (6, "no progress in 2 validations")  # those of steps 4 and 6
    write_report(run)
