"""A whole measurement on models of two layers: what is sampled, what is held against it, and what is not made twice."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from prorl.boundary.imports.read import evidence_of
from prorl.boundary.laboratory import steps
from prorl.boundary.laboratory.bench import DIRECTLY, Bench
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.measure import measure
from prorl.boundary.laboratory.plan import FRESH, Plan
from prorl.boundary.laboratory.reckon import reckon
from prorl.boundary.laboratory.subject import Subject
from prorl.boundary.store.key import Asking, Key, Mode
from prorl.boundary.store.store import Store
from prorl.errors import UserError
from prorl.policy.nano import make_nano
from prorl.recipe.schema import Compute
from prorl.tasks.contract import Problem, Split
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

SAMPLES, PROBLEMS = 96, 10
PLAN = Plan(Asking(temperature=1.0, max_new_tokens=1), SAMPLES, scored=2, command="prorl boundary a b")


@pytest.fixture(scope="module")
def subjects(tmp_path_factory: pytest.TempPathFactory) -> list[Subject]:
    folder = tmp_path_factory.mktemp("models")
    return [Subject(name, make_nano(folder / name, init_std=0.05, seed=seed)) for name, seed in (("a", 1), ("b", 2))]


@pytest.fixture(scope="module")
def suite() -> Iterator[Suite]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parent))
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=":")
        from tasks_with_steps import Stepped  # type: ignore[import-not-found]

        yield Suite([Stepped("", {"symbols": 16, "length": 2}, 0)])


@contextmanager
def bench(folder: Path, suite: Suite) -> Iterator[Bench]:
    problems = suite.held_out(Split.TEST, PROBLEMS)
    with Store.open(folder) as store, WorkerPool[Problem](suite.judge, 1) as pool:
        yield Bench(store, suite, problems, pool, Compute(precision="fp32"))


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory, subjects: list[Subject], suite: Suite) -> tuple[Path, Evidence]:
    folder = tmp_path_factory.mktemp("out")
    with bench(folder, suite) as opened:
        return folder, measure(opened, subjects, PLAN, frozenset({"toy/echo"}))


def test_every_model_is_asked_everything_and_counted(measured: tuple[Path, Evidence]) -> None:
    folder, evidence = measured
    store = Store.read(folder)
    for name, frame in evidence.counts.items():
        rows = store.parts(Key(evidence.source["models"][name], PLAN.asking, 0)).scan().collect()
        assert rows.height == SAMPLES * PROBLEMS
        assert frame["n"].to_list() == [SAMPLES] * PROBLEMS
        assert frame["c"].sum() == (rows["score"] >= 1).sum()
        assert evidence.answers[name]["count"].sum() == SAMPLES * PROBLEMS


def test_what_looks_new_gets_a_fresh_base_sample_and_a_guess_rate(measured: tuple[Path, Evidence]) -> None:
    _, evidence = measured
    base, tuned = evidence.counts["a"], evidence.counts["b"]
    new = base.join(tuned, on="problem").filter((pl.col("c") == 0) & (pl.col("c_right") > 0))["problem"].to_list()
    assert new, "nothing looks new: this says nothing"
    assert evidence.fresh is not None
    assert sorted(evidence.fresh["problem"]) == sorted(new)
    assert evidence.fresh["n"].to_list() == [SAMPLES] * len(new)
    guesses = evidence.guesses["b"]
    assert sorted(guesses["problem"]) == sorted(new)
    assert (guesses["guess_n"] == 256).all()


def test_the_fresh_sample_is_another_one(measured: tuple[Path, Evidence]) -> None:
    folder, evidence = measured
    assert evidence.fresh is not None
    store, model = Store.read(folder), evidence.source["models"]["a"]
    first, fresh = (
        store.parts(Key(model, PLAN.asking, seed))
        .scan()
        .collect()
        .filter(pl.col("problem") == evidence.fresh["problem"][0])
        for seed in (0, FRESH)
    )
    assert first.sort("sample")["text"].to_list() != fresh.sort("sample")["text"].to_list()


def test_a_blind_guess_is_the_share_of_other_problems_answers_that_are_right(
    measured: tuple[Path, Evidence], suite: Suite
) -> None:
    folder, evidence = measured
    by_id = {problem.id: problem for problem in suite.held_out(Split.TEST, PROBLEMS)}
    rows = Store.read(folder).parts(Key(evidence.source["models"]["b"], PLAN.asking, 0)).scan().collect()
    for row in evidence.guesses["b"].iter_rows(named=True):
        others = rows.filter(pl.col("problem") != row["problem"]).sort("task", "sample", "problem")
        texts = others["text"].to_list()[:: others.height // 256][:256]
        assert row["guess_c"] == sum(suite.judge(by_id[row["problem"]], text).score >= 1 for text in texts)
    assert evidence.guesses["b"]["guess_c"].sum() > 0


def test_steps_are_checked_on_right_answers_alone(measured: tuple[Path, Evidence], suite: Suite) -> None:
    _, evidence = measured
    first = {p.id: p.messages[-1].content[0] for p in suite.held_out(Split.TEST, PROBLEMS)}
    for name, counts in evidence.counts.items():
        found = dict(evidence.verified[name].select("problem", "c_verified").iter_rows())
        expected = {row["problem"]: row["c"] * (first[row["problem"]] in "abcdefgh") for row in counts.to_dicts()}
        assert found == expected
    verified, right = (sum(frame[column].sum() for frame in frames.values()) for frames, column in (
        (evidence.verified, "c_verified"), (evidence.counts, "c"),
    ))  # fmt: skip
    assert 0 < verified < right


def test_answers_that_have_no_steps_are_not_held_to_any(
    measured: tuple[Path, Evidence], suite: Suite, tmp_path: Path
) -> None:
    """Where no model writes steps down, nothing was verified and nothing failed verification."""
    from tasks_with_steps import Direct

    folder, evidence = measured
    shutil.copytree(folder, tmp_path / "out", ignore=shutil.ignore_patterns("verdicts"))
    keys = {name: Key(model, PLAN.asking, 0) for name, model in evidence.source["models"].items()}
    with bench(tmp_path / "out", Suite([Direct("", {"symbols": 16, "length": 2}, 0)])) as opened:
        assert steps.by_tasks(opened, keys, SAMPLES) == {}


def test_a_judge_of_ones_own_is_asked(measured: tuple[Path, Evidence], subjects: list[Subject], suite: Suite) -> None:
    folder, evidence = measured
    with bench(folder, suite) as opened:
        key = Key(evidence.source["models"]["b"], PLAN.asking, 0)
        found = steps.by_judge(opened, key, SAMPLES, "tasks_with_steps:accepts_half")
    first = {p.id: p.messages[-1].content[0] for p in suite.held_out(Split.TEST, PROBLEMS)}
    expected = {row["problem"]: row["c"] * (first[row["problem"]] in "aceg") for row in evidence.counts["b"].to_dicts()}
    assert dict(found.select("problem", "c_verified").iter_rows()) == expected
    with pytest.raises(UserError, match="name a callable"):
        steps.judge_of("tasks_with_steps:nothing")


def test_nothing_is_sampled_twice(
    measured: tuple[Path, Evidence], subjects: list[Subject], suite: Suite, capfd: pytest.CaptureFixture[str]
) -> None:
    folder, evidence = measured
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet") if "samples" in path.parts}
    said: list[str] = []
    with bench(folder, suite) as opened:
        opened.told = lambda what, done, total: said.append(what)
        again = measure(opened, subjects, PLAN, frozenset({"toy/echo"}))
    after = {path: path.stat().st_mtime_ns for path in folder.rglob("*.parquet") if "samples" in path.parts}
    assert after == before
    assert set(said) == {"loading a", "loading b"}
    assert all(again.counts[name].equals(evidence.counts[name]) for name in ("a", "b"))


def test_a_measurement_can_be_counted_again_without_a_model(measured: tuple[Path, Evidence]) -> None:
    folder, evidence = measured
    again = evidence_of([folder], [], None, "again")
    for name in ("a", "b"):
        assert again.counts[name].equals(evidence.counts[name])
        assert again.answers[name].equals(evidence.answers[name])
    assert reckon(again).claims == reckon(replace(evidence, verified={})).claims
    with pytest.raises(UserError, match="measured with 96"):
        evidence_of([folder], [], 97, "again")
    fewer = evidence_of([folder], ["b", "a"], 32, "again")
    assert list(fewer.counts) == ["b", "a"]
    assert fewer.counts["a"]["n"].to_list() == [32] * PROBLEMS


def test_other_prompts_are_refused(measured: tuple[Path, Evidence], suite: Suite) -> None:
    folder, _ = measured
    with bench(folder, suite) as opened, pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(suite.tasks["toy/echo"]), "prompt", lambda self, problem: problem.messages * 2)
        with pytest.raises(UserError, match="another prompt"):
            opened.begin()


def test_guesses_without_reasoning_are_asked_for_as_such(
    measured: tuple[Path, Evidence], subjects: list[Subject], suite: Suite
) -> None:
    folder, evidence = measured
    with bench(folder, suite) as opened:
        found = measure(opened, subjects, replace(PLAN, guess="direct"), frozenset())
        prompt = opened._without_reasoning(opened.problems[0])
    assert prompt[-1].content.endswith(DIRECTLY)
    key = Key(evidence.source["models"]["b"], replace(PLAN.asking, mode=Mode.GUESS), 0)
    rows = Store.read(folder).parts(key).scan().collect()
    assert found.guesses["b"]["guess_n"].to_list() == [SAMPLES] * found.guesses["b"].height
    assert rows.height == SAMPLES * found.guesses["b"].height


def test_entropies_and_perplexities_are_those_of_the_models(measured: tuple[Path, Evidence]) -> None:
    _, evidence = measured
    own = {(s.scorer, s.author): s for s in evidence.scores if not s.right_ones}
    crosswise = {(s.scorer, s.author): s for s in evidence.scores if s.right_ones}
    assert set(own) == {("a", "a"), ("b", "b")}
    assert set(crosswise) == {("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")}
    for scores in own.values():
        assert scores.rows.height == 2 * PROBLEMS
        assert scores.entropy == pytest.approx(4.5, abs=0.2), "near log 99, a little below"
        assert scores.perplexity is not None
        assert 60 < scores.perplexity < 200


def test_what_was_measured_is_written_down(measured: tuple[Path, Evidence]) -> None:
    folder, evidence = measured
    written = json.loads((folder / "measurement.json").read_text())
    assert written["models"].keys() == {"a", "b"}
    assert written["fresh_seed"] == FRESH
    results = reckon(evidence)
    assert results.out_of_training == ()
    json.dumps(results.to_dict(), allow_nan=False)
