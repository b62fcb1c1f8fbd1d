from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import pytest
import torch

EXAMPLE = Path(__file__).parents[2] / "examples" / "brorl_simulator.py"


@pytest.fixture(scope="module")
def brorl():
    spec = importlib.util.spec_from_file_location("brorl_simulator", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_more_rollouts_remove_the_drops_among_correct_tokens(brorl, seed):
    """An eighth of the paper's vocabulary and rollouts, a fifth of its steps, correct tokens at logit 3."""
    anchor = 5.0 - math.log(8)
    setting = brorl.Setting(16_000, 1_250, correct_logit=3.0, anchor_logit=anchor, steps=200, seed=seed)
    few, some, many = (brorl.simulate(rollouts, setting) for rollouts in (4, 64, 6400))
    assert few.worst_change < 0
    assert some.worst_change < 0
    assert many.worst_change > 0
    assert few.improved < some.improved < many.improved == 1.0
    assert few.mass_after < few.mass_before == many.mass_before < some.mass_after < many.mass_after


def test_the_mass_balance_is_the_change_of_the_correct_mass(brorl):
    """Theorem 1 against the derivative itself: reward-weighted probabilities of the sampled tokens, one step, fp64."""
    signs = set()
    for case in range(50):
        logits = (2 * torch.randn(12, dtype=torch.float64)).requires_grad_()
        correct = torch.arange(12) < 4
        sampled = torch.randperm(12)[: 2 + case % 9]
        reward = 1.3 * correct.double() - 0.5
        probabilities = logits.softmax(0)
        objective = (reward[sampled] * probabilities[sampled]).sum() / len(sampled)
        (step,) = torch.autograd.grad(objective, logits, retain_graph=True)
        (slope,) = torch.autograd.grad(probabilities[correct].sum(), logits)
        balance = brorl.mass_balance(probabilities.detach(), correct, sampled, 0.8, -0.5, rate=0.01)
        assert balance.total == pytest.approx(0.01 * (slope @ step).item(), rel=1e-9, abs=1e-15)
        assert balance.sampled_correct >= 0
        assert balance.sampled_wrong >= 0
        signs.add(balance.unsampled > 0)
    assert signs == {True, False}


def test_with_every_token_sampled_nothing_can_be_lost(brorl):
    probabilities = torch.randn(12, dtype=torch.float64).softmax(0)
    balance = brorl.mass_balance(probabilities, torch.arange(12) < 4, torch.arange(12), 1.0, -1.0, rate=0.01)
    assert balance.unsampled == 0
    assert balance.total > 0


def test_prints_a_line_for_each_number_of_rollouts(brorl, capsys):
    brorl.main(["--rollouts", "2", "8", "--vocabulary", "50", "--correct", "5", "--steps", "3"])
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["rollouts", "2", "8"]
