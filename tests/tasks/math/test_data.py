"""Loaders of published data, on small files of the published schemas."""

import json
import pickle

import polars
import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Outcome, Split
from prorl.tasks.math.data import PUBLISHED, SYSTEM
from prorl.tasks.registry import build

ROWS = {
    "deepscaler": [
        {"problem": f"What is $2 \\cdot {n}$?", "answer": str(2 * n), "solution": f"It is $\\boxed{{{2 * n}}}$."}
        for n in range(300)
    ],
    "aime24": [
        {"id": 60, "problem": "P?", "solution": "Long.", "answer": "033", "url": "https://example.org", "year": "2024"}
    ],
    "aime25": [{"problem": "P?", "answer": "588", "id": "0"}],
    "amc": [{"id": 0, "problem": "P?", "answer": 142.0, "url": "https://example.org"}],
    "math500": [
        {
            "problem": "P?",
            "solution": "S",
            "answer": "\\left( 3, \\frac{\\pi}{2} \\right)",
            "subject": "Precalculus",
            "level": 2,
            "unique_id": "test/precalculus/807.json",
        }
    ],
    "minerva": [{"question": "P?", "answer": "4.5e33"}],
    "olympiadbench": [
        {
            "id": 1606,
            "question": "P?",
            "solution": ["S"],
            "final_answer": ["$2$,$-3$"],
            "unit": None,
            "is_multiple_answer": True,
            "error": None,
        }
    ],
}
RIGHT = {
    "aime24": "33",
    "aime25": "588",
    "amc": "142",
    "math500": "(3, \\pi/2)",
    "minerva": "4.5 \\times 10^{33}",
    "olympiadbench": "-3, 2",
}


def written(folder, name):
    if name in ("deepscaler", "math500"):
        path = folder / f"{name}.{'json' if name == 'deepscaler' else 'jsonl'}"
        path.write_text(json.dumps(ROWS[name]) if name == "deepscaler" else "\n".join(map(json.dumps, ROWS[name])))
    else:
        path = folder / f"{name}.parquet"
        polars.DataFrame(ROWS[name]).write_parquet(path)
    return str(path)


def test_every_published_data_set_is_tried():
    assert set(ROWS) == set(PUBLISHED)


@pytest.mark.parametrize("name", RIGHT)
def test_benchmarks_are_wholly_for_testing(tmp_path, name):
    task = build(f"math/{name}", options={"source": written(tmp_path, name)})
    assert [task.size(split) for split in Split] == [0, 0, 1, 0]
    problem = task.problem(Split.TEST, 0)
    turns = task.prompt(problem)
    assert [(turn.role, turn.content) for turn in turns] == [("system", SYSTEM), ("user", "P?")]
    assert task.judge(problem, f"\\boxed{{{RIGHT[name]}}}").outcome is Outcome.SOLVED
    assert task.judge(problem, task.worked_solution(problem)).outcome is Outcome.SOLVED
    assert task.judge(problem, r"\boxed{1}").outcome is Outcome.WRONG
    again = pickle.loads(pickle.dumps(task))
    assert again.judge(problem, f"\\boxed{{{RIGHT[name]}}}").outcome is Outcome.SOLVED


def test_data_to_train_on_is_dealt_to_all_splits_and_shows_worked_examples(tmp_path):
    task = build("math/deepscaler", options={"source": written(tmp_path, "deepscaler")}, worked_examples=1)
    sizes = {split: task.size(split) for split in Split}
    assert sum(sizes.values()) == 300
    assert sizes[Split.TRAIN] > 260
    assert min(sizes.values()) > 0
    problem = task.problem(Split.TRAIN, 3)
    assert task.worked_solution(problem) == f"It is $\\boxed{{{problem.payload['answer']}}}$."
    assert len(task.prompt(problem)) == 4


def test_a_solution_with_several_boxes_ends_in_one_with_the_answer_alone(tmp_path):
    row = {"problem": "P?", "solution": r"It is $\boxed{-2}$ or $\boxed{1}$.", "answer": "1"}
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    task = build("math/math500", options={"source": str(tmp_path / "a.jsonl")})
    problem = task.problem(Split.TEST, 0)
    assert task.judge(problem, row["solution"]).outcome is Outcome.WRONG
    assert task.judge(problem, task.worked_solution(problem)).outcome is Outcome.SOLVED


def test_rows_that_cannot_be_judged_are_left_out_and_counted(tmp_path):
    rows = [*ROWS["aime25"], {"problem": "Q", "answer": None}, {"problem": "R", "answer": "{"}, *ROWS["aime25"]]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = build("math/aime25", options={"source": str(tmp_path / "a.jsonl")})
    assert (task.size(Split.TEST), task.left_out, task.repeated) == (1, 2, 1)


def test_other_columns_can_be_named_and_a_missing_one_is(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"prompt": {"text": "P?"}, "target": 3.5}))
    options = {"source": str(tmp_path / "a.jsonl"), "question_column": "prompt.text", "answer_column": "target"}
    task = build("math/aime25", options=options)
    assert task.judge(task.problem(Split.TEST, 0), r"\boxed{7/2}").outcome is Outcome.SOLVED
    with pytest.raises(UserError, match=r"math/aime25: .*a\.jsonl, row 1: column 'problem' is missing; it has: prompt"):
        build("math/aime25", options={"source": str(tmp_path / "a.jsonl")})
