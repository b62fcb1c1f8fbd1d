"""Values and gradients of the estimators; gradients as exact means over every outcome of small distributions."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.kl import KLCoefficient, kl_full, kl_in_reward, kl_to_go, kl_values, with_score_function
from prorl.algo.packed import Segments
from prorl.errors import UserError

from .ragged import close, logprob, pack, segments, tokens

ESTIMATORS = ("k1", "k2", "k3")


def slow_kl(policy: float, reference: float, estimator: str, clamp: float) -> float:
    x = min(max(reference - policy, -clamp), clamp)
    return {"k1": -x, "k2": 0.5 * x * x, "k3": math.exp(x) - 1 - x}[estimator]


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(columns=tokens(logprob, logprob), clamp=st.sampled_from([20.0, 10.0, 1.0]))
def test_values_equal_a_loop(estimator, columns, clamp):
    new, ref = columns
    expected = [
        slow_kl(n, r, estimator, clamp) for ns, rs in zip(new, ref, strict=True) for n, r in zip(ns, rs, strict=True)
    ]
    close(kl_values(pack(new), pack(ref), estimator, clamp), expected, 1e-8)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_gradients_equal_finite_differences(estimator):
    policy = -3 * torch.rand(6, dtype=torch.float64).requires_grad_()
    reference = -3 * torch.rand(6, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: kl_values(x, reference, estimator), (policy.detach().requires_grad_(),))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_exactly_zero_when_nothing_has_changed(estimator):
    x = torch.tensor([-1.0, -1e-3, -17.3], requires_grad=True)
    values = kl_values(x, x.detach().clone(), estimator)
    assert values.tolist() == [0.0, 0.0, 0.0]
    values.sum().backward()
    assert x.grad.tolist() == ([1.0] * 3 if estimator == "k1" else [0.0] * 3)


@given(columns=tokens(logprob, logprob))
def test_k2_and_k3_are_never_negative(columns):
    for estimator in ("k2", "k3"):
        assert (kl_values(pack(columns[0], torch.float32), pack(columns[1], torch.float32), estimator) >= 0).all()


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize(("policy", "reference"), [(-1e30, 0.0), (0.0, -1e30), (-torch.inf, -1.0), (-1.0, -torch.inf)])
def test_extreme_ratios_stay_finite(estimator, policy, reference):
    x = torch.tensor([policy], requires_grad=True)
    value = kl_values(x, torch.tensor([reference]), estimator)
    value.sum().backward()
    assert value.isfinite().all()
    assert x.grad.tolist() == [0.0]


def test_half_precision_log_probabilities_are_compared_in_fp32():
    assert kl_values(torch.tensor([-1.0]).bfloat16(), torch.tensor([-1.0]).bfloat16(), "k3").dtype == torch.float32


# What follows: a categorical policy and reference over five outcomes; every mean is exact.


@pytest.fixture
def pair():
    logits = torch.randn(5, dtype=torch.float64, requires_grad=True)
    reference = torch.randn(5, dtype=torch.float64).log_softmax(0)
    log_p = logits.log_softmax(0)
    p, q = log_p.exp(), reference.exp()
    (reverse,) = torch.autograd.grad((p * (log_p - reference)).sum(), logits, retain_graph=True)
    (forward,) = torch.autograd.grad((q * (reference - log_p)).sum(), logits, retain_graph=True)
    assert (reverse - forward).abs().max() > 0.05
    return logits, log_p, reference, reverse, forward


def grad(value, logits):
    return torch.autograd.grad(value, logits, retain_graph=True)[0]


def test_means_over_the_policy_s_samples(pair):
    _, log_p, reference, _, _ = pair
    p = log_p.exp()
    divergence = (p * (log_p - reference)).sum()
    close((p * kl_values(log_p, reference, "k1")).sum(), divergence)
    close((p * kl_values(log_p, reference, "k3")).sum(), divergence)
    assert abs((p * kl_values(log_p, reference, "k2")).sum() - divergence) > 0.01
    near = (log_p.detach() + 0.01 * (reference - log_p)).log_softmax(0)
    near_divergence = (p * (log_p - near)).sum()
    close((p * kl_values(log_p, near, "k2")).sum(), near_divergence, 1e-6)


def test_in_the_loss_k1_pulls_nowhere_k2_by_reverse_and_k3_by_forward_kl(pair):
    logits, log_p, reference, reverse, forward = pair
    p = log_p.detach().exp()
    close(grad((p * kl_values(log_p, reference, "k1")).sum(), logits), torch.zeros(5))
    close(grad((p * kl_values(log_p, reference, "k2")).sum(), logits), reverse)
    close(grad((p * kl_values(log_p, reference, "k3")).sum(), logits), forward)


def test_with_the_score_function_k1_and_k3_pull_by_reverse_kl_and_k2_by_its_own_mean(pair):
    logits, log_p, reference, reverse, _ = pair
    p = log_p.detach().exp()
    for estimator in ESTIMATORS:
        values = kl_values(log_p, reference, estimator)
        adjusted = with_score_function(values, log_p)
        close(adjusted, values)
        gradient = grad((p * adjusted).sum(), logits)
        close(gradient, grad((log_p.exp() * values).sum(), logits))
        assert torch.allclose(gradient, reverse) == (estimator != "k2")


def test_in_the_reward_k1_pulls_by_reverse_kl_and_k3_by_reverse_less_forward(pair):
    logits, log_p, reference, reverse, forward = pair
    samples = Segments.of_lengths(torch.ones(5, dtype=torch.long))
    pulls = {}
    for estimator in ESTIMATORS:
        rewards = kl_in_reward(torch.zeros(5), kl_values(log_p, reference, estimator), samples, coefficient=1.0)
        assert not rewards.requires_grad
        pulls[estimator] = grad(-(log_p.detach().exp() * rewards * log_p).sum(), logits)
    close(pulls["k1"], reverse)
    close(pulls["k3"], reverse - forward)
    own_mean = grad((log_p.exp() * kl_values(log_p, reference, "k2")).sum(), logits)
    close(pulls["k2"], own_mean - reverse)


def test_the_whole_vocabulary_gives_the_divergence_and_its_gradient(pair):
    logits, log_p, reference, reverse, _ = pair
    value = kl_full(logits[None] + 7.0, reference[None] - 3.0)
    close(value, (log_p.exp() * (log_p - reference)).sum())
    close(grad(value.sum(), logits), reverse)
    rows, others = torch.randn(3, 4, dtype=torch.float64, requires_grad=True), torch.randn(3, 4, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: kl_full(x, others), (rows,))


def test_a_forbidden_token_costs_nothing_unless_only_the_reference_forbids_it():
    logits = torch.tensor([[0.0, 0.0, -torch.inf], [0.0, 0.0, 0.0]], requires_grad=True)
    reference = torch.tensor([[0.0, 0.0, -torch.inf], [0.0, 0.0, -torch.inf]])
    value = kl_full(logits, reference)
    value.sum().backward()
    assert value[0].item() == 0
    assert value[1].item() == pytest.approx(20 / 3 + 2 / 3 * math.log(2 / 3))
    assert logits.grad.isfinite().all()


def test_full_kl_is_exactly_zero_when_nothing_has_changed_and_finite_when_all_has():
    logits = torch.randn(4, 50)
    assert kl_full(logits, logits.clone()).tolist() == [0.0] * 4
    assert kl_full(1e4 * logits, -1e4 * logits).isfinite().all()


@given(columns=tokens(st.floats(-5, 5)), coefficient=st.floats(0, 2))
def test_kl_in_reward_and_to_go_equal_loops(columns, coefficient):
    (values,) = columns
    layout, packed = segments(values), pack(values)
    rewards = torch.arange(len(values), dtype=torch.float64)
    expected = [i - coefficient * sum(sample) for i, sample in enumerate(values)]
    close(kl_in_reward(rewards, packed, layout, coefficient), expected)
    close(kl_to_go(packed, layout), [sum(sample[i:]) for sample in values for i in range(len(sample))])


def test_in_whole_completions_both_ways_into_the_reward_pull_by_the_sequence_s_reverse_kl():
    """Every completion of a two-token policy over three symbols, the second conditioned on the first."""
    first, second = torch.randn(3, dtype=torch.float64), torch.randn(3, 3, dtype=torch.float64)
    first.requires_grad_(), second.requires_grad_()
    ref_first, ref_second = torch.randn(3).double().log_softmax(0), torch.randn(3, 3).double().log_softmax(1)
    log_p, log_q = (first.log_softmax(0), second.log_softmax(1)), (ref_first, ref_second)
    pairs = list(itertools.product(range(3), range(3)))
    policy = torch.stack([x for a, b in pairs for x in (log_p[0][a], log_p[1][a, b])])
    reference = torch.stack([x for a, b in pairs for x in (log_q[0][a], log_q[1][a, b])])
    layout = Segments.of_lengths(torch.full((9,), 2))
    chance = layout.sum(policy).exp()
    divergence = (chance * layout.sum(policy - reference)).sum()
    expected = torch.autograd.grad(divergence, (first, second), retain_graph=True)
    values = kl_values(policy, reference, "k1")
    whole = layout.spread(kl_in_reward(torch.zeros(9), values, layout, 1.0))
    for signal in (whole, -kl_to_go(values, layout)):
        loss = -(layout.spread(chance.detach()) * signal * policy).sum()
        for gradient, wanted in zip(
            torch.autograd.grad(loss, (first, second), retain_graph=True), expected, strict=True
        ):
            close(gradient, wanted)


def test_a_constant_coefficient_stays():
    coefficient = KLCoefficient(0.01)
    for kl in (0.0, 100.0, math.nan):
        coefficient.update(kl)
    assert coefficient.value == 0.01


def test_an_adaptive_coefficient_follows_the_formula():
    coefficient = KLCoefficient(0.1, target=0.05, horizon=10)
    expected = 0.1
    for kl in (0.05, 0.055, 1.0, 0.0, 0.04):
        coefficient.update(kl)
        expected *= 1 + min(max(kl / 0.05 - 1, -0.2), 0.2) / 10
        assert coefficient.value == pytest.approx(expected, rel=1e-12)
    before = coefficient.value
    for nothing in (math.nan, math.inf, -math.inf):
        coefficient.update(nothing)
    assert coefficient.value == before


def test_an_adaptive_coefficient_finds_the_strength_that_holds_the_target():
    """A divergence that answers as 1 / coefficient settles at its target from either side."""
    for start in (0.001, 1.0):
        coefficient = KLCoefficient(start, target=0.1, horizon=10)
        for _ in range(1000):
            coefficient.update(0.002 / coefficient.value)
        assert coefficient.value == pytest.approx(0.02, rel=1e-3)


def test_coefficient_resumes():
    one = KLCoefficient(0.1, target=0.05)
    for kl in (0.3, 0.01, 0.2):
        one.update(kl)
    other = KLCoefficient(0.1, target=0.05)
    other.load_state_dict(one.state_dict())
    one.update(0.07), other.update(0.07)
    assert one.value == other.value != 0.1
    constant = KLCoefficient(0.5)
    constant.load_state_dict(one.state_dict())
    assert constant.value == 0.5
    with pytest.raises(KeyError):
        other.load_state_dict({})


def test_bad_settings_are_refused():
    one = torch.zeros(1)
    with pytest.raises(UserError, match="k4"):
        kl_values(one, one, "k4")
    with pytest.raises(UserError, match="clamp"):
        kl_values(one, one, "k2", clamp=0.0)
    for settings in ({"initial": -1.0}, {"initial": math.nan}, {"initial": 0.1, "target": 0.0}):
        with pytest.raises(UserError, match="KL"):
            KLCoefficient(**settings)
    with pytest.raises(UserError, match="start at 0"):
        KLCoefficient(0.0, target=0.1)
    with pytest.raises(UserError, match="horizon"):
        KLCoefficient(0.1, target=0.1, horizon=0)
