import math

import pytest

from prorl.tasks.code.compare import same_output, same_value


@pytest.mark.parametrize(
    ("output", "expected", "same"),
    [
        ("1 2\n3\n", "1 2\n3", True),
        ("1  2 \n3\n\n\n", "1 2\n3\n", True),
        ("1 2\r\n3\r\n", "1 2\n3", True),
        ("1 2 3", "1 2\n3", False),
        ("\n1", "1", False),
        ("1", "2", False),
        ("yes", "YES", False),
        ("", "", True),
        ("", "0", False),
        ("0.50000001", "0.5", True),
        ("0.6", "0.5", False),
        ("1e-1", "0.1", True),
        ("1.0", "1", False),
        ("1", "1.0", True),
        ("nan", "0.5", False),
        ("inf", "1.5", False),
        ("0.00001", "1e-05", True),
        ("1e-5", "1e-05", True),
        ("1.0000000001e-05", "1e-05", True),
        ("-0.00001", "-1E-05", True),
        ("10000000000000000", "1e+16", True),
        ("1.1e-05", "1e-05", False),
        ("0.0000100001", "1e-05", False),
        ("0", "1e-05", False),
        ("0", "1e-09", False),
        ("0.0", "1.5e-09", False),
        ("1.4e-09", "1.5e-09", False),
        ("0.0", "5.551115123125783e-17", True),
        ("0", "1e-13", False),
        ("0", "0e+00", True),
        ("100000", "1e5", False),
        ("1e5", "1e5", True),
        ("300000", "3e+5f", False),
        ("2 1", "1 2", False),
        ("\x00", "1", False),
        ("9" * 100_000, "1.5", False),
    ],
)
def test_outputs(output, expected, same):
    assert same_output(output.encode(), expected) is same


def test_bytes_that_are_no_text_are_just_different():
    assert not same_output(b"\xff", "1")


@pytest.mark.parametrize(
    ("value", "expected", "same"),
    [
        (1, 1, True),
        ((1, [2]), [1, (2,)], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ("1", 1, False),
        (0.1 + 0.2, 0.3, True),
        (0.31, 0.3, False),
        (math.nan, 0.3, False),
        (10**400, 0.3, False),
        (3, 3.0, True),
        (0.00001, 1e-05, True),
        (1.0000000001e-05, 1e-05, True),
        (0, 1e-09, False),
        (2e-09, 1e-09, False),
        (0.0, 1.1102230246251565e-16, True),
        (1e-10, 0.0, True),
        (None, None, True),
        (None, [], False),
        ({1: [2.0]}, {1: [2.0000001]}, True),
        ({1: 2, 3: 4}, {1: 2}, False),
        ({2: 2}, {1: 2}, False),
        ({1, 2}, {2, 1}, True),
        ({}, [], False),
    ],
)
def test_values(value, expected, same):
    assert same_value(value, expected) is same
