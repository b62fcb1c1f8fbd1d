"""Ways to write the letter of an option, with and without what the option says."""

import random

import pytest

from prorl.tasks.contract import Outcome
from prorl.tasks.stem.choice import choice_problem, judge, letter_of

OPTIONS = ["0.08168 kJ", "8168 J", "3.000 × 10^8 m/s", "50 %"]
READ = [
    (r"\text{A) 0.08168 kJ}", "A"),
    (r"\text{(A) 0.08168 kJ}", "A"),
    (r"\textbf{A: 0.08168 kJ}", "A"),
    (r"\text{A}) 0.08168 kJ", "A"),
    (r"(\text{A})\ 0.08168\ \text{kJ}", "A"),
    (r"\mathbf{A.}\ 0.08168\,\mathrm{kJ}", "A"),
    ("$A$", "A"),
    ("$$A$$", "A"),
    (r"\(A\)", "A"),
    (r"\[A\]", "A"),
    (r"$\text{A}$", "A"),
    (r"\boldsymbol{A}", "A"),
    ("**A**", "A"),
    ("**A)** 0.08168 kJ", "A"),
    ("**A) 0.08168 kJ**", "A"),
    ("A (0.08168 kJ)", "A"),
    ("A - 0.08168 kJ", "A"),
    ("Option A", "A"),
    ("option (A)", "A"),
    (r"\text{Option A}", "A"),
    (r"\text{Option }A", "A"),
    ("Option A: 0.08168 kJ", "A"),
    (r"C) 3.000 \times 10^8 m/s", "C"),
    (r"C) $3.000 \times 10^{8}\ \text{m/s}$", "C"),
    (r"D) 50\%", "D"),
    (r"D) 50 \%", "D"),
    (r"0.08168 \text{ kJ}", "A"),
]
UNREAD = [
    r"\text{A) 8168 J}",
    r"\text{A}) 8168 J",
    "A (8168 J)",
    "A - 8168 J",
    "A\n0.08168 kJ",
    "A (0.08168 kJ) or B (8168 J)",
    "Option A or B",
    "Options A",
    "Option",
    "Option E",
    "option a",
    "a",
    r"\text{a}",
    "$a$",
    "$A$, $B$",
    r"\text{A}\text{B}",
    "**A** **B**",
    "**A** or **B**",
    r"\text{A} \text{or} \text{B}",
    "Option A Option B",
    "not **A**",
    "A - ",
    "A ()",
    r"\frac{A}{B}",
    "A_1",
    "A^2",
    "-A",
    r"\text{A",
    "**",
    r"\text{}",
]


@pytest.mark.parametrize(("answer", "letter"), READ)
def test_read(answer, letter):
    assert letter_of(answer, OPTIONS) == letter


@pytest.mark.parametrize("answer", UNREAD)
def test_unread(answer):
    assert letter_of(answer, OPTIONS) is None


def test_a_letter_is_read_where_options_are_unknown_too():
    for answer in ("$B$", "**B**", r"\text{(B)}", "Option B"):
        assert letter_of(answer, ()) == "B"
    for answer in ("B) 5 m", "Option B: 5 m", "$b$"):
        assert letter_of(answer, ()) is None


def test_options_in_latex_are_told_apart_as_they_are_written():
    options = [r"$\alpha$-pinene", r"$\beta$-pinene", r"$\mathrm{C_6H_{12}}$", "C6H12"]
    assert letter_of(r"\alpha-pinene", options) == "A"
    assert letter_of(r"B) $\beta$-pinene", options) == "B"
    assert letter_of(r"A) $\beta$-pinene", options) is None
    assert letter_of(r"$\text{C_6H_{12}}$", options) == "C"
    assert letter_of("C_6H_12", options) is None
    assert letter_of("5 ms", ["5 m s", "x"]) is None
    assert letter_of("A", ["B", "C", "D", "A"]) == "A"


@pytest.mark.parametrize("form", [r"\text{%s) %s}", "**%s** (%s)", "Option %s: %s", r"\(\text{%s}\) - %s"])
def test_what_was_chosen_is_judged(form):
    problem = choice_problem("stem/x", "How much?", OPTIONS[0], OPTIONS[1:], random.Random(5))
    options, right = problem.payload["options"], problem.payload["answer"]
    for letter, option in zip("ABCD", options, strict=True):
        verdict = judge(problem, f"So \\boxed{{{form % (letter, option)}}}")
        assert verdict.outcome is (Outcome.SOLVED if letter == right else Outcome.WRONG)
