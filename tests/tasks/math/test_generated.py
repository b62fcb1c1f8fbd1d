import importlib.util
import pickle
import random
import re
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
import sympy

from prorl.errors import UserError
from prorl.tasks.contract import ENDLESS, Outcome, Split
from prorl.tasks.math.exercise import LEVELS
from prorl.tasks.math.generated import KINDS, GeneratedMathTask
from prorl.tasks.math.parse import parsed
from prorl.tasks.math.structure import Named
from prorl.tasks.registry import build, names

NAME = "math/generated"
JUNK = ["", "no idea", r"\boxed{}", r"\boxed{-987654321}", r"\boxed{x=x}", r"\boxed{1,2,3,4,5}", "\\boxed{\x00}"]
DRAWS = 4


def _references():
    spec = importlib.util.spec_from_file_location("references", Path(__file__).with_name("references.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


references = _references()


def task(level=1, **options):
    return GeneratedMathTask(NAME, {"level": level, **options}, 0)


def drawn(kind, level, count=DRAWS):
    one = task(level, kinds=[kind])
    return one, [one.draw(kind, random.Random(f"{kind}/{level}/{index}")) for index in range(count)]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_solution_is_accepted_and_junk_is_not(kind, level):
    one, problems = drawn(kind, level)
    for problem in problems:
        solved = one.judge(problem, one.worked_solution(problem))
        assert (solved.outcome, solved.score, solved.tolerant_score) == (Outcome.SOLVED, 1.0, 1.0), problem
        assert one.judge(problem, problem.messages[0].content).score == 0.0
        for junk in JUNK:
            assert one.judge(problem, junk).score == 0.0, (problem, junk)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_what_another_way_gives(kind, level):
    for problem in drawn(kind, level, 2)[1]:
        question, answer = problem.messages[0].content, problem.payload["answer"]
        expected = references.REFERENCES[kind](question)
        assert agree(answer, expected), (question, answer, expected)


def agree(answer, expected):
    if isinstance(expected, tuple) and expected[0] in ("open", "closed"):
        left, right = ("[", "]") if expected[0] == "closed" else ("(", ")")
        assert (answer[0], answer[-1]) == (left, right)
        answer, expected = answer[1:-1], list(expected[1:])
    if isinstance(expected, numpy.ndarray):
        (body,) = re.findall(r"\\begin\{pmatrix\}(.*?)\\end\{pmatrix\}", answer)
        cells = [[float(references.read(cell)) for cell in row.split("&")] for row in body.split("\\\\")]
        return numpy.allclose(cells, expected)
    if isinstance(expected, list | tuple):
        parts = [complex(references.read(part)).real for part in answer.strip("()").split(",")]
        ordered = parts if isinstance(expected, tuple) else sorted(parts)
        return numpy.allclose(ordered, [float(value) for value in expected])
    if isinstance(parsed(answer), Named):
        answer = answer.partition("=")[2]
    value = references.read(answer)
    if isinstance(expected, sympy.Expr) and expected.free_symbols:
        return sympy.simplify(value - expected) == 0
    return numpy.isclose(complex(value), complex(expected), rtol=1e-6)


def test_every_kind_has_a_reference():
    assert set(references.REFERENCES) == set(KINDS)
    assert len(KINDS) >= 20


@pytest.mark.parametrize("kind", KINDS)
def test_harder_levels_ask_other_questions_and_there_is_variety(kind):
    asked = {level: {p.messages[0].content for p in drawn(kind, level, 40)[1]} for level in LEVELS}
    assert all(len(questions) >= 10 for questions in asked.values()), {k: len(v) for k, v in asked.items()}
    assert len(asked[5] - asked[1]) >= 30


@pytest.mark.parametrize("level", LEVELS)
def test_a_convex_polygon_has_no_angle_of_180_degrees_or_more(level):
    for problem in drawn("polygon_angle", level, 200)[1]:
        angles = [int(angle) for angle in re.findall(r"(\d+)°", problem.messages[0].content)]
        angles.append(int(problem.payload["answer"]))
        assert 0 < min(angles) <= max(angles) < 180
        assert sum(angles) == 180 * (len(angles) - 2)


def test_splits_share_no_question():
    one = task(1)
    ids = {split: {one.problem(split, index).id for index in range(300)} for split in Split}
    for split in Split:
        assert not ids[split] & set().union(*(ids[other] for other in Split if other is not split))
    assert len(ids[Split.TRAIN]) > 250


def test_problems_take_turns_by_kind_and_depend_on_their_index_alone():
    one, other = task(2), task(2)
    random.seed(3)
    state = random.getstate()
    first = [one.problem(Split.TEST, index) for index in range(96)]
    assert random.getstate() == state
    assert [other.problem(Split.TEST, index) for index in reversed(range(96))] == first[::-1]
    assert {problem.payload["kind"] for problem in first} == set(KINDS)
    assert pickle.loads(pickle.dumps(one)).problem(Split.TEST, 7).payload == first[7].payload
    for index in (-1, ENDLESS):
        with pytest.raises(IndexError, match=NAME):
            one.problem(Split.TRAIN, index)


def test_worked_examples_are_of_different_kinds_and_solve_themselves():
    three = GeneratedMathTask(NAME, {"kinds": ["quadratic", "urn", "slope"]}, 3)
    turns = three.prompt(three.problem(Split.TRAIN, 0))
    assert [turn.role for turn in turns] == ["system", *["user", "assistant"] * 3, "user"]
    assert {example.payload["kind"] for example in three.examples()} == {"quadratic", "urn", "slope"}
    assert all(three.judge(e, three.worked_solution(e)).outcome is Outcome.SOLVED for e in three.examples())
    with pytest.raises(UserError, match="worked_examples is 2, but there are 1 kinds"):
        GeneratedMathTask(NAME, {"kinds": ["urn"]}, 2)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"level": 6}, "'level' is 6; use a whole number from 1 to 5"),
        ({"kinds": ["urn", "knots"]}, "unknown 'knots'; valid: fraction_sum, "),
        ({"kind": "urn"}, "unknown option 'kind'; valid: kinds, level, system"),
    ],
)
def test_bad_options_are_named(options, said):
    with pytest.raises(UserError, match=said):
        build(NAME, options=options)


def test_the_family_is_registered():
    assert {NAME, "math/aime24", "math/deepscaler"} <= set(names())
    with pytest.raises(UserError, match=r"unknown task 'math/aime23'; did you mean math/aime2[45]"):
        build("math/aime23")


def test_a_variant_asks_the_same_under_its_own_name():
    plain, variant = build(NAME, worked_examples=1), build(f"{NAME}@easy", worked_examples=1)
    for one, other in [
        (plain.problem(Split.TEST, 5), variant.problem(Split.TEST, 5)),
        (*plain.examples(), *variant.examples()),
    ]:
        assert (other.id, other.messages, other.task) == (one.id, one.messages, f"{NAME}@easy")


def test_nothing_slow_is_imported_to_ask():
    script = (
        "import sys\nfrom prorl.tasks.contract import Split\nfrom prorl.tasks.registry import build\n"
        "for name in ('math/generated', 'stem/generated', 'stem/generated_choice'):\n"
        "    task = build(name, worked_examples=1)\n    task.prompt(task.problem(Split.TRAIN, 0))\n"
        "slow = {'torch', 'sympy', 'math_verify', 'pint', 'polars', 'numpy', 'huggingface_hub', 'reasoning_gym'}\n"
        "print(*sorted(slow & set(sys.modules)))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == "\n"
