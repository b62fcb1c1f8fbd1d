"""Eurus-2-RL-Data and LiveCodeBench from small local files of their schemas."""

import base64
import json
import os
import pickle
import zlib

import polars
import pytest

from prorl.errors import UserError
from prorl.tasks.code.judging import Cases
from prorl.tasks.code.words import block
from prorl.tasks.contract import Outcome, Split
from prorl.tasks.registry import build
from prorl.verify.sandbox import Tier, probe

sandboxed = pytest.mark.skipif(probe().tier is Tier.LIMITS, reason="there is no sandbox here")
ALL_TEST = {"splits": {"test": 1.0}}


def eurus_row(question: str, truth: object, ability: str = "code") -> dict[str, object]:
    return {
        "data_source": "taco",
        "prompt": [{"role": "system", "content": "Think in steps."}, {"role": "user", "content": question}],
        "ability": ability,
        "reward_model": {"ground_truth": json.dumps(truth) if not isinstance(truth, str) else truth, "style": "rule"},
        "extra_info": {"index": 0, "split": "dummy"},
    }


SUMS = eurus_row("Sum two numbers.", {"inputs": ["1 2\n", "3 4\n", ["5", "6"]], "outputs": ["3\n", "7\n", ["11"]]})
PAIR = eurus_row(
    "Find two.", {"fn_name": "pair", "inputs": [[[2, 7], 9], [[3, 3], 6]], "outputs": [[[0, 1]], [[0, 1]]]}
)
LINES = eurus_row("Look up.", {"fn_name": "look", "inputs": ['{"1": 2}\n"x"', [{"3": 4}, "y"]], "outputs": ["[2]", 4]})
TOTAL = eurus_row("Total.", {"fn_name": "total", "inputs": ["[1, 2]", "[3]"], "outputs": ["3", "3"]})
DEPTH = eurus_row("How deep?", {"inputs": ["5\n", "20000\n"], "outputs": ["5\n", "20000\n"]})
MATHS = eurus_row("What is 1 + 1?", "2", ability="math")
EMPTY = eurus_row("Nothing.", {"inputs": [], "outputs": []})

PROGRAM = "import sys\nprint(sum(map(int, sys.stdin.read().split())))"
FUNCTION = "def pair(values, total):\n    return (0, 1)"


@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
@sandboxed
def test_eurus_problems_are_read_and_judged(tmp_path, suffix):
    path = tmp_path / f"train.{suffix}"
    if suffix == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in (SUMS, PAIR, MATHS, EMPTY)))
    else:
        polars.DataFrame([SUMS, PAIR, MATHS, EMPTY]).write_parquet(path)
    task = build("code/eurus2", options={"source": str(path), **ALL_TEST})
    assert (task.size(Split.TEST), task.left_out) == (2, 2)
    problems = {task.problem(Split.TEST, i).messages[0].content: task.problem(Split.TEST, i) for i in range(2)}
    sums, pair = problems["Sum two numbers."], problems["Find two."]
    assert task.judge(sums, block(PROGRAM)).outcome is Outcome.SOLVED
    assert task.judge(sums, block("print(3)")).score == pytest.approx(1 / 3)
    assert task.judge(pair, block(FUNCTION)).outcome is Outcome.SOLVED
    assert task.judge(pair, block("def pair(values, total):\n    return [1, 0]")).score == 0.0
    assert [turn.role for turn in task.prompt(sums)] == ["system", "user"]
    assert "steps" not in task.prompt(sums)[0].content
    assert task.worked_solution(sums) is None


@sandboxed
def test_arguments_may_be_lines_of_json_and_keys_numbers(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(LINES) + "\n")
    task = build("code/eurus2", options={"source": str(path), **ALL_TEST})
    problem = task.problem(Split.TEST, 0)
    assert Cases.of(problem.payload).inputs == (({1: 2}, "x"), ({3: 4}, "y"))
    looked = "def look(table, key):\n    return next(iter(table.values()))"
    assert task.judge(problem, block(looked)).outcome is Outcome.SOLVED


