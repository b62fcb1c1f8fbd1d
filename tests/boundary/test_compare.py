"""A comparison counts what it says it counts, and refuses what can't be compared."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.console import Console

from prorl.boundary import samples
from prorl.boundary.compare import compare
from prorl.boundary.comparison import Comparison
from prorl.boundary.table import markdown, render
from prorl.errors import UserError


def _answers(model: str, scores: dict[tuple[str, str], list[float]], **columns: object) -> pl.DataFrame:
    rows = [
        {
            "model": model,
            "task": task,
            "problem": problem,
            "sample": index,
            "score": score,
            "tolerant_score": score,
            "outcome": "solved" if score >= 1.0 else "wrong",
            "tokens": 10,
            "finished": True,
            "text": "",
            **columns,
        }
        for (task, problem), values in scores.items()
        for index, score in enumerate(values)
    ]
    return samples.table(rows)


def _suite(model: str, rate: float, seed: int, tasks: int = 4, problems: int = 12) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    return _answers(
        model,
        {
            (f"task_{t}", f"p{t}-{p}"): (rng.random(16) < rate).astype(float).tolist()
            for t in range(tasks)
            for p in range(problems)
        },
    )


BASE = {("gcd", "a"): [1, 0, 0, 0], ("gcd", "b"): [0, 0, 0, 0], ("lcm", "c"): [1, 1, 0, 0]}
TUNED = {("gcd", "a"): [1, 1, 1, 0], ("gcd", "b"): [1, 0, 0, 0], ("lcm", "c"): [1, 1, 1, 1]}


def test_numbers_of_a_small_case_by_hand() -> None:
    result = compare(_answers("m0", BASE), _answers("m1", TUNED), ks=(1, 2), seed=0)
    gcd, lcm = result.tasks
    assert (result.base_model, result.tuned_model, result.ks) == ("m0", "m1", (1, 2))
    assert (gcd.task, gcd.problems, gcd.base.samples, lcm.problems) == ("gcd", 2, 8, 1)
    assert gcd.base.pass_at[1].estimate == pytest.approx((0.25 + 0) / 2)
    assert gcd.tuned.pass_at[1].estimate == pytest.approx((0.75 + 0.25) / 2)
    assert gcd.delta[1].estimate == pytest.approx(0.375)
    assert lcm.base.pass_at[2].estimate == pytest.approx(1 - 1 / 6)
    overall = result.overall
    assert overall.problems == 3
    assert overall.base.pass_at[1].estimate == pytest.approx((0.125 + 0.5) / 2)
    assert overall.delta[1].estimate == pytest.approx((0.375 + 0.5) / 2)
    assert overall.delta[2].estimate == pytest.approx(((1.0 + 0.5) / 2 - (0.5 + 0) / 2 + 1 / 6) / 2)


def test_partial_credit_is_no_success_and_a_floor_is_flagged() -> None:
    paid = {("group_anagrams", f"p{i}"): [0.01] * 256 for i in range(12)}
    result = compare(_answers("m0", paid), _answers("m1", paid), ks=(1, 256), seed=0)
    side = result.tasks[0].tuned
    assert side.pass_at[256].estimate == 0.0
    assert side.mean_score.estimate == pytest.approx(0.01)
    assert result.tasks[0].score_floor == 0.01
    assert any("group_anagrams" in line and "at least 0.01" in line for line in result.warnings())


def test_the_threshold_of_a_success_can_be_lowered() -> None:
    half = {("gcd", "a"): [0.5, 0.0]}
    result = compare(_answers("m0", half), _answers("m1", half), ks=(1,), seed=0, threshold=0.5)
    assert result.tasks[0].base.pass_at[1].estimate == 0.5
    assert result.verdict().startswith("Mean pass@1 over 1 task did not move measurably: 50.0% → 50.0%")
    assert result.warnings() == ["gcd: fewer than 10 problems, intervals of a task are too narrow then"]


def test_tolerant_extraction_and_outcomes_are_counted_apart() -> None:
    base = _answers("m0", {("gcd", "a"): [0, 0, 0, 1]})
    outcomes = pl.Series("outcome", ["unparseable", "timeout", "error", "solved"])
    base = base.with_columns(
        outcomes, tolerant_score=pl.Series([1.0, 0.0, 0.0, 1.0]), finished=pl.Series([False, True, True, True])
    )
    side = compare(base, _answers("m1", {("gcd", "a"): [0, 0, 0, 1]}), ks=(1,), seed=0).tasks[0].base
    assert (side.pass_at[1].estimate, side.tolerant.estimate) == (0.25, 0.5)
    assert (side.unparseable, side.timeouts, side.errors, side.unfinished) == (0.25, 0.25, 0.25, 0.25)


def test_a_real_gain_is_significant_and_none_is_not() -> None:
    gain = compare(_suite("m0", 0.1, 1, problems=24), _suite("m1", 0.4, 2, problems=24), seed=0)
    assert gain.overall.delta[1].low > 0.2
    assert all(row.significant for row in (*gain.tasks, gain.overall))
    assert "rose" in gain.verdict()
    assert "excludes 0" in gain.verdict()
    none = compare(_suite("m0", 0.2, 1), _suite("m1", 0.2, 2), seed=0)
    assert not any(row.significant for row in (*none.tasks, none.overall))
    assert "did not move measurably" in none.verdict()
    assert "includes 0" in none.verdict()


def test_the_verdict_speaks_of_the_first_and_the_largest_k() -> None:
    rng = np.random.default_rng(0)
    scores = {
        (f"t{t}", f"p{t}-{p}"): (rng.random(16) < 0.2).astype(float).tolist() for t in range(4) for p in range(12)
    }
    sure = {key: [float(key[1][-1] in "02468")] * 16 for key in scores}
    result = compare(_answers("m0", scores), _answers("m1", sure), ks=(1, 4, 16), seed=0)
    assert result.verdict().count("Mean pass@") == 2
    assert "Mean pass@1 over 4 tasks rose" in result.verdict()
    assert "Mean pass@16 over 4 tasks fell" in result.verdict()
    assert result.overall.largest_p_value < 0.01
    smallest = min(result.tasks, key=lambda row: row.largest_p_value)
    assert smallest.largest_p_corrected == pytest.approx(min(1, 4 * smallest.largest_p_value))
    one = compare(_answers("m0", scores), _answers("m1", sure), ks=(1,), seed=0)
    assert one.verdict().count("Mean pass@") == 1
    assert one.overall.largest_p_value == one.overall.p_value


def test_an_interval_alone_is_no_verdict() -> None:
    """Four problems that all rose a little: at best p = 2/16, whatever the interval says."""
    base, tuned = (
        _answers(model, {("gcd", f"p{i}"): [1.0] * right + [0.0] * (16 - right) for i, right in enumerate(rights)})
        for model, rights in (("m0", (2, 3, 5, 8)), ("m1", (5, 6, 9, 11)))
    )
    result = compare(base, tuned, ks=(1,), seed=0)
    assert result.overall.delta[1].low > 0
    assert result.overall.p_corrected == 0.125
    assert "Mean pass@1 over 1 task did not move measurably: 28.1% → 48.4%" in result.verdict()
    assert result.verdict().endswith("excludes 0, but the paired test has p = 0.12.")
    result.overall.p_corrected, result.overall.unseen = 0.01, 0.0
    assert "1 task rose" in result.verdict()
    assert result.verdict().endswith("excludes 0.")


def test_a_test_alone_is_no_star() -> None:
    """Of twelve problems each gained one sample of sixteen: p = 2/4096; as many unseen could have lost all."""
    base, tuned = (
        _answers(model, {("gcd", f"p{i:02d}"): [1.0] * right + [0.0] * (16 - right) for i in range(12)})
        for model, right in (("m0", 0), ("m1", 1))
    )
    result = compare(base, tuned, ks=(1, 16), seed=0)
    row = result.tasks[0]
    assert row.p_corrected == pytest.approx(2 / 4096)
    assert not row.delta[1].excludes(0.0)
    assert not row.significant
    assert not result.to_dict()["tasks"][0]["significant"]
    assert "*" not in markdown(result).splitlines()[2]


def test_a_gain_that_unseen_problems_could_undo_is_no_verdict() -> None:
    base, tuned = (
        _answers(
            model, {("gcd", f"p{i:02d}"): [1.0] * (right + i % 2) + [0.0] * (16 - right - i % 2) for i in range(12)}
        )
        for model, right in (("m0", 2), ("m1", 5))
    )
    tuned = pl.concat([tuned.filter(pl.col("problem") != "p00"), base.filter(pl.col("problem") == "p00")]).with_columns(
        model=pl.lit("m1")
    )
    result = compare(base, tuned, ks=(1,), seed=0)
    assert result.overall.delta[1].low > 0
    assert result.overall.p_corrected < 0.01
    assert "did not move measurably" in result.verdict()
    assert result.verdict().endswith("excludes 0, but problems that 12 can have missed could undo it.")


def test_comparisons_written_before_the_largest_k_was_tested_can_be_read() -> None:
    content = compare(_suite("m0", 0.2, 1), _suite("m1", 0.3, 2), seed=0).to_dict()
    for row in (*content["tasks"], content["overall"]):
        del row["largest_p_value"], row["largest_p_corrected"]
    old = Comparison.from_dict(content)
    assert old.overall.largest_p_value is None
    delta = old.overall.delta[16]
    old.overall.delta[16] = replace(delta, low=delta.estimate - 0.01, high=delta.estimate + 0.01)
    assert old.verdict().count("did not move measurably") == 1
    assert old.verdict().endswith("excludes 0, but the paired test was not made.")


def test_tasks_are_corrected_for_their_number() -> None:
    result = compare(_suite("m0", 0.2, 1, tasks=6), _suite("m1", 0.25, 2, tasks=6), seed=0)
    smallest = min(result.tasks, key=lambda row: row.p_value)
    assert smallest.p_corrected == pytest.approx(6 * smallest.p_value)
    assert result.overall.p_corrected == result.overall.p_value


def test_equal_input_gives_equal_output_in_any_row_order() -> None:
    base, tuned = _suite("m0", 0.2, 1), _suite("m1", 0.3, 2)
    shuffled = base.sample(fraction=1.0, shuffle=True, seed=3)
    assert compare(base, tuned, seed=4) == compare(shuffled, tuned, seed=4)


def test_goes_through_json_unchanged() -> None:
    result = compare(_suite("m0", 0.2, 1), _suite("m1", 0.3, 2), ks=(1, 4, 16), seed=0)
    content = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert Comparison.from_dict(content) == result
    assert content["overall"]["delta"]["16"]["estimate"] == result.overall.delta[16].estimate
    assert content["verdict"] == result.verdict()


def test_different_problems_are_refused_with_their_number() -> None:
    other = {**TUNED, ("lcm", "d"): [0, 0, 0, 0]}
    del other["gcd", "a"]
    with pytest.raises(UserError, match=r"2 differ \(1 only base, 1 only tuned\)"):
        compare(_answers("m0", BASE), _answers("m1", other), ks=(1,), seed=0)


def test_too_few_samples_names_the_problem() -> None:
    short = {**TUNED, ("gcd", "b"): [0, 0]}
    with pytest.raises(UserError, match=r"pass@4 needs 4 samples .* tuned samples have 2 of problem b of gcd"):
        compare(_answers("m0", BASE), _answers("m1", short), ks=(1, 4), seed=0)


def test_a_mixture_of_models_and_repeated_rows_are_refused() -> None:
    base, tuned = _answers("m0", BASE), _answers("m1", TUNED)
    with pytest.raises(UserError, match="base samples must come from one model, they come from 2"):
        compare(pl.concat([base, tuned]), tuned, ks=(1,), seed=0)
    with pytest.raises(UserError, match="tuned samples hold 12 rows twice"):
        compare(base, pl.concat([tuned, tuned]), ks=(1,), seed=0)


def test_table_fits_eighty_columns_and_names_every_task() -> None:
    result = compare(_suite("m0", 0.1, 1), _suite("m1", 0.7, 2), seed=0)
    result.tasks[0].task = "fraction_simplification"
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(render(result))
    text = console.export_text()
    assert max(len(line) for line in text.splitlines()) <= 80
    first = next(line for line in text.splitlines() if line.strip().startswith("fraction_simplification"))
    row = result.tasks[0]
    assert (
        f"{100 * row.delta[1].estimate:+.1f} [{100 * row.delta[1].low:+.1f},{100 * row.delta[1].high:+.1f}]*" in first
    )
    assert "excludes 0" in " ".join(text.split())


def test_markdown_is_one_table_with_the_overall_row_last() -> None:
    result = compare(_suite("m0", 0.1, 1), _suite("m1", 0.4, 2), seed=0)
    rows = [line for line in markdown(result).splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 4 + 1
    assert len({line.count("|") for line in rows}) == 1
    assert rows[-1].startswith("| **overall** |")


def test_samples_survive_the_disk_and_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    table = _suite("m0", 0.3, 1)
    samples.write(table, tmp_path / "samples" / "base.parquet")
    assert samples.read(tmp_path / "samples" / "base.parquet").equals(table)
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["base.parquet"]
    table.drop("outcome", "text").write_parquet(tmp_path / "other.parquet")
    with pytest.raises(UserError, match=r"other\.parquet: not a sample table, it lacks outcome, text"):
        samples.read(tmp_path / "other.parquet")
    with pytest.raises(ValueError, match="unknown columns"):
        samples.table([{"model": "m", "speed": 3}])


def test_counts_by_problem() -> None:
    counted = samples.counts(_answers("m0", BASE))
    assert counted.select("task", "problem", "n", "c").rows() == [
        ("gcd", "a", 4, 1),
        ("gcd", "b", 4, 0),
        ("lcm", "c", 4, 2),
    ]
