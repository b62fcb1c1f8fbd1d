"""Which characters belong to which token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoTokenizer

from prorl.run.token_spans import TokenSpans


@pytest.fixture(scope="module")
def tokenizer(smollm2: Path):  # type: ignore[no-untyped-def]
    return AutoTokenizer.from_pretrained(smollm2)


def test_characters_of_several_tokens_count_for_the_last_of_them(tokenizer) -> None:  # type: ignore[no-untyped-def]
    text = "the answer is 中文 𓀀!"
    tokens = tokenizer.encode(text)
    lengths = TokenSpans(lambda ids: tokenizer.decode(list(ids), skip_special_tokens=True)).lengths(tokens, text)
    assert lengths is not None
    assert sum(lengths) == len(text)
    assert lengths[:3] == [3, 7, 3]
    assert 0 in lengths


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=40))
def test_lengths_always_add_up_to_the_text(tokenizer, text: str) -> None:  # type: ignore[no-untyped-def]
    tokens = tokenizer.encode(text)
    shown = tokenizer.decode(tokens, skip_special_tokens=True)
    lengths = TokenSpans(lambda ids: tokenizer.decode(list(ids), skip_special_tokens=True)).lengths(tokens, shown)
    assert lengths is not None
    assert len(lengths) == len(tokens)
    assert sum(lengths) == len(shown)


def test_a_completion_that_ends_within_a_character_is_split_too(tokenizer) -> None:  # type: ignore[no-untyped-def]
    tokens = tokenizer.encode("so 𓀀")[:-1]
    shown = tokenizer.decode(tokens)
    lengths = TokenSpans(lambda ids: tokenizer.decode(list(ids))).lengths(tokens, shown)
    assert lengths is not None
    assert (sum(lengths), len(lengths)) == (len(shown), len(tokens))


def test_nothing_is_pointed_at_where_tokens_do_not_make_up_the_text() -> None:
    def drops_first_space(ids: Sequence[int]) -> str:
        return "".join(" w" for _ in ids).lstrip()

    assert TokenSpans(drops_first_space).lengths([1, 2], drops_first_space([1, 2])) is None
