import pytest

from prorl.tasks.code.judging import Cases, score_of, verdict
from prorl.tasks.code.words import block
from prorl.tasks.contract import Outcome
from prorl.verify.sandbox import Limits, Tier, probe

pytestmark = pytest.mark.skipif(probe().tier is Tier.LIMITS, reason="there is no sandbox here")

LIMITS = Limits(seconds=10.0)
DOUBLE = Cases("stdin", ("1\n", "2\n", "3\n", "4\n"), ("2", "4", "6", "8"))
CALLED = Cases("call", ([1], [2], [3], [4]), (2, 4, 6, 8), "double")


def score(source: str, tests: Cases, limits: Limits = LIMITS) -> tuple[float, str]:
    return score_of(source, tests, limits, probe().tier)


@pytest.mark.parametrize(
    ("source", "share", "why"),
    [
        ("print(2 * int(input()))", 1.0, ""),
        ("n = int(input())\nprint(2 * n if n != 1 else 0)", 0.75, "3 of 4 tests passed; test 1: another output"),
        ("n = int(input())\nif n == 2: raise ValueError('two')\nprint(2 * n)", 0.75, "test 2: ValueError: two"),
        ("import os\nn = int(input())\nif n == 1: os._exit(0)\nprint(2 * n)", 0.75, "test 1: another output"),
        ("import os\nn = int(input())\nif n == 3: os.kill(os.getpid(), 9)\nprint(2 * n)", 0.75, "killed by signal 9"),
        ("print(2 * int(input()), flush=True)\nraise SystemExit(1)", 0.0, "exit code 1"),
        ("print(2 * int(input()))\nraise SystemExit('no')", 0.0, "test 1: no"),
        ("import os\nprint(2 * int(input()))\nos.close(1)", 0.0, "exit code 120"),
        ("import sys\nprint(2 * int(input()), flush=True)\nsys.stdout = None", 1.0, ""),
        ("import atexit\natexit.register(lambda: print(2 * n))\nn = int(input())", 1.0, ""),
        ("import threading as t\nn = int(input())\nt.Timer(0.05, lambda: print(2 * n)).start()", 1.0, ""),
        (
            "def main():\n    print(2 * n)\nn = int(input())\nif __name__ == '__main__':\n    main()\n    exit()",
            1.0,
            "",
        ),
        ("print(2 * int(input())", 0.0, "not a program: SyntaxError"),
        ("print(4)", 0.25, "1 of 4"),
    ],
)
def test_a_program_scores_the_share_of_all_tests_that_it_passes(source, share, why):
    scored, detail = score(source, DOUBLE)
    assert scored == share
    assert why in detail
    assert bool(detail) == (share < 1)


@pytest.mark.parametrize(
    ("source", "share", "why"),
    [
        ("def double(n): return 2 * n", 1.0, ""),
        ("class Solution:\n    def double(self, n): return 2 * n", 1.0, ""),
        ("def double(n): return 2 * n if n != 2 else str(4)", 0.75, "test 2: another value"),
        ("import os\ndef double(n): return 2 * n if n != 2 else os._exit(0)", 0.75, "test 2: exit code 0"),
        ("def double(n): return 2 * n if n != 2 else exit()", 0.75, "test 2: SystemExit"),
        ("def double(n): return [2 * n]", 0.0, "another value"),
        ("def treble(n): return 2 * n", 0.0, "there is no function called 'double'"),
        ("print(input())\ndef double(n): return 2 * n", 0.0, "EOFError"),
        ("def double(n): return double", 0.0, "no plain data"),
    ],
)
def test_a_function_scores_the_share_of_all_calls_that_it_gets_right(source, share, why):
    scored, detail = score(source, CALLED)
    assert scored == share
    assert why in detail


def test_past_the_total_time_nothing_counts():
    slow = "import time\nn = int(input())\ntime.sleep(0.4 if n < 4 else 60)\nprint(2 * n)"
    assert score(slow, DOUBLE, Limits(seconds=2.0)) == (0.0, "all tests together took longer than 2 s")


def test_an_expected_list_of_one_may_stand_for_its_value_where_the_data_says_so():
    wrapped = Cases("call", ([1], [2]), ([2], [4]), "double", alternatives=True)
    plain = Cases("call", ([1], [2]), ([2], [4]), "double")
    for source in ("def double(n): return 2 * n", "def double(n): return [2 * n]", "def double(n): return (2 * n,)"):
        assert score(source, wrapped)[0] == 1.0
    assert score("def double(n): return 2 * n", plain)[0] == 0.0


def test_strict_and_tolerant_extraction_are_told_apart():
    right = "print(2 * int(input()))"
    tier = probe().tier
    asked = verdict(f"So:\n{block(right)}", DOUBLE, LIMITS, tier)
    assert (asked.outcome, asked.score, asked.tolerant_score) == (Outcome.SOLVED, 1.0, 1.0)
    assert asked.answer.strip() == right
    for text in (f"```\n{right}\n```", f"```py\n{right}\n```", f"```python\n{right}", right):
        bare = verdict(text, DOUBLE, LIMITS, tier)
        assert (bare.outcome, bare.score, bare.tolerant_score) == (Outcome.UNPARSEABLE, 0.0, 1.0)
    none = verdict("I don't know.", DOUBLE, LIMITS, tier)
    assert (none.outcome, none.tolerant_score, none.answer) == (Outcome.UNPARSEABLE, 0.0, None)
    part = verdict(block("print(4)"), DOUBLE, LIMITS, tier)
    assert (part.outcome, part.score, part.tolerant_score) == (Outcome.WRONG, 0.25, 0.25)


def test_an_input_larger_than_what_a_program_may_write_is_given_to_it():
    lines = "1" * (3 << 20)
    tests = Cases("stdin", (f"{lines}\n", "22\n"), (str(len(lines)), "2"))
    small = Limits(seconds=20.0, file_size=1 << 20)
    assert score("print(len(input()))", tests, small) == (1.0, "")
    assert score("print(2)", tests, small)[0] == 0.5
