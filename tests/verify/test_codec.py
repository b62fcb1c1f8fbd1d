import math
import time
from collections import Counter, OrderedDict, namedtuple
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorl.verify.inside.codec import DEPTH, NotPlain, decode, encode

leaves = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.complex_numbers(allow_nan=False)
    | st.text(st.characters()) | st.binary()
)  # fmt: skip
keys = st.recursive(leaves, lambda inner: st.tuples(inner) | st.frozensets(inner), max_leaves=5)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.sets(keys) | st.dictionaries(keys, inner),
    max_leaves=30,
)


def types(value):
    if isinstance(value, dict):
        return dict, [(types(key), types(held)) for key, held in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [types(held) for held in value]
    return type(value)


@given(values)
def test_plain_data_comes_out_as_it_went_in(value):
    back = decode(encode(value))
    assert back == value
    assert types(back) == types(value)


@pytest.mark.parametrize("value", ["\ud800", "\x00", "\u202e", 2**4000, -(2**63), math.inf, -0.0, {}, {1: {2: 3}}])
def test_extremes_come_out_as_they_went_in(value):
    assert repr(decode(encode(value))) == repr(value)
    assert math.isnan(decode(encode(math.nan)))


def test_an_instance_of_a_subclass_comes_out_as_what_it_holds():
    class Sly(list):
        def __iter__(self):
            raise RuntimeError

        def __len__(self):
            return 7

    class Level(IntEnum):
        HIGH = 3

    point = namedtuple("point", "x y")(1, 2)
    for value, plain in [(Sly([1, 2]), [1, 2]), (Level.HIGH, 3), (point, (1, 2)), (Counter("aab"), {"a": 2, "b": 1}),
                         (OrderedDict(b=1, a=2), {"b": 1, "a": 2})]:  # fmt: skip
        back = decode(encode(value))
        assert (type(back), back) == (type(plain), plain)


@pytest.mark.parametrize("value", [object(), range(3), iter([]), lambda: 0, type, {1: object()}])
def test_what_is_no_plain_data_is_refused(value):
    with pytest.raises(NotPlain, match="is no plain data"):
        encode(value)


def test_depth_is_bounded_in_both_directions():
    deep = []
    for _ in range(DEPTH + 1):
        deep = [deep]
    with pytest.raises(NotPlain, match="deeper"):
        encode(deep)
    with pytest.raises(NotPlain, match="deeper"):
        decode(b"l\x00\x00\x00\x01" * 10_000 + b"N")


@given(st.binary())
def test_any_bytes_are_a_value_or_refused(data):
    try:
        value = decode(data)
    except NotPlain:
        return
    decode(encode(value))


@given(values, st.integers(0))
def test_a_cut_or_longer_message_is_refused(value, at):
    data = encode(value)
    with pytest.raises(NotPlain):
        decode(data[: at % len(data)])
    with pytest.raises(NotPlain, match="left over"):
        decode(data + b"N")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"?",
        b"d\x00\x00\x00\x01lN",
        b"e\x00\x00\x00\x01l\x00\x00\x00\x00",
        b"s\x00\x00\x00\x01\xff",
        b"l\xff\xff\xff\xff",
    ],
)
def test_worthless_bytes_are_refused_at_once(data):
    with pytest.raises(NotPlain):
        decode(data)


def test_bytes_that_take_for_ever_end_at_the_deadline():
    # All these numbers have the same hash, so that a set of them takes quadratic time.
    parts = [encode((2**61 - 1) * number) for number in range(1, 60_000)]
    data = b"e" + len(parts).to_bytes(4, "big") + b"".join(parts)
    begin = time.monotonic()
    with pytest.raises(TimeoutError):
        decode(data, begin + 0.3)
    assert time.monotonic() - begin < 5
