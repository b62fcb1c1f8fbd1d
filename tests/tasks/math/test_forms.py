"""Right answers in forms that are often used, and what only looks like them. The right answer comes first."""

import pytest

from prorl.tasks.contract import Message, Outcome, Problem
from prorl.tasks.math import judging

INVERSE = r"\begin{pmatrix} -\frac{1}{63} & \frac{8}{63} \\ \frac{1}{9} & \frac{1}{9} \end{pmatrix}"
SQUARE = r"\begin{pmatrix} -1 & -2 \\ 0 & -1 \end{pmatrix}"
OUTSIDE = r"(-\infty, -2) \cup (3, \infty)"

RIGHT = [
    (INVERSE, r"\frac{1}{63}\begin{pmatrix} -1 & 8 \\ 7 & 7 \end{pmatrix}"),
    (INVERSE, r"A^{-1} = \frac{1}{63} \cdot \begin{bmatrix} -1 & 8 \\ 7 & 7 \end{bmatrix}"),
    (INVERSE, r"\begin{pmatrix} -\frac{1}{63} & \frac{8}{63} \\[4pt] \frac{1}{9} & \frac{1}{9} \end{pmatrix}"),
    (SQUARE, r"\left(\begin{array}{cc} -1 & -2 \\ 0 & -1 \end{array}\right)"),
    (SQUARE, r"\left[\begin{array}{rr} -1 & -2 \\ 0 & -1 \end{array}\right]"),
    (SQUARE, r"-\begin{pmatrix} 1 & 2 \\ 0 & 1 \end{pmatrix}"),
    (SQUARE, r"\begin{smallmatrix} -1 & -2 \\ 0 & -1 \end{smallmatrix}"),
    (SQUARE, r"\begin{pmatrix} -1 & -2 \cr 0 & -1 \end{pmatrix}"),
    ("(-4, 7, 1)", r"\langle -4,7,1\rangle"),
    ("(-4, 7, 1)", "⟨-4, 7, 1⟩"),
    ("(-4, 7, 1)", r"\begin{pmatrix}-4 & 7 & 1\end{pmatrix}"),
    ("(-4, 7, 1)", "(-4; 7; 1)"),
    (r"\langle 1, 2 \rangle", "(1, 2)"),
    ("(-3, 1)", "x=-3, y=1"),
    ("(-3, 1)", r"x = -3 \text{ and } y = 1"),
    ("4x - 5", r"\frac{dy}{dx}=4x-5"),
    ("4x - 5", r"\frac{\mathrm{d}f}{\mathrm{d}x} = 4x-5"),
    ("4x - 5", r"f^{\prime}(x) = 4x-5"),
    ("4x - 5", r"f^\prime(x) = 4x-5"),
    ("4x - 5", "f''(x) = 4x-5"),
    ("158", "158_{10}"),
    ("158", r"158_{\text{ten}}"),
    ("158", "158₁₀"),
    (r"\frac{5}{12}", r"\frac{5}{12} \approx 0.417"),
    (r"\frac{5}{12}", r"x = \frac{5}{12} ≈ 0.42"),
    (r"4\pi", r"4\pi \approx 12.57"),
    (r"4\pi", r"A = 4\pi \approx 13"),
    (r"4\pi", r"4\pi \text{ cm}^2 \approx 12.6 \text{ cm}^2"),
    (r"\frac{5+\sqrt{133}}{6}", r"\frac{5+\sqrt{133}}{6} \approx 2.7554"),
    ("-2, -3", "-3; -2"),
    ("2; 2; 0", "2, 2, 0"),
    (r"6, 8\text{, and }10", "6, 8, 10"),
    (OUTSIDE, r"x<-2 \text{ or } x>3"),
    (OUTSIDE, "x > 3 or x < -2"),
    (r"(-\infty, -2] \cup (0, 1) \cup [3, \infty)", r"x \le -2 \text{ or } 0 < x < 1 \text{ or } x \ge 3"),
    (r"x<-2 \text{ or } x>3", OUTSIDE),
    (r"60^\circ", r"60\degree"),
    (r"60^\circ", r"60^\degree"),
    (r"2\sqrt{3}", "2√3"),
    (r"2\sqrt{3}", "√12"),
    (r"\sqrt{x+1}", "√(x+1)"),
    ("x^4+1", "x⁴+1"),
    ("x^{12}", "x¹²"),
    ("2^{-3}", "2⁻³"),
    (r"3 \times 10^8", "3×10⁸"),
    ("1011_2", "1011₂"),
]