@sandboxed
def test_eurus_programs_have_what_the_data_s_own_harness_gives_them(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in (TOTAL, DEPTH)))
    task = build("code/eurus2", options={"source": str(path), "seconds": 20.0, **ALL_TEST})
    problems = {task.problem(Split.TEST, i).messages[0].content: task.problem(Split.TEST, i) for i in range(2)}
    total = "class Solution:\n    def total(self, values: List[int]) -> int:\n        return {}"
    assert task.judge(problems["Total."], block(total.format("sum(values)"))).outcome is Outcome.SOLVED
    assert task.judge(problems["Total."], block(total.format("max(values)"))).score == 0.5
    depth = "def depth(n):\n    return 0 if n == 0 else 1 + depth(n - 1)\nprint(depth(int(input())))"
    assert task.judge(problems["How deep?"], block(depth)).outcome is Outcome.SOLVED


@pytest.mark.parametrize(
    "truth",
    ["not json", {"inputs": ["1"]}, {"inputs": ["1"], "outputs": []}, {"inputs": 1, "outputs": 1}, ["1"],
     {"fn_name": "f", "inputs": [1], "outputs": [1]}],
)  # fmt: skip
def test_a_ground_truth_of_another_form_is_named(tmp_path, truth):
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(eurus_row("Q", truth)) + "\n")
    with pytest.raises(UserError, match="code/eurus2: a ground_truth is not as in Eurus-2-RL-Data") as caught:
        build("code/eurus2", options={"source": str(path)})
    assert "\n" not in str(caught.value)


def packed(cases: list[dict[str, str]]) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(cases)))).decode()


def live_row(question: str, public: list[dict[str, str]], private: str, **more: str) -> dict[str, str]:
    return {
        "question_title": "t",
        "question_content": question,
        "public_test_cases": json.dumps(public),
        "private_test_cases": private,
        "starter_code": "",
        "metadata": "{}",
        "difficulty": "easy",
        **more,
    }


STDIN = [{"input": "2\n", "output": "4\n", "testtype": "stdin"}, {"input": "3\n", "output": "9\n", "testtype": "stdin"}]
FUNCTIONAL = [{"input": '[1, 2]\n"a"', "output": "[1, 2]", "testtype": "functional"}]


@sandboxed
def test_livecodebench_problems_are_read_and_judged(tmp_path):
    path = tmp_path / "test.jsonl"
    rows = [
        live_row("Square it.", STDIN[:1], packed(STDIN[1:])),
        live_row("Square, unpacked.", STDIN[:1], json.dumps(STDIN[1:])),
        live_row("Same list.", FUNCTIONAL, packed(FUNCTIONAL), metadata=json.dumps({"func_name": "same"}),
                 starter_code="class Solution:\n    def same(self, values: List[int], name: str) -> List[int]:\n"),
    ]  # fmt: skip
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    task = build("code/livecodebench", options={"source": str(path)})
    problems = {task.problem(Split.TEST, i).messages[0].content[:7]: task.problem(Split.TEST, i) for i in range(3)}
    for begin in ("Square ", "Square,"):
        assert task.judge(problems[begin], block("print(int(input()) ** 2)")).outcome is Outcome.SOLVED
        assert task.judge(problems[begin], block("print(int(pow(int(input()), 2) + sqrt(0)))")).score == 1.0
        assert task.judge(problems[begin], block("print(4)")).score == 0.5
    same = problems["Same li"]
    assert "class Solution:" in same.messages[0].content
    solution = "class Solution:\n    def same(self, values: List[int], name: str) -> List[int]:\n        return values"
    assert task.judge(same, block(solution)).outcome is Outcome.SOLVED
    assert task.judge(same, block(solution.replace("return values", "return [name]"))).outcome is Outcome.WRONG


class Attack:
    def __reduce__(self):
        return os.mkdir, ("made-by-a-pickle",)


@pytest.mark.parametrize(
    "private",
    [
        base64.b64encode(zlib.compress(pickle.dumps(Attack()))).decode(),
        base64.b64encode(zlib.compress(pickle.dumps([1]))).decode(),
        base64.b64encode(b"not compressed").decode(),
        "not packed",
        "{}",
        '[{"input": "1"}]',
        json.dumps([{"input": "1", "output": "1", "testtype": "functional"}]),
    ],
)
def test_packed_tests_run_nothing_and_broken_ones_are_named(tmp_path, monkeypatch, private):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "test.jsonl"
    path.write_text(json.dumps(live_row("Q", STDIN, private)) + "\n")
    with pytest.raises(UserError, match="the tests of a row are not as in LiveCodeBench") as caught:
        build("code/livecodebench", options={"source": str(path)})
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "made-by-a-pickle").exists()
