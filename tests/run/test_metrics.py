"""Metrics are exact, repeatable to the byte, and can be taken back to a step."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prorl.errors import IntegrityError
from prorl.run import jsonl, metrics
from prorl.run.metrics import MetricsLog


def _log(path: Path, steps: int) -> MetricsLog:
    log = MetricsLog(path)
    for step in range(1, steps + 1):
        log.append(step, {"reward": step / 3, "stage": "one", "groups": step})
    return log


def test_keys_keep_their_order_and_floats_every_digit(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append(1, {"step": 1, "zeta": 0.1 + 0.2, "alpha": 3, "stage": "one"})
    assert log.path.read_text() == '{"step": 1, "zeta": 0.30000000000000004, "alpha": 3, "stage": "one"}\n'


def test_equal_values_give_equal_bytes(tmp_path: Path) -> None:
    first, second = _log(tmp_path / "a.jsonl", 20), _log(tmp_path / "b.jsonl", 20)
    assert first.path.read_bytes() == second.path.read_bytes()


@settings(deadline=None)
@given(st.floats(allow_nan=False))
def test_a_float_comes_back_as_the_same_float(value: float) -> None:
    record = jsonl.decode(jsonl.encode({"step": 1, "value": value}))
    assert record is not None
    assert math.copysign(1, record["value"]) == math.copysign(1, value)
    assert record["value"] == value


def test_numbers_that_are_none_are_strings_in_the_file_and_floats_again(tmp_path: Path) -> None:
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.append(1, {"kl": math.nan, "ratio_max": math.inf, "low": -math.inf})
    assert json.loads(log.path.read_text()) == {"step": 1, "kl": "nan", "ratio_max": "inf", "low": "-inf"}
    (record,) = metrics.read(log.path)
    assert math.isnan(record["kl"])
    assert (record["ratio_max"], record["low"]) == (math.inf, -math.inf)


def test_truncation_forgets_later_steps_and_keeps_the_bytes_of_earlier_ones(tmp_path: Path) -> None:
    log, short = _log(tmp_path / "a.jsonl", 9), _log(tmp_path / "b.jsonl", 4)
    log.truncate_after(4)
    assert log.path.read_bytes() == short.path.read_bytes()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a.jsonl", "b.jsonl"]


def test_interrupted_resumed_and_continued_equals_unbroken(tmp_path: Path) -> None:
    unbroken, broken = _log(tmp_path / "a.jsonl", 9), _log(tmp_path / "b.jsonl", 7)
    broken.path.write_bytes(broken.path.read_bytes()[:-5])
    resumed = MetricsLog(broken.path)
    resumed.truncate_after(4)
    for step in range(5, 10):
        resumed.append(step, {"reward": step / 3, "stage": "one", "groups": step})
    assert broken.path.read_bytes() == unbroken.path.read_bytes()


def test_a_cut_off_step_is_dropped_before_the_next_is_written(tmp_path: Path) -> None:
    log = _log(tmp_path / "metrics.jsonl", 3)
    log.path.write_bytes(log.path.read_bytes()[:-5])
    assert [record["step"] for record in metrics.read(log.path)] == [1, 2]
    MetricsLog(log.path).append(3, {"reward": 1.0})
    assert [record["step"] for record in metrics.read(log.path)] == [1, 2, 3]
    assert log.path.read_bytes().count(b"\n") == 3


def test_truncating_a_file_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    MetricsLog(tmp_path / "metrics.jsonl").truncate_after(3)
    assert list(tmp_path.iterdir()) == []


def test_damage_before_the_last_line_is_an_error_with_its_place(tmp_path: Path) -> None:
    log = _log(tmp_path / "metrics.jsonl", 3)
    lines = log.path.read_text().splitlines()
    log.path.write_text("\n".join([lines[0], lines[1][:10], lines[2]]) + "\n")
    with pytest.raises(IntegrityError, match=r"metrics\.jsonl: line 2 is not a record"):
        metrics.read(log.path)


def test_a_step_that_contradicts_its_values_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="values of step 3 given for step 4"):
        MetricsLog(tmp_path / "metrics.jsonl").append(4, {"step": 3})
