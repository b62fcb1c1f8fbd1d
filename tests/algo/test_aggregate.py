from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.aggregate import token_weights, weighted_sum
from prorl.algo.packed import Segments
from prorl.errors import UserError

from .ragged import close, mostly_true, pack, segments, tokens

WAYS = ("token_mean", "sequence_mean", "constant_length")
LONGEST = 10
value = st.floats(-5, 5)


def slow_loss(values: list[list[float]], keep: list[list[bool]], how: str) -> float:
    kept = [[v for v, k in zip(sample, row, strict=True) if k] for sample, row in zip(values, keep, strict=True)]
    kept = [sample for sample in kept if sample]
    if not kept:
        return 0.0
    if how == "token_mean":
        return sum(map(sum, kept)) / sum(map(len, kept))
    if how == "sequence_mean":
        return sum(sum(sample) / len(sample) for sample in kept) / len(kept)
    return sum(map(sum, kept)) / (LONGEST * len(kept))


@pytest.mark.parametrize("how", WAYS)
@given(columns=tokens(value, mostly_true))
def test_equals_a_loop_over_kept_tokens(how, columns):
    values, keep = columns
    weights = token_weights(segments(values), how, pack(keep, torch.bool), LONGEST)
    assert weights.dtype == torch.float32
    close(weighted_sum(pack(values), weights), slow_loss(values, keep, how), 1e-6)


@pytest.mark.parametrize("how", WAYS)
@given(columns=tokens(value, mostly_true), cuts=st.lists(st.integers(0, 2), min_size=5, max_size=5))
def test_parts_add_up_to_the_whole_however_the_batch_is_cut(how, columns, cuts):
    """Samples are dealt to three micro-batches (or ranks) at will; each takes its slice of the weights."""
    values, keep = columns
    weights = token_weights(segments(values), how, pack(keep, torch.bool), LONGEST)
    by_sample = weights.split([len(sample) for sample in values])
    whole = weighted_sum(pack(values), weights)
    parts = torch.zeros((), dtype=torch.float64)
    for part in range(3):
        mine = [i for i in range(len(values)) if cuts[i] == part]
        if mine:
            parts += weighted_sum(pack([values[i] for i in mine]), torch.cat([by_sample[i] for i in mine]))
    close(parts, whole)


@pytest.mark.parametrize("how", WAYS)
@given(columns=tokens(value, mostly_true))
def test_a_token_that_is_not_kept_is_as_if_it_were_not_there(how, columns):
    values, keep = columns
    mask = pack(keep, torch.bool)
    cut = [[v for v, k in zip(sample, row, strict=True) if k] for sample, row in zip(values, keep, strict=True)]
    weights = token_weights(segments(values), how, mask, LONGEST)
    assert weights[mask].tolist() == token_weights(segments(cut), how, max_length=LONGEST).tolist()
    assert (weights[~mask] == 0).all()


@given(columns=tokens(value, mostly_true))
def test_means_weigh_one_in_total(columns):
    _, keep = columns
    mask = pack(keep, torch.bool)
    total = 1.0 if mask.any() else 0.0
    for how in ("token_mean", "sequence_mean"):
        close(token_weights(segments(keep), how, mask).sum(), total, 1e-6)


@pytest.mark.parametrize("how", WAYS)
def test_all_masked_is_zero_in_value_and_gradient(how):
    layout = Segments.of_lengths(torch.tensor([2, 1]))
    weights = token_weights(layout, how, torch.zeros(3, dtype=torch.bool), LONGEST)
    x = torch.tensor([torch.nan, torch.inf, 1.0], requires_grad=True)
    loss = weighted_sum(x, weights)
    loss.backward()
    assert loss.item() == 0
    assert x.grad.tolist() == [0, 0, 0]


def test_constant_length_does_not_favour_short_answers():
    """Dr.GRPO's point: doubling an answer's length doubles its weight, where sequence_mean leaves it alone."""
    layout = Segments.of_lengths(torch.tensor([2, 4]))
    constant = layout.sum(token_weights(layout, "constant_length", max_length=LONGEST))
    assert constant.tolist() == pytest.approx([0.1, 0.2])
    assert layout.sum(token_weights(layout, "sequence_mean")).tolist() == [0.5, 0.5]


def test_bad_settings_are_refused():
    layout = Segments.of_lengths(torch.tensor([2]))
    with pytest.raises(UserError, match="max_length"):
        token_weights(layout, "constant_length")
    with pytest.raises(UserError, match="max_length"):
        token_weights(layout, "constant_length", max_length=0)
    with pytest.raises(UserError, match="tokenmean"):
        token_weights(layout, "tokenmean")
