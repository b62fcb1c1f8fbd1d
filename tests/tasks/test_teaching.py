import math

import polars as pl
import pytest

from prorl.errors import UserError
from prorl.tasks.registry import build
from prorl.tasks.stream import ProblemStream
from prorl.tasks.suite import Suite
from prorl.tasks.teaching import Rate, rates, teaching


def write(path, solved, model="m", failed=()):
    """`solved`: by problem how many of 4 samples score 1; the others score 0.99. Of problems in `failed` the verifier
    failed on those."""
    rows = [
        {
            "model": model, "task": "t", "problem": problem, "score": 1.0 if number < count else 0.99,
            "outcome": "solved" if number < count else "timeout" if problem in failed else "wrong",
        }
        for problem, count in solved.items()
        for number in range(4)
    ]  # fmt: skip
    pl.DataFrame(rows).write_parquet(path)
    return path


def test_only_a_full_score_counts(tmp_path):
    path = write(tmp_path / "p.parquet", {"a": 0, "b": 1, "c": 4})
    assert rates(path) == [Rate("t", "a", 4, 0), Rate("t", "b", 4, 1), Rate("t", "c", 4, 4)]
    assert rates(path)[1].share == 0.25


def test_what_is_solved_sometimes_is_kept(tmp_path):
    path = write(tmp_path / "p.parquet", {"a": 0, "b": 1, "c": 2, "d": 3, "e": 4})
    found = teaching(rates(path))
    assert (found.never, found.keep, found.always) == ({"a"}, {"b", "c", "d"}, {"e"})
    assert found.retire == {"a", "e"}
    band = teaching(rates(path), lowest=0.25, highest=0.75)
    assert (band.never, band.keep, band.always) == ({"a", "b"}, {"c"}, {"d", "e"})


def test_samples_that_the_verifier_failed_on_say_nothing_of_a_problem(tmp_path):
    """One verdict is too few to retire a problem by where there should have been more."""
    path = write(tmp_path / "p.parquet", {"a": 0, "b": 1, "c": 2, "d": 0}, failed=("a", "b", "c"))
    found = [Rate("t", "a", 0, 0, 4), Rate("t", "b", 1, 1, 3), Rate("t", "c", 2, 2, 2), Rate("t", "d", 4, 0)]
    assert rates(path) == found
    assert math.isnan(found[0].share)
    taught = teaching(rates(path))
    assert (taught.never, taught.keep, taught.always) == ({"d"}, {"a", "b"}, {"c"})


def test_retired_problems_are_not_asked_and_unknown_ones_are(tmp_path):
    suite = Suite([build("toy/echo", options={"symbols": 4, "length": 2})])
    problems = {next(stream).id for stream in [ProblemStream(suite, 0)] for _ in range(11)}
    assert len(problems) == 11
    dull, lively, unknown = sorted(problems)[:4], sorted(problems)[4:8], sorted(problems)[8:]
    path = write(tmp_path / "p.parquet", {**dict.fromkeys(dull, 4), **dict.fromkeys(lively, 2)})
    stream = ProblemStream(suite, 0, retired=teaching(rates(path)).retire)
    assert {next(stream).id for _ in range(60)} == {*lively, *unknown}


def test_a_model_that_the_file_does_not_know_is_named(tmp_path):
    path = write(tmp_path / "p.parquet", {"a": 1})
    with pytest.raises(UserError, match="has no samples of 'other'; there are m"):
        rates(path, "other")


@pytest.mark.parametrize(
    ("lowest", "highest", "said"),
    [(0.5, 0.5, "no pass rate lies between 0.5 and 0.5"), (0.0, 1.5, "no pass rate lies between 0.0 and 1.5")],
)
def test_bounds_between_which_nothing_can_lie_are_refused(lowest, highest, said):
    with pytest.raises(UserError, match=said):
        teaching([], lowest, highest)


def test_files_that_are_no_samples_are_named(tmp_path):
    with pytest.raises(UserError, match=r"no\.parquet: there is no such file; make one with prorl tasks profile"):
        rates(tmp_path / "no.parquet")
    (tmp_path / "text.parquet").write_text("not a table")
    with pytest.raises(UserError, match=r"text\.parquet: not a file of samples"):
        rates(tmp_path / "text.parquet")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    with pytest.raises(UserError, match=r"other\.parquet: not a file of samples"):
        rates(tmp_path / "other.parquet")
    both = [pl.read_parquet(write(tmp_path / "p.parquet", {"a": 1}, model)) for model in ("m", "n")]
    pl.concat(both).write_parquet(tmp_path / "both.parquet")
    with pytest.raises(UserError, match=r"samples of 2 models \(m, n\); say which"):
        rates(tmp_path / "both.parquet")
    assert rates(tmp_path / "both.parquet", "n") == [Rate("t", "a", 4, 1)]
