from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.correction import BOUNDS, correction
from prorl.algo.packed import Segments
from prorl.errors import UserError

from .ragged import close, logprob, pack, segments, tokens

KINDS = ("none", "tis", "icepop", "sequence_mask")
sampled = st.one_of(logprob, st.sampled_from([math.nan, -math.inf, math.inf]))


def slow_correction(trainer, sampler, kind, low, high):
    """Weight and keep of every token, sample by sample."""
    weights, keep = [], []
    for new, old in zip(trainer, sampler, strict=True):
        logs = [t - s for t, s in zip(new, old, strict=True) if math.isfinite(s)]
        whole = math.exp(sum(logs) / len(logs)) if logs else 1.0
        for t, s in zip(new, old, strict=True):
            rho = math.exp(t - s) if math.isfinite(s) else math.nan
            judged = whole if kind == "sequence_mask" else rho
            kept = math.isfinite(s) and (kind in ("none", "tis") or low <= judged <= high)
            used = {"none": 1.0, "tis": min(max(rho, low), high)}.get(kind, rho)
            keep.append(kept)
            weights.append(used if kept else 0.0)
    return weights, keep


@pytest.mark.parametrize("kind", KINDS)
@given(
    columns=tokens(logprob, sampled), low=st.sampled_from([0.0, 0.5, 0.999]), high=st.sampled_from([1.002, 2.0, 5.0])
)
def test_equals_a_loop(kind, columns, low, high):
    trainer, sampler = columns
    weights, keep = slow_correction(trainer, sampler, kind, low, high)
    layout = segments(trainer)
    result = correction(pack(trainer), pack(sampler), layout, kind, low, high)
    close(result.weights, weights, 1e-7)
    assert result.keep.tolist() == keep
    flat = [s for sample in sampler for s in sample]
    assert result.finite.tolist() == [math.isfinite(s) for s in flat]
    assert result.dropped_nonfinite == sum(not math.isfinite(s) for s in flat)
    by_sample = result.keep.split([len(sample) for sample in trainer])
    assert result.dropped_samples == sum(len(kept) > 0 and not kept.any().item() for kept in by_sample)
    if kind in ("icepop", "sequence_mask"):
        assert result.out_of_bounds == result.finite.sum() - result.keep.sum()


@pytest.mark.parametrize("kind", KINDS)
def test_equal_probabilities_need_no_correction(kind):
    x = -torch.rand(5)
    result = correction(x, x.clone(), Segments.of_lengths(torch.tensor([2, 3])), kind)
    assert result.weights.tolist() == [1.0] * 5
    assert result.keep.all()
    assert (result.dropped_nonfinite, result.out_of_bounds, result.dropped_samples) == (0, 0, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_token_is_as_if_it_were_not_there(kind):
    """Not as if it had been certain: filling in 0 would make its ratio exp(-2) and its sample's mean another one."""
    trainer, layout = torch.tensor([-1.0, -2.0, -1.5]), Segments.of_lengths(torch.tensor([3]))
    sampler = torch.tensor([-1.0005, torch.nan, -1.5])
    result = correction(trainer, sampler, layout, kind)
    there = torch.tensor([True, False, True])
    without = correction(trainer[there], sampler[there], Segments.of_lengths(torch.tensor([2])), kind)
    assert result.weights[there].tolist() == without.weights.tolist() != []
    assert result.weights[1].item() == 0
    assert not result.keep[1]
    assert result.keep[there].all()
    assert result.dropped_nonfinite == 1


def test_tis_clamps_and_counts_what_it_clamped():
    trainer, sampler = torch.log(torch.tensor([0.9, 0.1, 0.5])), torch.log(torch.tensor([0.1, 0.9, 0.5]))
    result = correction(trainer, sampler, Segments.of_lengths(torch.tensor([3])), "tis", 0.2, 2.0)
    assert result.weights.tolist() == pytest.approx([2.0, 0.2, 1.0])
    assert result.keep.all()
    assert result.out_of_bounds == 2


def test_published_bounds_are_the_defaults():
    assert BOUNDS["icepop"] == (0.5, 5.0)
    assert BOUNDS["sequence_mask"] == (0.999, 1.002)
    sampler = torch.full((4,), -3.0)
    trainer = sampler + torch.log(torch.tensor([0.49, 0.51, 4.9, 5.1]))
    layout = Segments.of_lengths(torch.tensor([4]))
    assert correction(trainer, sampler, layout, "icepop").keep.tolist() == [False, True, True, False]
    each = Segments.of_lengths(torch.ones(4, dtype=torch.long))
    trainer = sampler + torch.log(torch.tensor([0.9989, 0.9991, 1.0019, 1.0021]))
    assert correction(trainer, sampler, each, "sequence_mask").keep.tolist() == [False, True, True, False]


def test_a_sequence_is_judged_by_its_mean_not_by_its_length():
    """The same mismatch per token gives the same verdict for 2 tokens and for 2,000."""
    layout = Segments.of_lengths(torch.tensor([2, 2000]))
    for mismatch, kept in ((0.0015, True), (0.003, False)):
        result = correction(torch.full((2002,), -1.0 + mismatch), torch.full((2002,), -1.0), layout, "sequence_mask")
        assert result.keep.tolist() == [kept] * 2002


@pytest.mark.parametrize("kind", ["tis", "icepop", "sequence_mask"])
def test_inside_the_bounds_the_weighted_mean_is_the_trainer_s(kind):
    trainer, sampler = torch.randn(6).double().log_softmax(0), torch.randn(6).double().log_softmax(0)
    value = torch.randn(6, dtype=torch.float64)
    layout = Segments.of_lengths(torch.ones(6, dtype=torch.long))
    weights = correction(trainer, sampler, layout, kind, 0.0, 1e6).weights
    close((sampler.exp() * weights * value).sum(), (trainer.exp() * value).sum())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("trainer", "sampler"), [(0.0, -1e30), (-1e30, 0.0)])
def test_extreme_ratios_stay_finite(kind, trainer, sampler):
    result = correction(torch.tensor([trainer]), torch.tensor([sampler]), Segments.of_lengths(torch.tensor([1])), kind)
    assert result.weights.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_all_missing_and_no_tokens(kind):
    nan = torch.full((3,), torch.nan)
    result = correction(-torch.ones(3), nan, Segments.of_lengths(torch.tensor([1, 2, 0])), kind)
    assert result.weights.tolist() == [0.0, 0.0, 0.0]
    assert (result.dropped_nonfinite, result.dropped_samples, result.out_of_bounds) == (3, 2, 0)
    none = torch.zeros(0)
    assert correction(none, none, Segments.of_lengths(torch.zeros(0).long()), kind).dropped_samples == 0


def test_no_gradient_passes():
    trainer = torch.tensor([-1.0], requires_grad=True)
    result = correction(trainer, torch.tensor([-1.1]), Segments.of_lengths(torch.tensor([1])), "tis")
    assert not result.weights.requires_grad
    assert not result.log_ratio.requires_grad


def test_bad_settings_are_refused():
    one, layout = torch.zeros(1), Segments.of_lengths(torch.tensor([1]))
    with pytest.raises(UserError, match="mis"):
        correction(one, one, layout, "mis")
    for low, high in ((-0.1, 2.0), (1.1, 2.0), (0.5, 0.9), (math.nan, 2.0)):
        with pytest.raises(UserError, match="bounds"):
            correction(one, one, layout, "icepop", low, high)
