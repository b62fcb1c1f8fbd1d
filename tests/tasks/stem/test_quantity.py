import math

import pint
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prorl.tasks.stem.pint_units import unit_of
from prorl.tasks.stem.quantity import matches, quantity
from prorl.tasks.stem.unit_text import factors

RIGHT = [
    ("5 m", "5 m"),
    ("5 m", "500 cm"),
    ("5 m", r"5.05 \text{ m}"),
    ("5 m", r"\(5\,\mathrm{m}\)"),
    ("5 m", "$5$ metres"),
    ("5 m", "x = 5 m"),
    ("5 m", "about 5 m"),
    ("0.25 m", "1/4 m"),
    ("0.25 m", r"\frac{1}{4} \text{ m}"),
    ("9.8 m/s^2", r"9.8\,\mathrm{m\,s^{-2}}"),
    ("9.8 m/s^2", r"9.8 \text{ m/s}^2"),
    ("9.8 m/s^2", "9.8 m/s²"),
    ("9.8 m/s^2", "9.8 m s⁻²"),
    ("9.8 m/s^2", "9.8 N/kg"),
    ("9.8 m/s^2", "9.8 meters per second squared"),
    ("3e8 m/s", r"3.0 \times 10^8 m/s"),
    ("3e8 m/s", "3.0 × 10^8 m/s"),
    ("3e8 m/s", r"3 x 10^{8} \frac{m}{s}"),
    ("2e-19 J", "2 × 10^-19 J"),
    ("12 N*m", "12 N·m"),
    ("12 N*m", "12 J"),
    ("12 N*m", "12 Nm"),
    ("50 kJ/mol", "50000 J mol^-1"),
    ("50 kJ/mol", "50 kilojoules per mole"),
    ("8.314 J/(mol*K)", "8.314 J mol^{-1} K^{-1}"),
    ("8.314 J/(mol*K)", "8.314 J/(mol K)"),
    ("8.314 J/(mol*K)", "8.314 J/mol/K"),
    ("298.15 K", "25 °C"),
    ("25 degC", r"25 \,^\circ\text{C}"),
    ("25 degC", "25 degrees Celsius"),
    ("25 degC", "77 °F"),
    ("25 degC", "298.15 K"),
    ("5 µm", r"5\,\mu\text{m}"),
    ("5 µm", "0.005 mm"),
    ("10 ohm", "10 Ω"),
    ("10 ohm", r"0.01\ \text{k}\Omega"),
    ("0.5", "50%"),
    ("0.5", "0.5"),
    ("50 %", r"50 \%"),
    ("50 %", "0.5"),
    ("30°", "30 degrees"),
    ("1 atm", "101325 Pa"),
    ("1 atm", "760 mmHg"),
    ("2 h", "120 minutes"),
    ("5 V", r"V \approx 5.02 volts"),
    ("0.1 mol/L", "0.1 M"),
    ("3 square meters", "3 m^2"),
    ("5 g/cm^3", "5,000 kg/m^3"),
    ("6.02e23", r"6.02 \times 10^{23}"),
    ("1 eV", "1.602e-19 J"),
    ("-5 C", "-5 coulombs"),
    ("2.6 1/µm", "2.6 µm⁻¹"),
]
WRONG = [
    ("5 m", "5"),
    ("5 m", "5 s"),
    ("5 m", "5.2 m"),
    ("5 m", "4.8 m"),
    ("5 m", "-5 m"),
    ("5 m", "5 km"),
    ("5 m", "5 m^2"),
    ("5 m", "5 m, 6 m"),
    ("5 m", "5 m or 6 m"),
    ("5 m", "4-6 m"),
    ("5 m", r"5 \pm 5 m"),
    ("5 m", "5 m = 6 m"),
    ("5 m", "5 foo"),
    ("5 m", "m"),
    ("5 m", "five m"),
    ("5 m", "nan m"),
    ("5 m", "1e999 m"),
    ("5 m", "1e309 m"),
    ("5 m", "5 m^99"),
    ("5 m", "5 m 5 s"),
    ("5 m", "5 m/0"),
    ("5 m", "5 m**m"),
    ("5 m", "5 (m"),
    ("5 m", "5\x00 m"),
    ("5 m", "٥ m"),
    ("5 m", "5 __import__('os')"),
    ("5 m", "5 " + "m " * 50),
    ("5 m/s", "5 m s"),
    ("5 m/s", "5 m"),
    ("10 K", "10 °C"),
    ("5 N", "5 kg"),
    ("5 J", "5 W"),
    ("5 rad/s", "5 rpm"),
    ("0.5", "0.5 m"),
    ("50 %", "50"),
    ("8.314 J/(mol*K)", "8.314 J/mol K"),
]


def right(expected, answer, unit_needed=True, tolerance=0.02):
    given_answer = quantity(answer)
    return given_answer is not None and matches(quantity(expected), given_answer, tolerance, unit_needed)


@pytest.mark.parametrize(("expected", "answer"), RIGHT)
def test_right(expected, answer):
    assert right(expected, answer)


@pytest.mark.parametrize(("expected", "answer"), WRONG)
def test_wrong(expected, answer):
    assert not right(expected, answer)


def test_a_bare_number_is_enough_only_where_the_question_names_the_unit():
    assert right("5 m", "5", unit_needed=False)
    assert not right("5 m", "5.2", unit_needed=False)
    assert right("50 %", "50", unit_needed=False)
    assert not right("5 m", "5 s", unit_needed=False)


def test_how_a_unit_is_taken_apart():
    assert factors("") == ()
    assert factors("kg m^2/s^3") == (("kg", 1), ("m", 2), ("s", -3))
    assert factors("J/(mol*K)") == (("J", 1), ("mol", -1), ("K", -1))
    assert factors("m " * 8) == (("m", 1),) * 8
    for none in ("m " * 9, "m^0", "m^10", "5", "m,s", "m + s", "\x00"):
        assert factors(none) is None, none


def test_the_tolerance_is_relative_and_can_be_chosen():
    assert right("1000 m", "1.0199 km")
    assert not right("1000 m", "1.0201 km")
    assert right("1000 m", "1.09 km", tolerance=0.1)
    assert not right("1000 m", "1000.1 m", tolerance=0.0)
    assert right("0 m", "0 m")
    assert not right("0 m", "0.01 m")


def test_a_right_answer_of_an_unknown_unit_is_the_task_s_fault():
    with pytest.raises(ValueError, match=r"unit .* is unknown"):
        right("5 foo", "5 m")


@settings(deadline=None)
@given(st.text(alphabet="mskgNJ/()^{}*·- 123µ°%\\", max_size=40))
def test_whatever_stands_for_a_unit_is_read_or_refused(text):
    read = factors(text)
    assert read is None or unit_of(read) is None or unit_of(read).dimensionality is not None


@settings(deadline=None)
@given(
    st.floats(1e-6, 1e6),
    st.sampled_from(["m", "km/h", "kJ/mol", "N*m", "g/cm^3", "L/min", "W/(m*K)"]),
    st.floats(-0.015, 0.015),
)
def test_what_is_within_the_tolerance_is_right_in_base_units_too(value, unit, off):
    registry = pint.get_application_registry()
    base = (registry.Quantity(value * (1 + off), unit)).to_base_units()
    assert right(f"{value:.12e} {unit}", f"{base.magnitude:.12e} {base.units:~C}")
    assert not right(f"{value:.12e} {unit}", f"{base.magnitude * 1.04:.12e} {base.units:~C}")
    assert math.isfinite(base.magnitude)
