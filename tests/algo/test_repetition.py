from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from prorl.algo.repetition import Repetition, repeated_share
from prorl.algo.shaping import Completions
from prorl.errors import UserError

from .ragged import close

texts = st.lists(st.lists(st.integers(0, 2), max_size=12), min_size=1, max_size=5)


def slow_share(tokens: list[int], n: int) -> float:
    grams = [tuple(tokens[i : i + n]) for i in range(len(tokens) - n + 1)]
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def flat(samples):
    return torch.tensor([t for sample in samples for t in sample], dtype=torch.long)


@given(texts, st.integers(1, 5))
def test_equals_a_loop(samples, n):
    lengths = torch.tensor([len(sample) for sample in samples])
    close(repeated_share(flat(samples), lengths, n), [slow_share(sample, n) for sample in samples], 1e-6)


def test_a_loop_costs_nearly_all_and_fresh_text_nothing():
    lengths = torch.tensor([1000, 1000, 3])
    tokens = torch.cat([torch.arange(1000), torch.arange(1000) % 7, torch.zeros(3).long()])
    seen = Completions(lengths, torch.ones(3).bool(), torch.ones(3).bool(), 1000, 0, tokens)
    shaped = Repetition(n=20, weight=0.5)(torch.ones(3), seen)
    assert shaped.tolist() == pytest.approx([1.0, 1 - 0.5 * (981 - 7) / 981, 1.0])


def test_the_same_gram_in_two_completions_is_no_repetition():
    assert repeated_share(torch.tensor([1, 2, 1, 2]), torch.tensor([2, 2]), 2).tolist() == [0.0, 0.0]


def test_missing_tokens_and_bad_settings_are_refused():
    blind = Completions(torch.tensor([1]), torch.ones(1).bool(), torch.ones(1).bool(), 9, 0)
    with pytest.raises(UserError, match="tokens"):
        Repetition()(torch.ones(1), blind)
    with pytest.raises(UserError, match="grams"):
        Repetition(n=0)
    with pytest.raises(UserError, match="penalty"):
        Repetition(weight=-1.0)
