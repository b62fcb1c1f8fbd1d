from __future__ import annotations

import math

import pytest
import torch

from prorl.algo.entropy import EntropyCoefficient, token_entropy
from prorl.errors import UserError


def test_equals_the_definition_and_its_gradient():
    logits = torch.randn(3, 6, dtype=torch.float64, requires_grad=True)
    rows = [[math.exp(x) for x in row] for row in logits.tolist()]
    expected = [-sum(x / sum(row) * math.log(x / sum(row)) for x in row) for row in rows]
    assert token_entropy(logits).tolist() == pytest.approx(expected)
    assert torch.autograd.gradcheck(token_entropy, (logits,))


def test_limits():
    logits = torch.tensor([[0.0] * 4, [1e4, 0, 0, 0], [0, 0, -torch.inf, -torch.inf], [-1e30, 1e30, 0, 0]])
    logits.requires_grad_()
    entropy = token_entropy(logits)
    entropy.sum().backward()
    assert entropy.tolist() == pytest.approx([math.log(4), 0, math.log(2), 0], abs=1e-6)
    assert logits.grad.isfinite().all()
    assert token_entropy((logits.detach() + 5.0).bfloat16()).dtype == torch.float32


def test_shifting_and_permuting_logits_changes_nothing():
    logits = torch.randn(2, 5, dtype=torch.float64)
    moved = token_entropy(logits[:, [3, 1, 0, 4, 2]] + 11.0)
    assert moved.tolist() == pytest.approx(token_entropy(logits).tolist())


def test_pushes_up_below_the_band_down_above_it_and_lets_go_inside():
    coefficient = EntropyCoefficient(low=0.3, high=0.6, step=0.25, maximum=1.0)
    path = []
    for entropy in [0.1, 0.1, 0.4, 0.4, 0.4, 0.9, 0.9, 0.6, 0.3] + [0.0] * 6 + [2.0] * 10:
        coefficient.update(entropy)
        path.append(coefficient.value)
    assert path[:9] == [0.25, 0.5, 0.25, 0.0, 0.0, -0.25, -0.5, -0.25, 0.0]
    assert path[9:15] == [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    assert path[15:] == [0.75, 0.5, 0.25, 0.0, -0.25, -0.5, -0.75, -1.0, -1.0, -1.0]
    for nothing in (math.nan, math.inf):
        coefficient.update(nothing)
        assert coefficient.value == -1.0


def test_gradient_ascent_with_it_brings_a_policy_into_the_band_from_both_sides():
    for start, low, high in ((6.0, 0.8, 1.0), (0.0, 0.4, 0.6)):
        logits = torch.tensor([[start, 0.0, 0.0, 0.0]], requires_grad=True)
        with torch.no_grad():
            logits[0, 1] += 0.1
        coefficient = EntropyCoefficient(low, high, step=0.02, maximum=1.0)
        for _ in range(1500):
            entropy = token_entropy(logits)
            coefficient.update(entropy.item())
            (gradient,) = torch.autograd.grad(-coefficient.value * entropy.sum(), logits)
            logits.data -= 0.3 * gradient
        assert low - 0.05 < token_entropy(logits).item() < high + 0.05


def test_resumes():
    one, other = EntropyCoefficient(0.3, 0.6), EntropyCoefficient(0.3, 0.6)
    for entropy in (0.1, 0.2, 0.1):
        one.update(entropy)
    other.load_state_dict(one.state_dict())
    one.update(0.1), other.update(0.1)
    assert one.value == other.value == pytest.approx(4e-4)
    narrower = EntropyCoefficient(0.3, 0.6, step=1e-5, maximum=2e-4)
    narrower.load_state_dict(one.state_dict())
    assert narrower.value == 2e-4
    with pytest.raises(KeyError):
        other.load_state_dict({})


@pytest.mark.parametrize("settings", [(0.6, 0.3), (-0.1, 0.3), (0.3, 0.6, 0.0), (0.3, 0.6, 0.1, 0.01)])
def test_bad_settings_are_refused(settings):
    with pytest.raises(UserError, match="entropy"):
        EntropyCoefficient(*settings)
