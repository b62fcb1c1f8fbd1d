"""A whole measurement on models of two layers: what is sampled, what is held against it, and what is not made twice."""

from __future__ import annotations

import importlib
import json
import linecache
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from prorl.boundary.claims import NOT_ESTABLISHED
from prorl.boundary.imports.read import evidence_of
from prorl.boundary.laboratory import guessing, steps
from prorl.boundary.laboratory.bench import DIRECTLY, Bench
from prorl.boundary.laboratory.evidence import Evidence
from prorl.boundary.laboratory.measure import measure
from prorl.boundary.laboratory.plan import FRESH, Plan
from prorl.boundary.laboratory.reckon import reckon
from prorl.boundary.laboratory.subject import Subject
from prorl.boundary.laboratory.verified import accepted, tasks_with_steps
from prorl.boundary.store.key import Asking, Key, Mode
from prorl.boundary.store.store import Store
from prorl.errors import UserError
from prorl.policy.nano import make_nano
from prorl.recipe.schema import Compute
from prorl.tasks.contract import Outcome, Problem, Split, Verdict
from prorl.tasks.suite import Suite
from prorl.verify.pool import WorkerPool

SAMPLES, PROBLEMS = 96, 10
JUDGED = "acegijklmnop"
"""First letters of the words that `tasks_with_steps.accepts_half` accepts."""
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
def bench(folder: Path, suite: Suite, asked: int = PROBLEMS) -> Iterator[Bench]:
    problems = suite.held_out(Split.TEST, asked)
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


