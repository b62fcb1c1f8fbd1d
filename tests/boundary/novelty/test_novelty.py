"""Overlap novelty: the search equals brute force, and the controls bound what lies between them."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prorl.boundary.novelty.corpus import HELD_OUT, check, read
from prorl.boundary.novelty.measure import LENGTHS, PER_PROBLEM, measure
from prorl.boundary.novelty.search import longest_matches, uniqueness
from prorl.boundary.novelty.words import words
from prorl.errors import UserError

few_tokens = st.lists(st.integers(2, 4), min_size=1, max_size=30)


def brute_force(text: Sequence[int], corpus: Sequence[int], least: int) -> float:
    """Mark every token of every n-gram of at least `least` tokens that stands in the corpus."""

    def stands(ngram: Sequence[int]) -> bool:
        return any(list(corpus[i : i + len(ngram)]) == list(ngram) for i in range(len(corpus)))

    covered = set()
    for begin in range(len(text)):
        for end in range(begin + least, len(text) + 1):
            if stands(text[begin:end]):
                covered |= set(range(begin, end))
    return 1 - len(covered) / len(text)


@given(few_tokens, few_tokens)
def test_the_search_equals_brute_force_at_every_length(text: list[int], corpus: list[int]) -> None:
    def contains(ngram: Sequence[int]) -> bool:
        return any(corpus[i : i + len(ngram)] == list(ngram) for i in range(len(corpus)))

    found = uniqueness(longest_matches(text, contains), range(1, 7))
    for least in range(1, 7):
        assert found[least] == pytest.approx(brute_force(text, corpus, least))


def test_look_ups_are_linear_in_the_text() -> None:
    asked = 0

    def contains(ngram: Sequence[int]) -> bool:
        nonlocal asked
        asked += 1
        return len(ngram) <= 9

    longest_matches(range(1000), contains)
    assert asked <= 2 * 1000


def a_corpus(folder: Path, documents: int = 2 * HELD_OUT) -> Path:
    """Numbered sentences; documents share a long phrase."""
    lines = [
        {"text": f"The {place}th sentence says that the quick brown fox jumps over the lazy dog {place} times a day."}
        for place in range(documents)
    ]
    file = folder / "corpus.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return file


def rows(*texts: str) -> pl.DataFrame:
    return pl.DataFrame({"task": ["t"] * len(texts), "problem": [f"p{i}" for i in range(len(texts))], "text": texts})


def test_the_index_agrees_with_the_documents_and_knows_their_ends(tmp_path: Path) -> None:
    corpus = read([a_corpus(tmp_path)])

    def within(text: str) -> bool:
        return corpus.contains(corpus.vocabulary.numbers(words(text)))

    assert corpus.documents == 38
    assert within("quick brown fox jumps over the lazy dog 3 times")
    assert not within("quick brown fox jumps over the lazy dog 4 times a week")
    assert not within("3 times a day. the 4th"), "an n-gram may not reach over the end of a document"
    assert not within("dog 19 times"), "this document is held out"


def test_copies_are_not_novel_and_shuffling_makes_them_so(tmp_path: Path) -> None:
    corpus = read([a_corpus(tmp_path)])
    copied = "The 3th sentence says that the quick brown fox jumps over the lazy dog 3 times a day."
    new = "Nobody ever wrote such words about seventeen purple llamas singing together loudly at noon in Oslo."
    found = {row.author: row for row in measure(corpus, {"copy": rows(copied), "new": rows(new)}, window=16)}
    assert found["copy"].total is not None
    assert found["copy"].total.estimate == 0
    assert found["new"].total is not None
    assert found["new"].total.estimate == len(LENGTHS)
    assert found["new"].mean is not None
    assert found["new"].mean.estimate == 1
    ceiling = found["copy, tokens shuffled (ceiling)"]
    assert ceiling.total is not None
    assert ceiling.total.estimate > 6
    floor = found["documents left out of the corpus (floor)"]
    assert floor.windows == 2
    assert floor.total is not None
    assert 0 < floor.total.estimate < 4
    assert "not the published" in floor.note


def test_windows_have_one_length_and_texts_that_are_too_short_are_counted(tmp_path: Path) -> None:
    corpus = read([a_corpus(tmp_path)])
    long = "says that the quick brown fox jumps over the lazy dog"
    found = measure(corpus, {"m": rows(long, "too short", f"{long} and something else that nobody wrote")}, window=11)
    assert (found[0].windows, found[0].too_short) == (2, 1)
    assert found[0].uniqueness == dict.fromkeys(range(5, 12), 0.0) | {12: 1.0}


def test_problems_of_two_tasks_that_have_one_number_are_two(tmp_path: Path) -> None:
    corpus = read([a_corpus(tmp_path)])
    texts = [f"the quick brown fox jumps over the lazy dog and {number} cats run" for number in range(PER_PROBLEM)]
    right = pl.concat([rows(*texts).with_columns(task=pl.lit(task), problem=pl.lit("0")) for task in ("a", "b")])
    found = measure(corpus, {"m": right}, window=12)[0]
    assert (found.windows, found.problems) == (2 * PER_PROBLEM, 2)


def test_the_shares_by_length_add_up_to_the_sum(tmp_path: Path) -> None:
    """A problem with many windows weighs no more than one with a single one, and a task no more than another."""
    corpus = read([a_corpus(tmp_path)])
    copied = [f"says that the quick brown fox jumps over the lazy dog and {number} cats run" for number in range(6)]
    new = "Nobody ever wrote such words about seventeen purple llamas singing together loudly at noon in Oslo."
    right = pl.DataFrame(
        [("a", "p", text) for text in copied] + [("a", "q", new), ("b", "p", f"jumps over the lazy dog {new}")],
        schema=["task", "problem", "text"],
        orient="row",
    )
    for found in measure(corpus, {"m": right}, window=14)[:2]:
        assert found.windows == 8
        assert found.total is not None
        assert sum(found.uniqueness.values()) == pytest.approx(found.total.estimate, abs=1e-12)
    assert found.mean is not None
    assert sum(found.uniqueness.values()) / len(LENGTHS) == pytest.approx(found.mean.estimate, abs=1e-12)


def test_what_a_corpus_lacks_is_told_before_it_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check([a_corpus(tmp_path)])
    with pytest.raises(UserError, match="nowhere: there is no file"):
        check([tmp_path / "corpus.jsonl", tmp_path / "nowhere"])
    (tmp_path / "empty.txt").write_text(" \n")
    with pytest.raises(UserError, match="holds no text"):
        check([tmp_path / "empty.txt"])
    (tmp_path / "late.jsonl").write_text('{"text": "one"}\n{"words": "two"}\n')
    with pytest.raises(UserError, match="line 2"):
        check([tmp_path / "late.jsonl"])
    monkeypatch.setitem(sys.modules, "tokengrams", None)
    with pytest.raises(UserError, match=r"pip install 'prorl\[novelty\]'"):
        check([tmp_path / "corpus.jsonl"])


def test_a_corpus_without_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"words": "x"}\n')
    with pytest.raises(UserError, match="needs a text"):
        read([tmp_path])
    with pytest.raises(UserError, match="no file"):
        read([tmp_path / "nowhere"])


def test_lines_end_at_newlines_only_and_every_one_has_a_text(tmp_path: Path) -> None:
    file = tmp_path / "corpus.jsonl"
    texts = [f"document {number} has two\u2028lines" for number in range(HELD_OUT)]
    file.write_text("".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts), encoding="utf-8")
    assert read([file]).documents == HELD_OUT - 1
    file.write_text('{"text": "one"}\n{"text": null}\n')
    with pytest.raises(UserError, match="line 2: every line or row needs a text"):
        read([file])
    pl.DataFrame({"text": [1, 2]}).write_parquet(tmp_path / "corpus.parquet")
    with pytest.raises(UserError, match="its column text holds Int64"):
        read([tmp_path / "corpus.parquet"])
