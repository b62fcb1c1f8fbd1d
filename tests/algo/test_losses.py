from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.aggregate import token_weights, weighted_sum
from prorl.algo.losses import policy_loss
from prorl.algo.packed import Segments
from prorl.errors import UserError

from .ragged import close, logprob, mostly_true, pack, segments, tokens

LOW, HIGH, DUAL = 0.2, 0.4, 3.0
KINDS = ("clip", "gspo", "cispo", "reinforce")
advantage = st.one_of(st.just(0.0), st.floats(-3, 3))


def slow_loss(new: float, ratio: float, adv: float, kind: str, dual: float | None) -> tuple[float, bool, bool, bool]:
    """One token's loss and whether it was clipped below, above, and by the dual clip."""
    bounded = min(max(ratio, 1 - LOW), 1 + HIGH)
    if kind == "reinforce":
        return -adv * new, False, False, False
    if kind == "cispo":
        return -bounded * adv * new, ratio < 1 - LOW, ratio > 1 + HIGH, False
    objective = min(ratio * adv, bounded * adv)
    dual_clipped = dual is not None and adv < 0 and ratio > dual
    if dual_clipped:
        objective = max(objective, dual * adv)
    return -objective, adv < 0 and ratio < 1 - LOW, adv > 0 and ratio > 1 + HIGH, dual_clipped


@pytest.mark.parametrize("dual", [None, DUAL])
@pytest.mark.parametrize("kind", KINDS)
@given(columns=tokens(logprob, logprob, advantage, mostly_true))
def test_equals_a_loop(kind, dual, columns):
    new, old, adv, keep = columns
    dual = dual if kind in ("clip", "gspo") else None
    expected = []
    for i in range(len(new)):
        logs = [n - o for n, o in zip(new[i], old[i], strict=True)]
        kept = [log for log, k in zip(logs, keep[i], strict=True) if k]
        for j, log in enumerate(logs):
            if kind == "gspo":
                log = sum(kept) / len(kept) if kept else 0.0
            elif not keep[i][j]:
                log = 0.0
            expected.append(slow_loss(new[i][j], math.exp(log), adv[i][j], kind, dual))
    layout = segments(new)
    result = policy_loss(pack(new), pack(old), pack(adv), layout, kind, LOW, HIGH, dual, keep=pack(keep, torch.bool))
    close(result.values, [row[0] for row in expected], 1e-7)
    assert result.clipped_low.tolist() == [row[1] for row in expected]
    assert result.clipped_high.tolist() == [row[2] for row in expected]
    assert result.dual_clipped.tolist() == [row[3] for row in expected]


@pytest.mark.parametrize("kind", KINDS)
def test_gradient_equals_finite_differences(kind):
    layout = Segments.of_lengths(torch.tensor([4, 0, 3, 5]))
    old, adv = -3 * torch.rand(12, dtype=torch.float64), torch.randn(12, dtype=torch.float64)
    new = (old + 0.5 * torch.randn(12, dtype=torch.float64)).requires_grad_()
    weights = token_weights(layout, "sequence_mean")
    dual = 1.6 if kind in ("clip", "gspo") else None

    def loss(x):
        return weighted_sum(policy_loss(x, old, adv, layout, kind, LOW, HIGH, dual).values, weights)

    (gradient,) = torch.autograd.grad(loss(new), new)
    for i in range(12):
        step = torch.zeros(12, dtype=torch.float64)
        step[i] = 1e-6
        numeric = (loss(new + step) - loss(new - step)) / 2e-6
        if kind == "cispo":
            # The weight is held still, so the finite difference must hold it still too.
            ratio = (new[i] - old[i]).exp().clamp(1 - LOW, 1 + HIGH)
            numeric = -ratio * adv[i] * weights[i]
        assert abs(gradient[i] - numeric) < 1e-8


def test_the_flags_say_which_tokens_lost_their_gradient():
    layout = Segments.of_lengths(torch.tensor([500]))
    old, adv = torch.full((500,), -2.0), torch.randn(500)
    new = (old + torch.randn(500)).requires_grad_()
    for dual in (None, 2.0):
        result = policy_loss(new, old, adv, layout, "clip", LOW, HIGH, dual)
        (gradient,) = torch.autograd.grad(result.values.sum(), new)
        flagged = result.clipped_low | result.clipped_high | result.dual_clipped
        assert torch.equal(gradient == 0, flagged)
        assert 0 < flagged.sum() < 500
        assert result.dual_clipped.any() == (dual is not None)


def test_no_token_loses_its_gradient_in_cispo():
    old, adv = torch.full((3,), -2.0), torch.tensor([1.0, -1.0, 1.0])
    new = torch.tensor([-6.0, -0.1, -2.0], requires_grad=True)
    result = policy_loss(new, old, adv, Segments.of_lengths(torch.tensor([3])), "cispo", LOW, HIGH)
    (gradient,) = torch.autograd.grad(result.values.sum(), new)
    assert gradient.tolist() == pytest.approx([-(1 - LOW), 1 + HIGH, -1.0])


