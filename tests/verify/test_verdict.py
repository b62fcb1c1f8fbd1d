import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorl.verify.verdict import SHOWN, Outcome, Verdict, decode, encode

texts = st.text(max_size=50)
shares = st.floats(0, 1, exclude_max=True)


@given(shares, st.sampled_from([o for o in Outcome if o is not Outcome.SOLVED]), shares, st.none() | texts, texts)
def test_a_verdict_survives_the_crossing(score, outcome, tolerant_score, answer, detail):
    verdict = Verdict(score, outcome, tolerant_score, answer, detail)
    assert decode(encode(verdict)) == verdict


def test_lone_surrogates_cross_as_question_marks():
    """What comes back is written to files, none of which takes half a character."""
    crossed = decode(encode(Verdict(1.0, Outcome.SOLVED, 1.0, "a\ud800", "\udfff✓")))
    assert crossed == Verdict(1.0, Outcome.SOLVED, 1.0, "a?", "?✓")


def test_integers_become_floats():
    assert decode(encode(Verdict(1, Outcome.SOLVED, 1))) == Verdict(1.0, Outcome.SOLVED, 1.0)


def test_long_texts_are_cut_with_a_mark():
    crossed = decode(encode(Verdict(0.0, Outcome.WRONG, 0.0, "a" * SHOWN, "b" * (SHOWN + 1))))
    assert crossed.answer == "a" * SHOWN
    assert crossed.detail == "b" * SHOWN + f"… [{SHOWN + 1} characters]"


GOOD = {"score": 0.5, "outcome": "wrong", "tolerant_score": 0.5, "answer": None, "detail": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"score": 1.1},
        {"score": -0.1},
        {"score": float("nan")},
        {"score": True},
        {"score": "0.5"},
        {"tolerant_score": None},
        {"outcome": "fine"},
        {"outcome": 3},
        {"answer": 7},
        {"detail": None},
        {"extra": 1},
        {"outcome": "solved"},
        {"score": 1.0},
    ],
)
def test_every_broken_field_is_refused(change):
    assert decode(json.dumps(GOOD).encode()).score == 0.5
    with pytest.raises(ValueError, match=r"."):
        decode(json.dumps({**GOOD, **change}).encode())


@pytest.mark.parametrize("frame", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'{"score": 1.0}'])
def test_what_is_no_verdict_is_refused(frame):
    with pytest.raises(ValueError, match=r"."):
        decode(frame)
