from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.packed import Segments

from .ragged import close, logprob, mostly_true, pack, segments, tokens


@given(tokens(logprob, mostly_true))
def test_sums_means_and_spread_equal_loops(columns):
    values, keep = columns
    layout, x, mask = segments(values), pack(values), pack(keep, torch.bool)
    assert layout.lengths().tolist() == [len(sample) for sample in values]
    close(layout.sum(x), [sum(sample) for sample in values])
    assert layout.sum(mask).tolist() == [sum(sample) for sample in keep]
    close(layout.mean(x), [sum(sample) / len(sample) if sample else 0.0 for sample in values])
    kept = [[v for v, k in zip(sample, row, strict=True) if k] for sample, row in zip(values, keep, strict=True)]
    close(layout.mean(x, mask), [sum(sample) / len(sample) if sample else 0.0 for sample in kept])
    close(layout.spread(torch.arange(layout.count)), [i for i, sample in enumerate(values) for _ in sample])
    close(layout.sum_to_go(x), [sum(sample[i:]) for sample in values for i in range(len(sample))])


@given(tokens(logprob), st.randoms())
def test_a_sample_sums_to_the_same_bits_whatever_it_is_packed_with(columns, random):
    (values,) = columns
    order = list(range(len(values)))
    random.shuffle(order)
    shuffled = [values[i] for i in order]
    one, other = pack(values, torch.float32), pack(shuffled, torch.float32)
    for measure in ("sum", "mean"):
        here = getattr(segments(values), measure)(one)
        there = getattr(segments(shuffled), measure)(other)
        assert here[order].tolist() == there.tolist()


def test_what_is_not_kept_may_be_anything():
    layout, keep = Segments.of_lengths(torch.tensor([3, 1])), torch.tensor([True, False, True, False])
    x = torch.tensor([1.0, torch.nan, 4.0, torch.inf], requires_grad=True)
    mean = layout.mean(x, keep)
    mean.sum().backward()
    assert mean.tolist() == [2.5, 0.0]
    assert x.grad.tolist() == [0.5, 0.0, 0.5, 0.0]


def test_no_samples_and_no_tokens():
    for lengths in ([], [0, 0]):
        layout, x = Segments.of_lengths(torch.tensor(lengths, dtype=torch.long)), torch.zeros(0)
        assert layout.count == len(lengths)
        for result in (layout.sum(x), layout.mean(x), layout.mean(x, x.bool())):
            assert result.tolist() == [0.0] * len(lengths)
        assert layout.sum_to_go(x).tolist() == []


def test_gradients():
    layout = Segments.of_lengths(torch.tensor([2, 0, 3]))
    x = torch.randn(5, dtype=torch.float64, requires_grad=True)
    y = torch.randn(3, dtype=torch.float64, requires_grad=True)
    keep = torch.tensor([True, True, False, True, True])
    assert torch.autograd.gradcheck(lambda x: layout.sum(x.square()), (x,))
    assert torch.autograd.gradcheck(lambda x: layout.mean(x.square(), keep), (x,))
    assert torch.autograd.gradcheck(lambda x: layout.sum_to_go(x.square()), (x,))
    assert torch.autograd.gradcheck(lambda y: layout.spread(y.square()), (y,))


def test_half_precision_is_summed_in_fp32():
    layout = Segments.of_lengths(torch.tensor([1000]))
    total = layout.sum(torch.full((1000,), 0.01, dtype=torch.bfloat16))
    assert total.dtype == torch.float32
    assert abs(total.item() - 10.0) < 0.05