@pytest.mark.parametrize("kind", KINDS)
def test_on_policy_all_losses_have_the_policy_gradient(kind):
    layout = Segments.of_lengths(torch.tensor([2, 3]))
    adv = layout.spread(torch.tensor([1.5, -0.5], dtype=torch.float64))
    new = -torch.rand(5, dtype=torch.float64).requires_grad_()
    result = policy_loss(new, new.detach(), adv, layout, kind, LOW, HIGH)
    (gradient,) = torch.autograd.grad(weighted_sum(result.values, token_weights(layout, "sequence_mean")), new)
    close(gradient, -adv * token_weights(layout, "sequence_mean").double())
    assert not (result.clipped_low | result.clipped_high | result.dual_clipped).any()


@pytest.mark.parametrize("kind", ["clip", "gspo", "reinforce"])
def test_the_mean_gradient_is_that_of_the_expected_reward(kind):
    """Over every outcome of a small categorical, weighted by the old policy's probability, without clipping."""
    logits = torch.randn(5, dtype=torch.float64, requires_grad=True)
    reward = torch.randn(5, dtype=torch.float64)
    log_p = logits.log_softmax(0)
    old = log_p.detach() if kind == "reinforce" else torch.randn(5, dtype=torch.float64).log_softmax(0)
    layout = Segments.of_lengths(torch.ones(5, dtype=torch.long))
    values = policy_loss(log_p, old, reward, layout, kind, clip_low=1.0, clip_high=1e9).values
    (gradient,) = torch.autograd.grad((old.exp() * values).sum(), logits, retain_graph=True)
    (expected,) = torch.autograd.grad((log_p.exp() * reward).sum(), logits)
    close(gradient, -expected)


def test_a_gspo_ratio_does_not_depend_on_length():
    """The geometric mean: twice the tokens with the same log-ratio give the same ratio."""
    layout = Segments.of_lengths(torch.tensor([3, 6]))
    old = torch.full((9,), -1.0)
    result = policy_loss(old + 0.1, old, torch.ones(9), layout, "gspo", 0.5, 0.5)
    assert result.values.tolist() == pytest.approx([-math.exp(0.1)] * 9)


@pytest.mark.parametrize("kind", KINDS)
@given(columns=tokens(logprob, logprob, advantage), random=st.randoms())
def test_a_sample_has_the_same_loss_whatever_it_is_packed_with(kind, columns, random):
    new, old, adv = columns
    order = list(range(len(new)))
    random.shuffle(order)
    plain = policy_loss(pack(new), pack(old), pack(adv), segments(new), kind).values
    new, old, adv = ([column[i] for i in order] for column in (new, old, adv))
    moved = policy_loss(pack(new), pack(old), pack(adv), segments(new), kind).values
    by_sample = plain.split([len(column) for column in columns[0]])
    assert moved.tolist() == torch.cat([by_sample[i] for i in order]).tolist()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("old", [0.0, -1e4, -1e38])
@pytest.mark.parametrize("new", [0.0, -1e4, -1e38])
@pytest.mark.parametrize("adv", [-1.0, 0.0, 1.0])
def test_extreme_ratios_stay_finite(kind, old, new, adv):
    x = torch.tensor([new, -1.0], requires_grad=True)
    result = policy_loss(
        x, torch.tensor([old, -1.0]), torch.tensor([adv, 1.0]), Segments.of_lengths(torch.tensor([2])), kind
    )
    result.values.sum().backward()
    assert result.values.isfinite().all()
    assert x.grad.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_old_logprob_that_is_not_kept_leaves_no_trace(kind):
    layout, keep = Segments.of_lengths(torch.tensor([3])), torch.tensor([True, False, True])
    weights = token_weights(layout, "token_mean", keep)
    gradients, losses = [], []
    for missing in (torch.nan, -1.3):
        new = torch.tensor([-1.0, -2.0, -0.5], requires_grad=True)
        result = policy_loss(new, torch.tensor([-1.1, missing, -0.4]), torch.ones(3), layout, kind, keep=keep)
        loss = weighted_sum(result.values, weights)
        loss.backward()
        losses.append(loss.item())
        gradients.append(new.grad.tolist())
    assert losses[0] == losses[1]
    assert gradients[0] == gradients[1]


def test_no_tokens():
    none = torch.zeros(0)
    for kind in KINDS:
        assert policy_loss(none, none, none, Segments.of_lengths(torch.zeros(0).long()), kind).values.shape == (0,)


@pytest.mark.parametrize("kind", KINDS)
def test_reports_carry_no_gradient_and_cispo_s_old_policy_gets_none(kind):
    new, old = torch.tensor([-1.0], requires_grad=True), torch.tensor([-1.1], requires_grad=True)
    result = policy_loss(new, old, torch.ones(1), Segments.of_lengths(torch.tensor([1])), kind)
    assert result.values.requires_grad
    for report in (result.log_ratio, result.clipped_low, result.clipped_high, result.dual_clipped):
        assert not report.requires_grad
    (gradient,) = torch.autograd.grad(result.values.sum(), old, allow_unused=True)
    assert (gradient is None) == (kind in ("cispo", "reinforce"))


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kind": "ppo"}, "ppo"),
        ({"clip_low": 1.5}, "clip_low"),
        ({"clip_low": -0.1}, "clip_low"),
        ({"clip_high": -0.1}, "clip_high"),
        ({"dual_clip": 1.0}, "dual_clip"),
        ({"dual_clip": 3.0, "kind": "cispo"}, "dual_clip"),
    ],
)
def test_bad_settings_are_refused(settings, named):
    one = torch.zeros(1)
    with pytest.raises(UserError, match=named):
        policy_loss(one, one, one, Segments.of_lengths(torch.tensor([1])), **settings)
