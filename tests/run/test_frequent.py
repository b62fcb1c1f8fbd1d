"""What counts as the same answer, and how often it is right."""

from __future__ import annotations

from typing import Any

from prorl.boundary import samples
from prorl.regimen.validation import Frequent
from prorl.run.frequent import frequent_answers
from prorl.run.validate import reckon


def table(*rows: tuple[str, float, str], task: str = "a") -> Any:
    """Text, score and outcome of samples, three a problem."""
    return samples.table(
        {
            "model": "m", "task": task, "problem": f"{task}{number // 3}", "sample": number % 3, "score": score,
            "tolerant_score": 0.0, "outcome": outcome, "tokens": 1, "finished": True, "text": text,
        }
        for number, (text, score, outcome) in enumerate(rows)
    )  # fmt: skip


def wrong(*texts: str) -> Any:
    return table(*((text, 0.0, "wrong") for text in texts))


def test_an_answer_is_the_same_wherever_a_completion_marks_it() -> None:
    texts = ["<answer>1</answer>", "so <answer> 1 </answer>", "The answer is 1.", "2", "", "one"]
    rows = [(text, score, "wrong") for text, score in zip(texts, (1.0, 0.0, 0.5, 1.0, 0.0, 0.0), strict=True)]
    assert frequent_answers(table(*rows)) == {"a": Frequent("1", share=3 / 6, right=1 / 3, problems=2)}


def test_of_equally_frequent_answers_the_first_is_told_and_of_empty_ones_none() -> None:
    assert frequent_answers(wrong("y", "x", "y", "x")) == {"a": Frequent("x", 0.5, 0.0, 2)}
    assert frequent_answers(wrong("", " ", "\n")) == {}


def test_programs_that_end_alike_are_not_the_same_answer() -> None:
    programs = [f"```python\ndef f(x):\n    y = x + {n}\n    return y\n```" for n in range(6)]
    assert frequent_answers(wrong(*programs))["a"].share == 1 / 6


def test_samples_that_the_verifier_failed_on_count_neither_as_given_nor_as_wrong() -> None:
    found = reckon(7, table(*[("1", 1.0, "solved")] * 5, ("1", 0.0, "timeout")), 3)
    assert found.frequent == {"a": Frequent("1", share=1.0, right=1.0, problems=2)}
