import time

import pytest

from prorl.tasks.extract import boxed, said, strict, tolerant

STRICT = [
    ("<answer>42</answer>", "42"),
    ("I think <answer> 42 \n</answer>.", "42"),
    ("<answer>1</answer> no: <answer>2</answer>", "2"),
    ("<answer>1</answer> or <answer>2", "1"),
    ("<answer>1<answer>2</answer>", "2"),
    ("<answer>1</answer></answer>", "1"),
    ("<answer>line\nline</answer>", "line\nline"),
    ("<answer></answer>", None),
    ("<answer>  </answer>", None),
    ("<answer>42", None),
    ("42</answer>", None),
    ("</answer>42<answer>", None),
    ("<ANSWER>42</ANSWER>", None),
    ("< answer>42</answer>", None),
    ("<answer>42</answer >", None),
    ("42", None),
    ("\\boxed{42}", None),
    ("", None),
    ("<answer>a < b</answer>", "a < b"),
    ("<answer>\x00</answer>", "\x00"),
]


@pytest.mark.parametrize(("text", "answer"), STRICT)
def test_strict(text, answer):
    assert strict(text) == answer


TOLERANT = [
    ("<answer>42</answer> so the answer is 7", "42"),
    ("<answer>42", "42"),
    ("<answer>42\nand more", "42"),
    ("<answer>42</ans", "42"),
    ("<answer>42</answer> and <answer>7", "42"),
    ("so \\boxed{42}", "42"),
    ("\\boxed{1} then \\boxed{\\frac{1}{2}} done", "\\frac{1}{2}"),
    ("\\boxed{1} then \\boxed{2", "1"),
    ("\\fboxed{x}", "x"),
    ("the answer is 42.", "42"),
    ("The final answer is: 42", "42"),
    ("Answer: 42\nThat is all.", "42"),
    ("answer = 42", "42"),
    ("**Answer:** 42", "42"),
    ("The answer is **42**.", "42"),
    ("The answer is $42$", "42"),
    ("the answer is 1, no, the\nanswer is 2", "2"),
    ("Let me see.\n42\n\n", "42"),
    ("42", "42"),
    ("it is 3.5", "it is 3.5"),
    ("the answer is -3.5.", "-3.5"),
    ("<answer></answer>\n7", "7"),
    ("42</answer>", "42"),
    ("</answer> 42 <answer>", "42"),
    ("7\n</answer>", "7"),
    ("<answer></answer>", None),
    ("", None),
    (" \n\t", None),
    ("...", ".."),
]


@pytest.mark.parametrize(("text", "answer"), TOLERANT)
def test_tolerant(text, answer):
    assert tolerant(text) == answer


@pytest.mark.parametrize(("text", "answer"), STRICT)
def test_tolerant_never_overrules_strict(text, answer):
    if answer is not None:
        assert tolerant(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("\\boxed{a{b}c}", "a{b}c"),
        ("\\boxed {a}", "a"),
        ("\\boxed{}", None),
        ("\\boxed{a", None),
        ("\\boxed{a}}", "a"),
        ("} \\boxed{a}", "a"),
        ("\\boxed{1} {\\boxed{2", "1"),
        ("\\boxed{\\boxed{2}}", "2"),
        ("boxed{a}", None),
    ],
)
def test_boxed_balances_braces(text, answer):
    assert boxed(text) == answer


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "piece", ["\\boxed{", "<answer>", "the answer is ", "{", "answer:" * 3 + " ", "the answer is\n"]
)
def test_long_hostile_texts_take_no_time(piece):
    tolerant(piece * 20_000)
    strict(piece * 20_000)


@pytest.mark.parametrize(
    "text", ["the answer is" + "\n" * 100_000, "the answer" + " " * 100_000, "the final answer: " + "\n" * 100_000]
)
def test_what_is_said_is_found_in_linear_time(text):
    begin = time.process_time()
    assert said(text) is None
    assert said(f"{text}42") == (None if text.endswith(" ") else "42")
    assert time.process_time() - begin < 1


def test_an_answer_that_is_not_given_is_not_the_last_one():
    assert said("the answer is 7\nthe answer is  \n") == "7"
