"""Degrees: a temperature where they stand alone, a difference of temperatures in a compound unit."""

import json

import pytest

from prorl.tasks.contract import Message, Outcome, Problem, Split
from prorl.tasks.registry import build
from prorl.tasks.stem.answers import judge_quantity
from prorl.tasks.stem.pint_units import unit_of
from prorl.tasks.stem.quantity import matches, quantity
from prorl.tasks.stem.unit_text import factors

RIGHT = [
    ("4.18 J/(g °C)", r"4.18 \text{ J/(g K)}"),
    ("4.18 J/(g °C)", "4.18 J/(g°C)"),
    ("4.18 J/(g °C)", r"4.18\ \text{J/(g}\cdot{}^\circ\text{C)}"),
    ("4.18 J/(g K)", r"4.18\ \text{J/(g °C)}"),
    ("4.18 J/(g K)", r"4.18\ \frac{\text{J}}{\text{g}\cdot{}^\circ\text{C}}"),
    ("4.18 J/(g K)", r"4180\ \text{J kg}^{-1} {}^\circ\text{C}^{-1}"),
    ("4.18 J/(g K)", "4.18 J/g°C"),
    ("4.18 J/(g K)", "4.18 J/g-°C"),
    ("20 W/(m^2*K)", "20 W/m²°C"),
    ("1.2e-5 1/K", r"1.2 \times 10^{-5} \text{ 1/°C}"),
    ("1.2e-5 1/K", r"1.2 \times 10^{-5} /^\circ\text{C}"),
    ("9 1/K", "5 1/°F"),
    ("25 °C", "298.15 K"),
    ("25 °C", r"25\degree C"),
    ("25 °C", "25 ℃"),
    ("298.15 K", "25 °C"),
    ("77 °F", "25 °C"),
]
WRONG = [
    ("4.18 J/(g °C)", "4.18 J/g"),
    ("4.18 J/(g °C)", "4.18 J °C/g"),
    ("4.18 J/(g °C)", "4.18 J/g °C"),
    ("4.18 J/(g °C)", "4.18 J/(g °F)"),
    ("5 K", "5 °C"),
    ("278.15 K", "5 °C m/m"),
    ("5 °C", "5 °C m/m"),
    ("5 J/(kg/m)", "5 J/(kg m)"),
    ("5 J/(kg*K)", "5 J/(kg) K"),
    ("5 J/(kg*K)", r"5 \frac{J}{kg} K"),
    ("5 m", "5 m)"),
]


@pytest.mark.parametrize(("expected", "answer"), RIGHT)
def test_right(expected, answer):
    assert matches(quantity(expected), quantity(answer), 0.02, True)


@pytest.mark.parametrize(("expected", "answer"), WRONG)
def test_wrong(expected, answer):
    given = quantity(answer)
    assert given is None or not matches(quantity(expected), given, 0.02, True)


@pytest.mark.parametrize(
    ("value", "unit", "answer"),
    [
        (2.5, "kJ", "5 J °C/K"),
        (2.5, "kJ", "5 °F J/K"),
        (2.5, "kJ", "5 J/°C K"),
        (2.5, "kJ", "2.5 dB kJ"),
        (2.5, "kJ", "2.5 kJ µ%dB"),
        (0.5, "", "50 %dB"),
        (0.5, "", "9999 dB"),
        (0.5, "", "1e300 dB"),
        (0.5, "", "1e300 Np"),
        (25.0, "°C", "25 dB K"),
    ],
)
def test_a_unit_that_cannot_be_converted_makes_an_answer_wrong_and_no_error(value, unit, answer):
    payload = {"value": value, "unit": unit, "unit_needed": True}
    problem = Problem.of("stem/generated", [Message("user", "How much?")], payload)
    assert judge_quantity(problem, f"\\boxed{{{answer}}}").outcome is Outcome.WRONG


def test_every_unit_with_degrees_in_it_converts_to_kelvins():
    for text in ("J/(g °C)", "J/°F", "W/(m·°C)", "°C/s", "°C^2", "1/Celsius", "W/(m fahrenheit)"):
        assert unit_of(factors(text)).dimensionality == unit_of(factors(text.replace("°C", "K"))).dimensionality
    assert str(unit_of(factors("°C"))) == "degree_Celsius"
    assert "delta" in str(unit_of(factors("°C/s")))


def test_published_answers_in_units_with_degrees(tmp_path):
    rows = [
        {"problem": "What is the specific heat of water?", "solution": r"\boxed{4.18 \text{ J/(g °C)}}"},
        {"problem": "How much does steel expand?", "solution": r"\boxed{1.2 \times 10^{-5} \text{ 1/°C}}"},
    ]
    (tmp_path / "scp.jsonl").write_text("\n".join(map(json.dumps, rows)))
    task = build("stem/scp116k", options={"source": str(tmp_path / "scp.jsonl"), "splits": {"test": 1}})
    problems = [task.problem(Split.TEST, index) for index in range(2)]
    assert {problem.payload["unit"] for problem in problems} == {r"\text{ J/(g °C)}", r"\text{ 1/°C}"}
    for problem in problems:
        unit = problem.payload["unit"].replace("°C", "K")
        right, wrong = (f"\\boxed{{{factor * problem.payload['value']:.3e} {unit}}}" for factor in (1, 1.1))
        for text in (task.worked_solution(problem), right):
            assert task.judge(problem, text).outcome is Outcome.SOLVED
        assert task.judge(problem, wrong).outcome is Outcome.WRONG