WRONG = [
    (INVERSE, r"\frac{1}{62}\begin{pmatrix} -1 & 8 \\ 7 & 7 \end{pmatrix}"),
    (INVERSE, r"\begin{pmatrix} -1 & 8 \\ 7 & 7 \end{pmatrix}"),
    (INVERSE, r"\frac{1}{63} + \begin{pmatrix} -1 & 8 \\ 7 & 7 \end{pmatrix}"),
    (INVERSE, r"\frac{1}{63}\begin{vmatrix} -1 & 8 \\ 7 & 7 \end{vmatrix}"),
    (INVERSE, r"\frac{1}{63}\begin{pmatrix} -1 & 8 \\ 7 & 7\text{ is wrong} \end{pmatrix}"),
    (SQUARE, r"\det\begin{pmatrix} -1 & -2 \\ 0 & -1 \end{pmatrix}"),
    (SQUARE, r"\left(\begin{array}{c|c} -1 & -2 \\ 0 & -1 \end{array}\right)"),
    (SQUARE, r"\left(\begin{array}{cc} -1 & -2 \\ -1 & 0 \end{array}\right)"),
    ("(-4, 7, 1)", r"\langle -4,1,7\rangle"),
    ("(-4, 7, 1)", r"\begin{pmatrix}-4 & 1 & 7\end{pmatrix}"),
    ("(-4, 7)", r"\langle -4, 7\rangle"),
    ("(-3, 1)", "x=1, y=-3"),
    ("(-3, 1)", "y=-3, x=1"),
    ("(-3, 1)", "x=-3, x=1"),
    ("[-3, 1]", "x=-3, y=1"),
    ("4x - 5", r"\frac{dy}{dx}=4x+5"),
    ("12_5", "12_{10}"),
    ("1011_2", "1011_{10}"),
    ("158", "158_{9}"),
    ("158_{10}", "158_{9}"),
    (r"\frac{5}{12}", r"\frac{5}{12} \approx 0.416"),
    (r"\frac{5}{12}", r"0.417 \approx \frac{5}{12}"),
    ("0.5", r"\frac{5}{11} \approx 0.5"),
    ("0.417", r"\frac{5}{12} \approx 0.417"),
    ("5", r"2 + 3 \approx 5.0"),
    ("5", r"x \approx 5"),
    (r"4\pi", r"5\pi \approx 12.57"),
    (r"4\pi", r"4\pi \approx 12.57 \approx 12.6"),
    (r"4\pi\text{ m}", r"4\pi \approx 12.57\text{ cm}"),
    (r"4\pi\text{ m}", r"4\pi\text{ m} \approx 12.57\text{ cm}"),
    ("5", "5; 6"),
    ("-2, -3", "-2; 3"),
    ("2; 2; 0", "2, 0"),
    ("2; 2; 0", "0; 2; 2"),
    ("2; 1", r"\{2, 1\}"),
    (OUTSIDE, r"x<-2 \text{ and } x>3"),
    (OUTSIDE, "x<-2, x>3"),
    (OUTSIDE, r"x<-2 \text{ or } y>3"),
    (OUTSIDE, r"x \le -2 \text{ or } x>3"),
    (OUTSIDE, r"x<-2 \text{ or } x=3"),
    ("2^{-3}", "2³"),
    (r"\sqrt{12}", "√1 2"),
    ("9", r"x \equiv 22 \pmod{13}"),
    ("9", r"7^{2} \pmod{13}"),
    (r"x \equiv 9 \pmod{13}", "9"),
    (r"x \equiv 9 \pmod{13}", r"x \equiv 9 \pmod{14}"),
]


def solved(gold, answer, question="What are x and y?"):
    verdict = judging.judge(Problem.of("math/x", [Message("user", question)], {"answer": gold}), f"\\boxed{{{answer}}}")
    return verdict.outcome is Outcome.SOLVED


@pytest.mark.parametrize(("gold", "answer"), RIGHT)
def test_common_forms_are_right(gold, answer):
    assert solved(gold, answer)


@pytest.mark.parametrize(("gold", "answer"), WRONG)
def test_what_looks_like_them_is_wrong(gold, answer):
    assert not solved(gold, answer)


@pytest.mark.parametrize(
    "answer", [r"x \equiv 9 \pmod{13}", r"9 \pmod{13}", r"9 \mod 13", r"9\ (\text{mod } 13)", "x≡9 (mod 13)"]
)
def test_a_remainder_may_say_of_what(answer):
    assert solved("9", answer, "What is the remainder when $7^{100}$ is divided by $13$?")
    assert not solved("9", answer, "What is the remainder when $7^{100}$ is divided by $14$?")
    assert not solved("8", answer, "What is the remainder when $7^{100}$ is divided by $13$?")
    assert not solved("9", answer, "What is $13 - 4$?")


def test_a_remainder_is_less_than_the_modulus():
    assert not solved("22", r"22 \pmod{13}", "What is the remainder when $22$ is divided by $13$?")


@pytest.mark.parametrize(
    ("question", "right"),
    [
        ("The number 2132 is written in base 4. What is it in base ten?", True),
        ("Convert $2132_4$ to base $10$.", True),
        ("Convert it to decimal.", True),
        ("When the base 10 integer 158 is converted to base 4, what is it?", False),
        ("Convert it to binary.", False),
        ("Write it in base $b$.", False),
    ],
)
def test_base_ten_is_right_where_it_is_asked_for(question, right):
    assert solved("101", "101_{10}", question) is right


@pytest.mark.parametrize(
    ("question", "answer", "right"),
    [
        ("Give the solution as $(y, x)$.", "y=-3, x=1", True),
        ("Give the solution as $(y, x)$.", "x=1, y=-3", True),
        (r"Give the solution as $\left( y, x \right)$.", "x=-3, y=1", False),
        ("Is $(x, y)$ or $(y, x)$ on it?", "x=-3, y=1", False),
        ("Solve for $x$.", "x=-3, y=1", False),
    ],
)
def test_names_stand_for_places_as_the_question_has_them(question, answer, right):
    assert solved("(-3, 1)", answer, question) is right


def test_two_in_pointed_brackets_are_a_vector_where_one_is_asked_for():
    assert solved("(-4, 7)", r"\langle -4, 7 \rangle", "Which vector is it?")
    assert not solved("(-4, 7)", r"\langle -4, 7 \rangle", "Which interval is it?")
