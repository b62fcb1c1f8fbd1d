"""The programs that `codeio` asks about: what they are asked with is right, and they touch nothing here."""

from __future__ import annotations

import gzip
import json
import os
import sys
from pathlib import Path
from random import Random

import pytest

from prorl.errors import UserError
from prorl.tasks import reasoning_gym_programs
from prorl.tasks.contract import Split
from prorl.tasks.reasoning_gym_programs import input_and_output
from prorl.tasks.registry import build
from prorl.verify.sandbox import Probed, Tier, probe

pytestmark = pytest.mark.skipif(probe().tier is Tier.LIMITS, reason="there is no sandbox here")

GENERATOR = "def generate_inputs(rng):\n    return {'n': rng.randint(1, 10**6), 'pair': (1, 2)}\n"


def test_the_output_belongs_to_the_input_and_both_follow_from_the_seed() -> None:
    main = "def main_solution(n, pair):\n    return {'twice': 2 * n, 'sum': sum(pair)}\n"
    given, returned = input_and_output(main, GENERATOR, Random(3))
    assert given["pair"] == [1, 2]
    assert returned == {"twice": 2 * given["n"], "sum": 3}
    assert input_and_output(main, GENERATOR, Random(3)) == (given, returned)
    assert input_and_output(main, GENERATOR, Random(4))[0] != given


def test_also_with_random_numbers_of_its_own_and_numpy() -> None:
    main = (
        "import random\nimport numpy as np\n"
        "def main_solution(n, pair):\n    return [random.random(), float(np.random.rand()), sorted(set('abc'))]\n"
    )
    first = input_and_output(main, GENERATOR, Random(3))
    assert len(first[1]) == 3
    assert input_and_output(main, GENERATOR, Random(3)) == first


@pytest.mark.parametrize(
    "main",
    [
        "def main_solution(n, pair):\n    return 1 / 0\n",
        "def main_solution(n, pair):\n    return {1, 2}\n",
        "def main_solution(n, pair):\n    import os\n    os._exit(0)\n",
        "def main_solution(n, pair)\n",
        "def main_solution(n, pair):\n    return []\n",
        "import no_such_package\ndef main_solution(n, pair):\n    return 1\n",
        "def main_solution(n, pair):\n    open('/etc/passwd')\n",
        "import json\njson.dumps = lambda value: 'no JSON'\ndef main_solution(n, pair):\n    return 1\n",
    ],
    ids=[
        "it fails",
        "no JSON can hold it",
        "it ends",
        "no program",
        "nothing comes out",
        "no package",
        "it looks at us",
        "it lies",
    ],
)
def test_a_program_that_fails_gives_nothing(main: str) -> None:
    assert input_and_output(main, GENERATOR, Random(3)) == ({}, {})


def test_where_no_sandbox_works_none_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasoning_gym_programs, "probe", lambda: Probed(Tier.LIMITS, {}))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="install bubblewrap, or leave the task out"):
        input_and_output("open('mine', 'w')\ndef main_solution(n, pair):\n    return 1\n", GENERATOR, Random(3))
    assert os.listdir(tmp_path) == []


def test_a_program_touches_nothing_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRORL_SECRET", "x")
    main = (
        "import os, sys\nprint('hello')\nsys.stdout = open(os.devnull, 'w')\n"
        "def main_solution(n, pair):\n"
        "    open('mine', 'w').write('x')\n    sys.setrecursionlimit(50)\n"
        f"    return [os.environ.get('PRORL_SECRET'), os.path.exists({str(tmp_path)!r})]\n"
    )
    limit, stdout = sys.getrecursionlimit(), sys.stdout
    assert input_and_output(main, GENERATOR, Random(3))[1] == [None, False]
    assert (sys.getrecursionlimit(), sys.stdout) == (limit, stdout)
    assert os.listdir(tmp_path) == []
    assert capfd.readouterr() == ("", "")


def test_problems_about_programs_that_write_files_are_drawn_and_no_file_is_written_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The library chooses the program of item `index` by the first draw from its seed, which is 0 for training."""
    from reasoning_gym.data import get_data_file_path

    with gzip.open(get_data_file_path("codeio.jsonl.gz"), "rt") as lines:
        programs = [json.loads(line)["code_sample"] for line in lines]
    writing = [index for index in range(20_000) if '"planet.com"' in Random(index).choice(programs)][:5]
    task = build("reasoning_gym/codeio")
    monkeypatch.chdir(tmp_path)
    assert any('"planet.com"' in task.problem(Split.TRAIN, index).messages[-1].content for index in writing)
    assert os.listdir(tmp_path) == []
    assert capfd.readouterr() == ("", "")


def test_what_is_asked_has_an_answer_and_is_the_same_again() -> None:
    one, other = (build("reasoning_gym/codeio") for _ in range(2))
    problems = [one.problem(Split.TRAIN, index) for index in range(12)]
    assert problems == [other.problem(Split.TRAIN, index) for index in range(12)]
    assert all(problem.payload["answer"] not in ("", "{}") for problem in problems)
    assert {one.judge(problem, one.worked_solution(problem)).score for problem in problems} == {1.0}
