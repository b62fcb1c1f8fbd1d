from __future__ import annotations

import pytest
import torch

from prorl.algo.ratio import LOG_RATIO_BOUND, at_least_float32, log_ratio


def test_never_below_fp32_and_fp64_is_left_alone():
    for dtype in (torch.bfloat16, torch.float16, torch.int64, torch.float32):
        assert at_least_float32(torch.ones(1, dtype=dtype)).dtype == torch.float32
    assert at_least_float32(torch.ones(1, dtype=torch.float64)).dtype == torch.float64


def test_differences_are_taken_in_fp32():
    """bfloat16 has 8 bits: there both differences would be rounded to -8.0625 and -8.0."""
    numerator, denominator = torch.tensor([-9.0625, -9.0]).bfloat16(), torch.tensor([-1.0078125] * 2).bfloat16()
    assert log_ratio(numerator, denominator).tolist() == [-8.0546875, -7.9921875]


@pytest.mark.parametrize("far", [50.0, torch.inf])
def test_clamped_on_both_sides_without_a_gradient_past_the_bound(far):
    numerator = torch.tensor([0.0, -far, -1.0], requires_grad=True)
    denominator = torch.tensor([-far, 0.0, -3.0])
    ratio = log_ratio(numerator, denominator)
    ratio.sum().backward()
    assert ratio.tolist() == [LOG_RATIO_BOUND, -LOG_RATIO_BOUND, 2.0]
    assert numerator.grad.tolist() == [0.0, 0.0, 1.0]


def test_missing_stays_missing():
    assert log_ratio(torch.tensor([-1.0]), torch.tensor([torch.nan])).isnan().all()
