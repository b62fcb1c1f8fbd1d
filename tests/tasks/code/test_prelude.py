"""What programs for contests may take for granted, as programs of their own and as functions."""

import pytest

from prorl.tasks.code.judging import Cases, score_of
from prorl.tasks.code.prelude import PRELUDE
from prorl.verify.sandbox import Limits, Tier, probe

pytestmark = pytest.mark.skipif(probe().tier is Tier.LIMITS, reason="there is no sandbox here")

LIMITS = Limits(seconds=20.0)


def printed(source: str, wanted: str, given: str = "") -> tuple[float, str]:
    return score_of(source, Cases("stdin", (given,), (wanted,), prelude=PRELUDE), LIMITS, probe().tier)


def returned(source: str, wanted: object, *given: object) -> tuple[float, str]:
    return score_of(source, Cases("call", (given,), (wanted,), "answer", PRELUDE), LIMITS, probe().tier)


EXPRESSIONS = {
    "sqrt(16)": 4.0,
    "pow(3, -1, 7)": 5,
    "deque([1, 2]).pop()": 2,
    "Counter('aab').most_common(1)[0][0]": "a",
    "heapq.nsmallest(1, [3, 2])": [2],
    "bisect_left([1, 2, 3], 2)": 1,
    "list(permutations([1, 2]))": [[1, 2], [2, 1]],
    "reduce(add, [1, 2, 3])": 6,
    "deepcopy([[1]])": [[1]],
    "ascii_lowercase[:3]": "abc",
    "re.sub('a', 'b', 'aa')": "bb",
    "abs(-1), inf": [1, float("inf")],
}


def test_common_names_need_no_import():
    source = f"def answer(n: Optional[int]) -> List[int]:\n    return [{', '.join(f'({one})' for one in EXPRESSIONS)}]"
    assert returned(source, list(EXPRESSIONS.values()), 1) == (1.0, "")


def test_no_builtin_is_another_one():
    source = """import builtins
def answer(n):
    both = {name for name in dir(builtins) if name in globals() and not name.startswith("__")}
    return [name for name in both if globals()[name] is not getattr(builtins, name)]"""
    assert returned(source, [], 1) == (1.0, "")


def test_a_program_that_reads_has_the_same_names_in_every_test():
    tests = Cases("stdin", ("1 2\n", "3 4\n"), ("3 1.0", "7 2.0"), prelude=PRELUDE)
    source = "a, b = map(int, input().split())\nprint(sum(deque([a, b])), sqrt(((a + 1) // 2) ** 2))\nsqrt = deque = 0"
    assert score_of(source, tests, LIMITS, probe().tier) == (1.0, "")


def test_without_a_prelude_there_are_no_such_names():
    source = "print(sqrt(16))"
    assert score_of(source, Cases("stdin", ("",), ("4.0",)), LIMITS, probe().tier)[0] == 0.0
    assert printed(source, "4.0") == (1.0, "")


def test_a_program_keeps_its_line_numbers_and_its_imports_from_the_future():
    source = (
        "from __future__ import annotations\n"
        "def f(n: Nonsense): return n\n"
        "try:\n"
        "    f(1 / 0)\n"
        "except ZeroDivisionError as error:\n"
        "    print(error.__traceback__.tb_lineno, __name__)"
    )
    assert printed(source, "4 __main__") == (1.0, "")


DEPTH = 20_000
PLAIN = "def f(n):\n    return 0 if n == 0 else 1 + f(n - 1)\n"
THROUGH_C = {
    "a cache": "@lru_cache(None)\ndef f(n):\n    return 0 if n == 0 else 1 + f(n - 1)\n",
    "a key": "def f(n):\n    return 0 if n == 0 else 1 + max([n - 1], key=f)\n",
    "an attribute": "class A:\n    def __getattr__(self, name):\n        return getattr(self, name + 'a')\n"
    "def f(n):\n    return A().a\n",
    "a text": "def f(n):\n    x = []\n    for _ in range(n):\n        x = [x]\n    return len(repr(x)) * 0 + n\n",
    "no end": "def f(n):\n    return f(n + 1)\n",
    "no end in threads": "import threading\nthreading.stack_size(2**27)\ndef g():\n    g()\ndef f(n):\n"
    "    t = threading.Thread(target=g)\n    t.start()\n    t.join()\n    raise ValueError\n",
}


def test_recursion_goes_as_deep_as_contests_need_it():
    assert printed(f"{PLAIN}print(f(int(input())))", str(DEPTH), str(DEPTH)) == (1.0, "")
    assert returned(f"{PLAIN}def answer(n):\n    return f(n)", DEPTH, DEPTH) == (1.0, "")
    method = "class Solution:\n    def answer(self, n):\n        return 0 if n == 0 else 1 + self.answer(n - 1)"
    assert returned(method, DEPTH, DEPTH) == (1.0, "")


@pytest.mark.parametrize("name", THROUGH_C)
def test_recursion_through_c_works_or_fails_the_test_and_only_that(name):
    source = THROUGH_C[name]
    for score, why in (
        printed(f"{source}print(f(int(input())))", str(DEPTH), str(DEPTH)),
        returned(f"{source}def answer(n):\n    return f(n)", DEPTH, DEPTH),
    ):
        assert (score, why) == (1.0, "") or (score == 0.0 and why)
    more = Cases("stdin", (str(DEPTH), "0"), ("?", "0"), prelude=PRELUDE)
    skipped = f"n = int(input())\nif n == 0:\n    print(0)\n    exit()\n{source}print(f(n))"
    assert score_of(skipped, more, LIMITS, probe().tier)[0] == 0.5
