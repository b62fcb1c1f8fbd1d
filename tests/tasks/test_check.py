"""Every check catches the fault that it is for, and passes what is right."""

import random

import pytest

from prorl.tasks.check import CHECKS
from prorl.tasks.check_all import check_all
from prorl.tasks.check_answers import formed
from prorl.tasks.check_processes import drawn_apart
from prorl.tasks.choose import chosen

FAULTY = '''
import itertools, os, random, time
from prorl.tasks.contract import Message, Outcome, Problem, Verdict

counter = itertools.count()

class Sums:
    """Sums without a fault; `option fault` gives it one."""

    def __init__(self, name, options, worked_examples):
        self.name, self.fault = name, options.get("fault", "")

    def size(self, split):
        return None if self.fault != "overlap" else 40

    def problem(self, split, index):
        seed = f"{split}/{index}" if self.fault != "overlap" else str(index)
        rng = random.Random(seed)
        a, b = rng.randrange(10**6), rng.randrange(10**6)
        if self.fault == "global":
            a = random.randrange(10**6)
        if self.fault == "hash":
            a = hash(split.value + str(index)) % 10**6
        if self.fault == "counter":
            a = next(counter)
        return Problem.of(self.name, [Message("user", f"{a} + {b} =")], {"answer": str(a + b)})

    def examples(self):
        return ()

    def prompt(self, problem):
        return problem.messages

    def judge(self, problem, text):
        if self.fault == "crash" and "junk" in text:
            os._exit(3)
        if self.fault == "raise" and "junk" in text:
            raise RuntimeError("no junk here")
        if self.fault == "slow" and "junk" in text:
            time.sleep(1.1)
        if self.fault == "coin":
            score = float(random.random() < 0.5)
            return Verdict(score, Outcome.SOLVED if score else Outcome.WRONG)
        if not text.strip():
            return Verdict(0.0, Outcome.WRONG if self.fault == "empty" else Outcome.UNPARSEABLE)
        score = float(text == problem.payload["answer"])
        if self.fault == "floor":
            score = max(score, 0.01)
        if self.fault == "junk" and text.startswith("["):
            score = max(score, 0.5)
        if self.fault == "any number" and text.isdigit():
            score = 1.0
        return Verdict(score, Outcome.SOLVED if score >= 1 else Outcome.WRONG, score, text)

    def worked_solution(self, problem):
        return problem.payload["answer"] + ("0" if self.fault == "solution" else "")

    def check_steps(self, problem, text):
        return self.fault != "steps"
'''


@pytest.fixture(scope="module")
def sums(tmp_path_factory):
    """The name of a task whose faults are chosen by an option; importable here and in workers."""
    folder = tmp_path_factory.mktemp("faulty")
    (folder / "faulty_sums.py").write_text(FAULTY)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        patch.setenv("PYTHONPATH", str(folder), prepend=":")
        yield "faulty_sums:Sums"


FAULTS = {
    "": set(),
    "solution": {"solution"},
    "steps": {"solution"},
    "empty": {"empty"},
    "junk": {"junk"},
    "crash": {"junk"},
    "raise": {"junk"},
    "floor": {"junk", "floor"},
    "any number": {"junk", "guessing"},
    "slow": {"seconds"},
    "counter": {"repeats"},
    "coin": {"solution", "empty", "junk", "repeats", "randomness"},
    "hash": {"processes"},
    "global": {"repeats", "processes", "randomness"},
    "overlap": {"splits"},
}


@pytest.fixture(scope="module")
def reports(sums):
    specs = {f"{sums}@{fault.replace(' ', '-') or 'none'}": {"fault": fault} for fault in FAULTS}
    random.seed(1)
    found = check_all(list(specs.items()), problems=3)
    return {specs[report.task]["fault"]: report for report in found}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_checks_that_are_for_it_and_no_other(reports, fault):
    report = reports[fault]
    assert report.error == ""
    assert set(report.findings) == set(CHECKS)
    failed = {name for name, finding in report.findings.items() if not finding.passed}
    if fault == "coin":  # which may fall right three times
        failed.add("solution")
    assert failed - {"guessing", "floor"} == FAULTS[fault] - {"guessing", "floor"}
    assert FAULTS[fault] <= failed
    assert report.accepted == (fault == "")


def test_what_is_found_is_said(reports):
    assert "the worker died" in reports["crash"].findings["junk"].shown
    assert "RuntimeError: no junk here" in reports["raise"].findings["junk"].shown
    assert reports["floor"].findings["floor"].shown == "0.01"
    assert reports["any number"].findings["guessing"].shown == "100%"
    assert reports["hash"].findings["processes"].shown == "prompts, solutions differ"
    assert reports["global"].findings["randomness"].shown == "random changed"
    assert reports["overlap"].findings["splits"].shown == "100%"


def test_a_task_that_cannot_be_built_has_failed_and_one_without_its_data_has_not_been_read(sums, tmp_path):
    missing = str(tmp_path / "no.jsonl")
    specs = [("faulty_sums:Nothing", {}), ("math/aime24", {"source": missing}), ("toy/echo", {"symbols": 99})]
    first, second, third = check_all(specs)
    assert (first.accepted, second.accepted, third.accepted) == (False, False, False)
    assert "has no Nothing" in first.error
    assert (second.needs_data, third.needs_data) == (True, False)


def test_answers_stand_where_the_solution_has_its_own():
    assert formed("x", "so <answer>7</answer>") == formed("x", None) == "<answer>x</answer>"
    assert formed("x", "so $\\boxed{7}$") == "\\boxed{x}"
    assert formed("x", "```python\n7\n```") == "```python\nx\n```"
    assert formed("x", "7") == "x"


def test_a_process_that_dies_is_noticed(sums):
    (drawn,) = drawn_apart([(sums, {"fault": "nothing"})], processes=1)
    assert drawn[0].error == ""
    first, second = drawn_apart([("json:", {}), ("toy/echo", {})], processes=1)
    assert "unknown task 'json:'" in first[0].error
    assert second[0].error == ""


SAMPLED = ("boxnet", "complex_arithmetic", "graph_color", "jugs")


def test_a_sample_of_reasoning_gym_passes_or_stands_on_the_list():
    """All of them: `prorl tasks check 'reasoning_gym/*'`."""
    found = {
        report.task: report for report in check_all(chosen([f"reasoning_gym/{name}" for name in SAMPLED]), problems=3)
    }
    assert len(found) == len(SAMPLED)
    for report in found.values():
        assert report.accepted, report
    failing = {
        f"{task}/{check}" for task, report in found.items() for check, f in report.findings.items() if not f.passed
    }
    assert failing <= {"reasoning_gym/jugs/splits"}
