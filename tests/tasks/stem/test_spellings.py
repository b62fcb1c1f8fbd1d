"""Quantities as LaTeX and people write them: what means the same is read, what is open to doubt is not."""

from dataclasses import replace

import pytest

from prorl.tasks.contract import Message, Problem
from prorl.tasks.stem.answers import judge_quantity
from prorl.tasks.stem.quantity import matches, quantity
from prorl.tasks.stem.unit_text import factors

RIGHT = [
    ("2.5 m/s^2", r"2.5\ \frac{\text{m}}{\text{s}^{2}}"),
    ("2.5 m/s^2", r"2.5 \frac{m}{s^{2}}"),
    ("2.5 m/s^2", r"2.5\ \dfrac{\mathrm{m}}{\mathrm{s}^{2}}"),
    ("2.5 kg/m^3", r"2.5 \frac{\text{kg}}{\text{m}^{3}}"),
    ("5 J/(g*K)", r"5\ \frac{\text{J}}{\text{g}^{1}\text{K}}"),
    ("3.2e8 Pa", "3.2×10⁸ Pa"),
    ("3.2e-4 mol", "3.2×10⁻⁴ mol"),
    ("6.02e23 1/mol", "6.02 × 10²³ mol⁻¹"),
    ("3e10 m", "3·10¹⁰ m"),
    ("1e5 Pa", r"10^5\ \text{Pa}"),
    ("1e-5 mol", "10⁻⁵ mol"),
    ("5 m", "5 m\\ "),
    ("2.5 J", r"\textbf{2.5 J}"),
    ("2.5 J", r"\text{2.5 J}"),
    ("2.5 J", r"\mathbf{2.5\,J}"),
    ("2.5 J", r"\boldsymbol{2.5\ \text{J}}"),
    ("2.5 J", "**2.5 J**"),
    ("2.5 J", r"\text{2.5}\ \textbf{J}"),
    ("2.5 m/s^2", r"\text{2.5 m/s$^{2}$}"),
    ("5 J/(kg*K)", r"5\ \text{J/(kg}\cdot\text{K)}"),
    ("2.5 J", r"E = 2.5 J \approx 2.5 J"),
    ("2.5 J", r"2.5\text{ J} \approx 2.51\text{ J}"),
    ("2.5 J", r"E_k = \frac{1}{2}mv^2 = 2.5\ \text{J}"),
    ("2.5 J", r"E_k=\frac12 mv^2 = 2.5\ \text{J}"),
    ("2.5 J", r"E = \frac{1}{2} \cdot 5 \cdot 1^2 \approx 2.5 \text{ J}"),
    ("2.5 kJ", r"Q = 2500 \text{ J} = 2.5 \text{ kJ}"),
    ("298.15 K", "T = 25 °C = 298.15 K"),
    ("25 m/s", r"v_2 = \sqrt{2 g h} = 25\ \text{m/s}"),
    ("5 h", r"t_{1/2} = 5\text{ h}"),
    ("2.5 m", r"2\tfrac12\ \text{m}"),
    ("2.5 m", r"2\frac{1}{2}\text{ m}"),
    ("-2.5 m", r"-2\frac{1}{2}\text{ m}"),
    ("12 N*m", "12 newton-meters"),
    ("12 N*m", "12 N-m"),
    ("12 kW*h", "12 kilowatt-hours"),
    ("5 J/(kg*K)", "5 J/kg-K"),
    ("5 kg*m/s", "5 kg-m/s"),
]
UNREAD = [
    r"5 m = 6 m",
    r"x = 5 m = 6 m",
    r"x = 5 m \approx 6 m = 5 m",
    r"5 J = 3 W",
    r"x = 5 = 6 m",
    r"v^2 = 25 m",
    r"2x = 10 m",
    r"E/2 = 5 J",
    r"x = 5 m, y = 6 m",
    r"x = 5 or y = 6 m",
    r"x = 5 m = y",
    r"5 m = x",
    r"x = y",
    r"10^8 \sim 10 m",
    r"/ \sim 25 m",
    r"v_1^2 = 25 m",
    r"\Delta T = 25 °C = 25 K",
    r"\text{5 m, 6 m}",
    "5⁸ m",
    "5 m⁻",
    r"2\frac{3}{2}\text{ m}",
    r"5 \frac{m}{s^{2}",
    r"\text{5 m",
]


@pytest.mark.parametrize(("expected", "answer"), RIGHT)
def test_right(expected, answer):
    wanted = quantity(expected)
    assert matches(wanted, quantity(answer), 0.02, True)
    assert not matches(replace(wanted, value=1.1 * wanted.value), quantity(answer), 0.02, True)


@pytest.mark.parametrize("answer", UNREAD)
def test_what_is_no_single_quantity_is_not_read(answer):
    assert quantity(answer) is None


def test_a_hyphen_ties_units_together_and_a_minus_does_not():
    assert factors("J/kg-K") == (("J", 1), ("kg", -1), ("K", -1))
    assert factors("J/kg K") == (("J", 1), ("kg", -1), ("K", 1))
    for none in ("m - s", "m-", "-m", "m--s"):
        assert factors(none) is None, none


def test_brackets_below_a_slash():
    assert factors("J/(kg/m)") == (("J", 1), ("kg", -1), ("m", 1))
    assert factors("J/((kg K) m) s") == (("J", 1), ("kg", -1), ("K", -1), ("m", -1), ("s", 1))
    assert factors("(J/kg)/K") == (("J", 1), ("kg", -1), ("K", -1))
    assert factors("J)") is None
    assert factors("(J") is None


def test_a_raised_power_of_ten_is_found_outside_of_a_box_too():
    payload = {"value": 3.2e8, "unit": "Pa", "unit_needed": True}
    problem = Problem.of("stem/generated", [Message("user", "Which pressure?")], payload)
    assert judge_quantity(problem, "So the pressure is 3.2×10⁸ Pa.").tolerant_score == 1.0
    assert judge_quantity(problem, "So the pressure is 3.2×10⁷ Pa.").tolerant_score == 0.0
