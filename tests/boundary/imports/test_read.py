"""Samples that others made are read for what they are, and refused where they can't be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from prorl.boundary import samples
from prorl.boundary.imports.read import evidence_of
from prorl.errors import UserError


def write(file: Path, rows: list[dict[str, Any]]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return file


def generic(model: str, rights: dict[str, int], n: int = 4, **more: Any) -> list[dict[str, Any]]:
    return [
        {"problem": problem, "model": model, "sample": i, "text": "x", "score": float(i < right), **more}
        for problem, right in rights.items()
        for i in range(n)
    ]


def counts(evidence: Any, model: str) -> dict[str, tuple[int, int, int]]:
    return {row["problem"]: (row["n"], row["c"], row["c_tolerant"]) for row in evidence.counts[model].to_dicts()}


def test_generic_rows_of_two_files(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "base.jsonl", generic("base", {"p": 0, "q": 2})),
        write(tmp_path / "tuned.jsonl", generic("tuned", {"p": 1, "q": 4})),
    ]
    evidence = evidence_of(files, ["base", "tuned"], None, "c")
    assert counts(evidence, "base") == {"p": (4, 0, 0), "q": (4, 2, 2)}
    assert counts(evidence, "tuned") == {"p": (4, 1, 1), "q": (4, 4, 4)}
    assert evidence.counts["base"]["task"].unique().to_list() == ["all"]
    assert len([note for note in evidence.source["notes"] if "tolerant" in note]) == 2


def test_columns_that_are_there_are_used(tmp_path: Path) -> None:
    rows = generic("m", {"p": 1}, task="t", tolerant_score=1.0, answer="7") + generic("b", {"p": 0}, task="t")
    pl.DataFrame(rows, infer_schema_length=None).with_columns(
        pl.col("tolerant_score").fill_null(0.0), pl.col("answer").fill_null("8")
    ).write_parquet(tmp_path / "all.parquet")
    evidence = evidence_of([tmp_path / "all.parquet"], ["b", "m"], None, "c")
    assert counts(evidence, "m") == {"p": (4, 1, 4)}
    assert evidence.answers["m"].to_dicts() == [
        {"task": "t", "problem": "p", "answer": None, "count": 3, "correct": False},
        {"task": "t", "problem": "p", "answer": "7", "count": 1, "correct": True},
    ]


def test_sample_tables_of_a_run(tmp_path: Path) -> None:
    for model, right in (("base", 1), ("trained", 3)):
        rows = [
            {
                "model": model, "task": "t", "problem": "p", "sample": i, "score": float(i < right),
                "tolerant_score": float(i < right), "outcome": "solved" if i < right else "wrong", "tokens": 3,
                "finished": True, "text": "",
            }
            for i in range(4)
        ]  # fmt: skip
        samples.write(samples.table(rows), tmp_path / f"{model}.parquet")
    evidence = evidence_of([tmp_path], ["base", "trained"], None, "c")
    assert counts(evidence, "trained") == {"p": (4, 3, 3)}
    assert evidence.answers == {}


def test_rows_without_numbers_are_numbered_and_the_surplus_is_said(tmp_path: Path) -> None:
    rows = generic("b", {"p": 1}, 4) + generic("m", {"p": 2}, 6)
    for row in rows:
        del row["sample"]
    evidence = evidence_of([write(tmp_path / "a.jsonl", rows)], ["b", "m"], None, "c")
    assert counts(evidence, "m") == {"p": (4, 2, 2)}
    assert any("2 samples beyond the first 4" in note for note in evidence.source["notes"])
    with pytest.raises(UserError, match="only 4"):
        evidence_of([tmp_path / "a.jsonl"], ["b", "m"], 5, "c")


def test_samples_of_a_second_file_come_after_those_of_the_first(tmp_path: Path) -> None:
    files = [
        write(tmp_path / "1.jsonl", generic("m", {"p": 0}) + generic("b", {"p": 0})),
        write(tmp_path / "2.jsonl", generic("m", {"p": 4}) + generic("b", {"p": 4})),
    ]
    assert counts(evidence_of(files, ["b", "m"], 4, "c"), "m") == {"p": (4, 0, 0)}
    assert counts(evidence_of(files, ["b", "m"], None, "c"), "m") == {"p": (8, 4, 4)}


def test_a_sample_that_stands_twice_is_refused(tmp_path: Path) -> None:
    rows = generic("b", {"p": 1, "q": 0}) + generic("m", {"p": 2, "q": 0})
    write(tmp_path / "twice.jsonl", rows + rows[5:8] + generic("m", {"p": 2}))
    with pytest.raises(UserError, match=r"holds 7 rows twice .* sample 1 of problem q of all by b"):
        evidence_of([tmp_path / "twice.jsonl"], ["b", "m"], None, "c")
    (tmp_path / "twice.jsonl").unlink()
    file = write(tmp_path / "once.jsonl", rows)
    with pytest.raises(UserError, match=r"once\.jsonl: it is given twice"):
        evidence_of([file, tmp_path], ["b", "m"], None, "c")
    assert counts(evidence_of([file], ["b", "m"], None, "c"), "m") == {"p": (4, 2, 2), "q": (4, 0, 0)}


def harness(doc: int, filter_: str, value: float, responses: list[str], filtered: list[str], target: str = "7") -> Any:
    return {
        "doc_id": doc, "doc": {"question": "?"}, "target": target, "arguments": {}, "resps": [responses],
        "filtered_resps": filtered, "filter": filter_, "metrics": ["exact_match"], "doc_hash": f"h{doc}",
        "prompt_hash": "a", "target_hash": "b", "exact_match": value,
    }  # fmt: skip


def test_harness_files_with_a_strict_and_a_flexible_filter(tmp_path: Path) -> None:
    name = "samples_gsm8k_2025-06-01T10-11-12.345678.jsonl"
    for model, strict in (("base__1", 0.0), ("tuned__1", 1.0)):
        rows = [
            harness(1, "strict-match", strict, ["so 7"], ["7" if strict else "[invalid]"]),
            harness(1, "flexible-extract", 1.0, ["so 7"], ["7"]),
        ]
        write(tmp_path / model / name, rows)
    evidence = evidence_of([tmp_path], ["base__1", "tuned__1"], None, "c")
    assert evidence.counts["base__1"]["task"].to_list() == ["gsm8k"]
    assert evidence.answers["base__1"]["answer"].to_list() == [None]
    assert evidence.answers["tuned__1"]["answer"].to_list() == ["7"]
    assert counts(evidence, "base__1") == {"h1": (1, 0, 1)}
    assert counts(evidence, "tuned__1") == {"h1": (1, 1, 1)}


def test_harness_files_with_repeats_are_judged_response_by_response(tmp_path: Path) -> None:
    for model, filtered in (("b", ["6", "7", "8"]), ("m", ["7", " 7", "7"])):
        write(tmp_path / model / "samples_t.jsonl", [harness(1, "none", 0.0, ["x", "y", "z"], filtered)])
    evidence = evidence_of([tmp_path], ["b", "m"], None, "c")
    assert counts(evidence, "b") == {"h1": (3, 1, 1)}
    assert counts(evidence, "m") == {"h1": (3, 3, 3)}


def test_harness_requests_for_the_choices_of_a_question_are_one_answer(tmp_path: Path) -> None:
    """arc, mmlu, hellaswag: a request for each choice, with its log-likelihood; the metric says what was chosen."""
    for model, right in (("b", (1.0, 0.0, 0.0)), ("m", (1.0, 1.0, 1.0))):
        rows = [
            {
                **harness(doc, "none", 0.0, [], [], "2"), "metrics": ["acc", "acc_norm"], "acc": acc, "acc_norm": 0.0,
                "exact_match": None,
                "resps": [[[-2.5 - choice, False]] for choice in range(4)],
                "filtered_resps": [[-2.5 - choice, False] for choice in range(4)],
            }
            for doc, acc in enumerate(right)
        ]  # fmt: skip
        write(tmp_path / model / "samples_arc_easy.jsonl", rows)
    evidence = evidence_of([tmp_path], ["b", "m"], None, "c")
    assert counts(evidence, "b") == {"h0": (1, 1, 1), "h1": (1, 0, 0), "h2": (1, 0, 0)}
    assert counts(evidence, "m") == {"h0": (1, 1, 1), "h1": (1, 1, 1), "h2": (1, 1, 1)}
    assert evidence.answers == {}, "a list of log-likelihoods is no answer"
    assert evidence.right["m"].collect().height == 0, "and no text"


def test_harness_targets_that_are_whole_solutions_are_compared_by_what_they_end_on(tmp_path: Path) -> None:
    for model, filtered in (("b", ["18", "17"]), ("m", ["18", "18"])):
        record = harness(1, "none", 0.5, ["x", "y"], filtered, "She sells 9 * 2 = 18 eggs.\n#### 18")
        write(tmp_path / model / "samples_gsm8k.jsonl", [{**record, "filtered_resps": [filtered]}])
    evidence = evidence_of([tmp_path], ["b", "m"], None, "c")
    assert counts(evidence, "b") == {"h1": (2, 1, 1)}
    assert counts(evidence, "m") == {"h1": (2, 2, 2)}


@pytest.mark.parametrize(("metric", "value"), [("pass@1", 1.0), ("pass@1", 0.0), ("exact_match", 0.5)])
def test_harness_responses_that_cannot_be_judged_one_by_one_are_refused(
    tmp_path: Path, metric: str, value: float
) -> None:
    record = harness(1, "none", 0.0, ["return 1", "return 2"], ["return 1", "return 2"], "assert f() == 1")
    del record["exact_match"]
    file = write(tmp_path / "b" / "samples_t.jsonl", [{**record, "metrics": [metric], metric: value}])
    with pytest.raises(UserError, match=r"document 1 .* one by one; log with repeats: 1 and several seeds") as refused:
        evidence_of([file], ["b", "m"], None, "c")
    assert "\n" not in str(refused.value)


def test_harness_documents_that_are_equal_are_problems_of_their_own(tmp_path: Path) -> None:
    """Numbered in the order of the data set, however a file is sorted, so the same for all models."""
    for model, docs in (("b", (0, 1, 2)), ("m", (2, 1, 0))):
        rows = [{**harness(doc, "none", float(doc == 2), ["x"], ["7"]), "doc_hash": f"h{doc % 2}"} for doc in docs]
        write(tmp_path / model / "samples_t.jsonl", rows)
    evidence = evidence_of([tmp_path], ["b", "m"], None, "c")
    for model in ("b", "m"):
        assert counts(evidence, model) == {"h0": (1, 0, 0), "h0-2": (1, 1, 1), "h1": (1, 0, 0)}


def test_a_response_may_hold_separators_that_are_no_end_of_a_line(tmp_path: Path) -> None:
    """The harness writes texts as they are, and models write what they like."""
    record = {
        "doc_id": 0, "doc_hash": "h", "target": "7", "resps": [["a\u2028b\x85c"]], "filtered_resps": ["7"],
        "filter": "none", "metrics": ["exact_match"], "exact_match": 1.0,
    }  # fmt: skip
    files = []
    for model in ("base", "tuned"):
        files.append(tmp_path / model / "samples_gsm8k_2026-01-01T00-00-00.jsonl")
        files[-1].parent.mkdir()
        files[-1].write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
    assert counts(evidence_of(files, ["base", "tuned"], None, "c"), "tuned") == {"h": (1, 1, 1)}


def test_harness_files_of_several_seeds_add_up(tmp_path: Path) -> None:
    for seed, value in enumerate((0.0, 1.0, 1.0)):
        for model in ("b", "m"):
            file = tmp_path / model / f"samples_t_2025-06-0{seed + 1}T00-00-00.0.jsonl"
            write(file, [harness(1, "none", value if model == "m" else 0.0, [f"seed {seed}"], ["7"])])
    evidence = evidence_of([tmp_path], ["b", "m"], None, "c")
    assert counts(evidence, "b") == {"h1": (3, 0, 0)}
    assert counts(evidence, "m") == {"h1": (3, 2, 2)}


def test_a_file_that_was_copied_under_another_name_is_refused(tmp_path: Path) -> None:
    """Files of two seeds are never alike, unless nothing was drawn; those of two models may be."""
    rows = [harness(1, "none", 1.0, ["x"], ["7"])]
    first, *_ = [write(tmp_path / model / "samples_t_2025-06-01T00-00-00.0.jsonl", rows) for model in "bm"]
    assert counts(evidence_of([tmp_path], ["b", "m"], None, "c"), "m") == {"h1": (1, 1, 1)}
    copied = write(tmp_path / "b" / "samples_t_2025-06-02T00-00-00.0.jsonl", rows)
    with pytest.raises(UserError, match=rf"{copied} holds just what {first} holds") as refused:
        evidence_of([tmp_path], ["b", "m"], None, "c")
    assert "\n" not in str(refused.value)
    generics = [write(tmp_path / f"{name}.jsonl", generic("b", {"p": 1}) + generic("m", {"p": 1})) for name in "xy"]
    with pytest.raises(UserError, match=r"y\.jsonl holds just what .*x\.jsonl holds"):
        evidence_of(generics, ["b", "m"], None, "c")


def test_a_task_that_is_called_as_the_mean_of_all_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "x.jsonl", generic("b", {"p": 1}, task="overall") + generic("m", {"p": 1}, task="t"))
    with pytest.raises(UserError, match=r"x\.jsonl: a task is called overall, as the mean of all tasks is"):
        evidence_of([file], ["b", "m"], None, "c")
    harnessed = write(tmp_path / "b" / "samples_overall.jsonl", [harness(1, "none", 1.0, ["x"], ["7"])])
    with pytest.raises(UserError, match=r"samples_overall\.jsonl: a task is called overall"):
        evidence_of([harnessed], ["b", "m"], None, "c")


@pytest.mark.parametrize(
    ("scores", "said"),
    [
        ({"score": 100.0}, r"4 rows .* score is 100"),
        ({"score": -0.5}, r"4 rows .* score is -0\.5"),
        ({"score": float("inf")}, r"4 rows .* score is inf"),
        ({"tolerant_score": 2}, r"4 rows .* tolerant_score is 2"),
    ],
)
def test_scores_of_another_scale_are_refused(tmp_path: Path, scores: dict[str, float], said: str) -> None:
    """Of 100 every right answer is above 1, and so may be a poor one."""
    rows = generic("b", {"p": 1}) + [{**row, **scores} for row in generic("m", {"p": 1})]
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(tmp_path / "x.parquet")
    with pytest.raises(UserError, match=rf"x\.parquet: {said}.* from 0 to 1"):
        evidence_of([tmp_path], ["b", "m"], None, "c")


@pytest.mark.parametrize("value", [34.2, -3.5])
def test_harness_metrics_of_another_scale_are_refused(tmp_path: Path, value: float) -> None:
    record = {**harness(1, "none", 0.0, ["x"], ["7"]), "metrics": ["bleu"], "bleu": value, "exact_match": None}
    file = write(tmp_path / "b" / "samples_t.jsonl", [record])
    with pytest.raises(UserError, match=rf"samples_t\.jsonl: document 1: bleu is {value}, .* from 0 to 1"):
        evidence_of([file], ["b", "m"], None, "c")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{"problem": "p", "model": "b"}], "lacks score"),
        (generic("b", {"p": 1}), "no samples of m; the samples are of b"),
        ([harness(1, "none", 0.0, ["x", "y"], ["7"])], "2 responses, of which the filter none kept 1"),
        ([harness(1, "none", value, ["x"], ["7"]) for value in (0.0, 1.0)], "line 2: document 1 is in it twice"),
        ([{**harness(1, "none", 0.0, ["x"], ["7"]), "exact_match": None}], "no metric found"),
        ([{**harness(1, "none", 0.0, ["x"], ["7"]), "exact_match": float("nan")}], "no metric found"),
    ],
)
def test_what_cannot_be_compared_is_refused(tmp_path: Path, rows: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(UserError, match=message):
        evidence_of([write(tmp_path / "x.jsonl", rows)], ["b", "m"], None, "c")


def test_a_torn_file_is_refused_by_its_line(tmp_path: Path) -> None:
    file = write(tmp_path / "b" / "samples_t.jsonl", [harness(1, "none", 0.0, ["x"], ["7"])])
    file.write_text(file.read_text() + '{"doc_id": 2, ')
    with pytest.raises(UserError, match="line 2"):
        evidence_of([file], ["b", "m"], None, "c")


@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_row_without_a_score_is_refused(tmp_path: Path, kind: str) -> None:
    """NaN is above 1 to polars, and null is below it: neither was solved and neither failed."""
    missing = (float("nan"), None) if kind == "parquet" else (None, None)
    rows = [{"problem": "p", "model": m, "sample": i, "score": s} for m in "bm" for i, s in enumerate((0.0, *missing))]
    file = tmp_path / f"x.{kind}"
    frame = pl.DataFrame(rows)
    frame.write_parquet(file) if kind == "parquet" else frame.write_ndjson(file)
    with pytest.raises(UserError, match=rf"x\.{kind}: 4 rows have no score; judge them, or leave them out"):
        evidence_of([file], ["b", "m"], None, "c")


def test_a_row_without_a_tolerant_score_has_its_score_for_both(tmp_path: Path) -> None:
    tolerant = (float("nan"), None, 1.0, None)
    rows = [
        {"problem": "p", "model": m, "score": float(i == 3), "tolerant_score": s}
        for m in "bm"
        for i, s in enumerate(tolerant)
    ]
    pl.DataFrame(rows).write_parquet(tmp_path / "x.parquet")
    evidence = evidence_of([tmp_path], ["b", "m"], None, "c")
    assert counts(evidence, "m") == {"p": (4, 1, 2)}
    assert evidence.shares["m"]["unparseable"].to_list() == [0.25]


@pytest.mark.parametrize(
    ("column", "value"),
    [("sample", "s0"), ("score", "correct"), ("tokens", [1]), ("answer", [1]), ("finished", "perhaps")],
)
@pytest.mark.parametrize("kind", ["parquet", "jsonl"])
def test_a_column_of_another_type_is_refused_by_its_name(tmp_path: Path, column: str, value: Any, kind: str) -> None:
    rows = [{**row, column: value} for row in generic("b", {"p": 1}, 1) + generic("m", {"p": 1}, 1)]
    file = tmp_path / f"x.{kind}"
    frame = pl.DataFrame(rows)
    frame.write_parquet(file) if kind == "parquet" else frame.write_ndjson(file)
    with pytest.raises(UserError, match=rf"x\.{kind}: column {column}: ") as refused:
        evidence_of([file], ["b", "m"], None, "c")
    assert "\n" not in str(refused.value)


def test_hundreds_of_files_add_up(tmp_path: Path) -> None:
    """Each is numbered on after the one before: beyond 2 ** 31."""
    files = [
        write(tmp_path / f"{i}.jsonl", generic("b", {"p": 0}, 1, answer=f"{i}") + generic("m", {"p": 1}, 1))
        for i in range(220)
    ]
    evidence = evidence_of(files, ["b", "m"], None, "c")
    assert counts(evidence, "m") == {"p": (220, 220, 220)}