def test_blind_guesses_are_answers_to_all_other_problems(
    measured: tuple[Path, Evidence], suite: Suite, subjects: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drawn evenly, without replacement, and again the same; as many as are right among these are counted."""
    folder, evidence = measured
    numbered = [(f"{p.id}{i:04d}", p.id) for i in range(256) for p in suite.held_out(Split.TEST, PROBLEMS)]
    said = pl.DataFrame(numbered, schema=["text", "problem"], orient="row").with_columns(task=pl.lit("toy/echo"))
    monkeypatch.setattr(guessing, "_said", lambda *_: said)
    with bench(folder, suite) as opened:
        asked: dict[str, list[str]] = {}
        plan = replace(PLAN, samples=256)
        opened.pool, pool = Judging(asked), opened.pool
        key, chosen = Key(evidence.source["models"]["b"], PLAN.asking, 0), opened.problems[:3]
        columns = guessing.guess_columns(opened, subjects[1], key, plan, chosen)
        first, again = {k: sorted(v) for k, v in asked.items()}, asked.clear()
        assert again is None
        guessing.guess_columns(opened, subjects[1], key, plan, chosen)
        opened.pool = pool
    assert {k: sorted(v) for k, v in asked.items()} == first
    for problem in chosen:
        texts = first[problem.id]
        others = Counter(text[:-4] for text in texts)
        assert len(texts) == len(set(texts)) == 256
        assert problem.id not in others
        assert len(others) == PROBLEMS - 1
        # 256 of 9 x 256: 28.4 of each, with a standard deviation of 4.7.
        assert all(12 < count < 45 for count in others.values())
    assert columns["guess_c"].to_list() == [sum(text.endswith("7") for text in first[problem.id]) for problem in chosen]


class Judging:
    """In place of workers: takes a text that ends on 7 as right, and remembers what it was asked."""

    def __init__(self, asked: dict[str, list[str]]) -> None:
        self.asked = asked

    def submit(self, problem: Problem, text: str) -> Future[Verdict]:
        self.asked.setdefault(problem.id, []).append(text)
        done: Future[Verdict] = Future()
        done.set_result(Verdict(float(text.endswith("7")), Outcome.SOLVED if text.endswith("7") else Outcome.WRONG))
        return done


def test_there_are_as_many_guesses_as_samples_of_a_claim(
    measured: tuple[Path, Evidence], suite: Suite, subjects: list[Subject], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, evidence = measured
    many = {"task": "toy/echo", "text": [str(i) for i in range(2000)], "problem": "other", "sample": 0}
    monkeypatch.setattr(guessing, "_said", lambda *_: pl.DataFrame(many))
    key = Key(evidence.source["models"]["b"], PLAN.asking, 0)
    with bench(folder, suite) as opened:
        pool, opened.pool = opened.pool, Judging({})
        found = [
            guessing.guess_columns(opened, subjects[1], key, replace(PLAN, samples=n), opened.problems[:1])["guess_n"][
                0
            ]
            for n in (64, 1024, 4096)
        ]
        opened.pool = pool
    assert found == [256, 1024, 2000]


def test_the_guesses_of_a_measurement_are_judged_by_the_task(measured: tuple[Path, Evidence], suite: Suite) -> None:
    folder, evidence = measured
    by_id = {problem.id: problem for problem in suite.held_out(Split.TEST, PROBLEMS)}
    rows = Store.read(folder).parts(Key(evidence.source["models"]["b"], PLAN.asking, 0)).scan().collect()
    for row in evidence.guesses["b"].iter_rows(named=True):
        others = rows.filter(pl.col("problem") != row["problem"])["text"].to_list()
        share = sum(suite.judge(by_id[row["problem"]], text).score >= 1 for text in others) / len(others)
        # Five standard deviations of 256 drawn ones.
        assert abs(row["guess_c"] / 256 - share) <= 5 * (share * (1 - share) / 256) ** 0.5
    assert evidence.guesses["b"]["guess_c"].sum() > 0


def test_answers_are_swapped_where_no_steps_were_checked(
    measured: tuple[Path, Evidence], subjects: list[Subject], suite: Suite, tmp_path: Path
) -> None:
    """Between the problems that the base never solved; a folder keeps them, and without them nothing is known."""
    from tasks_with_steps import Direct

    folder, evidence = measured
    assert evidence.swaps["b"].is_empty(), "the steps of all were checked"
    shutil.copytree(folder, tmp_path / "out", ignore=shutil.ignore_patterns("verdicts"))
    with bench(tmp_path / "out", Suite([Direct("", {"symbols": 16, "length": 2}, 0)])) as opened:
        found = measure(opened, subjects, PLAN)
    swaps = found.swaps["b"]
    unsolved = set(found.counts["a"].filter(pl.col("c") == 0)["problem"])
    pairs = {(one, other) for one in unsolved for other in unsolved if one != other}
    assert set(swaps.select("problem", "other").iter_rows()) == pairs != set()
    rows = Store.read(folder).parts(Key(found.source["models"]["b"], PLAN.asking, 0)).scan().collect()
    by_id = {problem.id: problem for problem in suite.held_out(Split.TEST, PROBLEMS)}
    for problem, other, n, c in swaps.select("problem", "other", "n", "c").iter_rows():
        texts = rows.filter(pl.col("problem") == other)["text"]
        assert (n, c) == (SAMPLES, sum(suite.judge(by_id[problem], text).score >= 1 for text in texts))
    again = evidence_of([tmp_path / "out"], [], None, "again")
    assert reckon(again).claims == reckon(found).claims
    assert all(claim.by_others is not None for claim in reckon(again).claims[0].claims)
    (tmp_path / "out" / "controls" / f"swaps-{found.source['models']['b']}.parquet").unlink()
    lost = evidence_of([tmp_path / "out"], [], None, "again")
    assert ["repeats were not controlled for in toy/echo" in note for note in lost.source["notes"]] == [True]
    assert all(claim.by_others is None for claim in reckon(lost).claims[0].claims)
    assert not evidence_of([folder], [], None, "again").source.get("notes")


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
    keys = [Key(model, PLAN.asking, 0) for model in evidence.source["models"].values()]
    with bench(tmp_path / "out", Suite([Direct("", {"symbols": 16, "length": 2}, 0)])) as opened:
        assert steps.check(opened, keys)
        assert tasks_with_steps(opened.store, keys, SAMPLES) == []
    assert tasks_with_steps(Store.read(folder), keys, SAMPLES) == ["toy/echo"]


def test_a_judge_of_ones_own_is_asked_besides(
    measured: tuple[Path, Evidence], subjects: list[Subject], suite: Suite, tmp_path: Path
) -> None:
    """The task accepts a to h and the judge a, c, e, g and i to p: both count, sample by sample."""
    shutil.copytree(measured[0], tmp_path / "out")
    with bench(tmp_path / "out", suite) as opened:
        found = measure(opened, subjects, replace(PLAN, judge="tasks_with_steps:accepts_half"))
    first = {p.id: p.messages[-1].content[0] for p in suite.held_out(Split.TEST, PROBLEMS)}
    again = evidence_of([tmp_path / "out"], [], None, "again")
    for evidence in (found, again):
        right = {row["problem"]: row["c"] for row in evidence.counts["b"].to_dicts()}
        for frames, letters in ((evidence.verified, "abcdefgh"), (evidence.judged, JUDGED), (evidence.jointly, "aceg")):
            expected = {problem: c * (first[problem] in letters) for problem, c in right.items()}
            assert dict(frames["b"].select("problem", "c_verified").iter_rows()) == expected
        held = {claim.problem: claim.verified for claim in reckon(evidence).claims[0].claims}
        assert held == {problem: right[problem] * (first[problem] in "aceg") for problem in held}
        assert any(right[p] and first[p] in JUDGED and first[p] not in "aceg" for p in held), "this says nothing"
    smaller = {claim.problem: claim.verified for claim in reckon(replace(found, jointly={})).claims[0].claims}
    assert smaller == held
    shutil.rmtree(next((tmp_path / "out" / "verdicts").glob("judge-*")))
    lost = evidence_of([tmp_path / "out"], [], None, "again")
    assert lost.unread == {"toy/echo"}
    assert {claim.label for claim in reckon(lost).claims[0].claims} == {NOT_ESTABLISHED}


def test_a_folder_goes_on_with_fewer_problems_and_a_judge_and_then_with_all(
    measured: tuple[Path, Evidence], subjects: list[Subject], suite: Suite, tmp_path: Path
) -> None:
    """What isn't asked now isn't judged now, and is as soon as it is asked."""
    shutil.copytree(measured[0], tmp_path / "out")
    plan = replace(PLAN, judge="tasks_with_steps:accepts_half", scored=0)
    first = {p.id: p.messages[-1].content[0] for p in suite.held_out(Split.TEST, PROBLEMS)}
    for asked in (4, PROBLEMS):
        with bench(tmp_path / "out", suite, asked) as opened:
            found = measure(opened, subjects, plan)
        again = evidence_of([tmp_path / "out"], [], None, "again")
        for evidence in (found, again):
            assert evidence.unread == frozenset()
            right = {row["problem"]: row["c"] for row in evidence.counts["b"].to_dicts()}
            assert len(right) == asked
            expected = {problem: c * (first[problem] in JUDGED) for problem, c in right.items()}
            assert dict(evidence.judged["b"].select("problem", "c_verified").iter_rows()) == expected


def test_a_judge_that_was_changed_is_asked_again(
    measured: tuple[Path, Evidence], suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "out"
    shutil.copytree(measured[0], folder)
    key = Key(measured[1].source["models"]["b"], PLAN.asking, 0)
    found, file = {}, tmp_path / "changing.py"
    for answer in ("True", "problem is None", "True"):
        file.write_text(f"def judge(problem, text):\n    return {answer}\n")
        sys.modules.pop("changing", None)
        importlib.invalidate_caches()
        linecache.clearcache()
        shutil.rmtree(tmp_path / "__pycache__", ignore_errors=True)
        with bench(folder, suite) as opened:
            label = steps.ask(opened, [key], "changing:judge")
        held = accepted(Store.read(folder), key, label).collect().height
        assert found.setdefault(label, held) == held
    assert sorted(held > 0 for held in found.values()) == [False, True]
    assert all(re.fullmatch(r"judge-changing-judge-[0-9a-f]{8}", label) for label in found)
    assert steps.judge_label("math:sqrt") == "judge-math-sqrt", "its source can't be had"
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
        assert again.verified[name].equals(evidence.verified[name])
    assert again.unread == frozenset()
    assert reckon(again).claims == reckon(evidence).claims
    assert any(claim.verified == 0 < claim.successes for claim in reckon(again).claims[0].claims)
    with pytest.raises(UserError, match="measured with 96"):
        evidence_of([folder], [], 97, "again")
    fewer = evidence_of([folder], ["b", "a"], 32, "again")
    assert list(fewer.counts) == ["b", "a"]
    assert fewer.counts["a"]["n"].to_list() == [32] * PROBLEMS


@pytest.mark.parametrize("said", [True, False])
def test_steps_that_were_checked_and_cannot_be_read_let_nothing_be_new(
    measured: tuple[Path, Evidence], tmp_path: Path, said: bool
) -> None:
    """Also in a folder whose measurement doesn't say what was checked: it has verdicts on steps, or it checked none."""
    folder = tmp_path / "out"
    shutil.copytree(measured[0], folder)
    source = json.loads((folder / "measurement.json").read_text())
    assert source["checked"] == {"steps": ["toy/echo"], "judge": ""}
    if not said:
        del source["checked"], source["guesses"]
        (folder / "measurement.json").write_text(json.dumps(source))
    whole = evidence_of([folder], [], None, "again")
    assert whole.verified["b"].equals(measured[1].verified["b"])
    notes = whole.source.get("notes", [])
    assert len(notes) == (0 if said else 1)
    assert all("may all be answers to one other" in note for note in notes)
    next((folder / "verdicts" / "steps").rglob("*.parquet")).unlink()
    lost = evidence_of([folder], [], None, "again")
    assert (lost.verified, lost.unread) == ({}, {"toy/echo"})
    reasons = {claim.reason for claim in reckon(lost).claims[0].claims}
    assert {claim.label for claim in reckon(lost).claims[0].claims} == {NOT_ESTABLISHED}
    assert any("can't be read" in reason for reason in reasons)
    assert any("nothing is new in toy/echo" in note for note in reckon(lost).warnings)


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


def test_right_answers_beyond_the_samples_that_count_are_not_read(
    measured: tuple[Path, Evidence], subjects: list[Subject], suite: Suite, tmp_path: Path
) -> None:
    """A folder may hold more of them, of an earlier and larger measurement."""
    shutil.copytree(measured[0], tmp_path / "out")
    with bench(tmp_path / "out", suite) as opened:
        found = measure(opened, subjects, replace(PLAN, samples=16))
    right = [scores.rows for scores in found.scores if scores.right_ones]
    counted = sum(int(frame["c"].clip(upper_bound=PLAN.scored).sum()) for frame in found.counts.values())
    assert sum(rows.height for rows in right) == 2 * counted > 0
    assert all(rows["sample"].max() < 16 for rows in right if rows.height)


def test_what_was_measured_is_written_down(measured: tuple[Path, Evidence]) -> None:
    folder, evidence = measured
    written = json.loads((folder / "measurement.json").read_text())
    assert written["models"].keys() == {"a", "b"}
    assert written["fresh_seed"] == FRESH
    results = reckon(evidence)
    assert results.out_of_training == ()
    json.dumps(results.to_dict(), allow_nan=False)
