"""`prorl boundary` from end to end on models of two layers, and `prorl rejudge` on what it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from prorl.boundary.store import fill as filling
from prorl.boundary.store.key import Asking
from prorl.boundary.store.store import Store
from prorl.cli.main import app
from prorl.errors import UserError
from prorl.policy.nano import make_nano
from prorl.recipe.load import load, to_yaml

Command = Callable[..., Result]
ASKED = ("--suite", "toy/echo", "--suite", "symbols=4", "--suite", "length=3")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    folder = tmp_path_factory.mktemp("models")
    first, second = (str(make_nano(folder / name, init_std=0.05, seed=len(name))) for name in ("base", "tuned"))
    return first, second


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["boundary", *words], catch_exceptions=False)


def measured(models: tuple[str, str], out: Path, samples: int) -> Result:
    settings = ("--max-new-tokens", "1", "--problems", "6", "--precision", "fp32", "--scored", "1")
    return run(*models, *ASKED, *settings, "--samples", str(samples), "--out", str(out))


def rows(out: Path) -> int:
    store = Store.read(out)
    return sum(store.parts(key).scan().collect().height for key in store.keys.values() if key.seed == 0)


def test_measure_grow_count_again_and_judge_again(
    models: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/bin/prorl", "boundary", "base", "a tuned one"])
    out = tmp_path / "out [lr=1e-5]"  # a pattern that doesn't match itself
    done = measured(models, out, 8)
    assert done.exit_code == 0, done.output
    assert "tuned: pass@1" in done.output
    assert {"report.html", "summary.json", "figures", "samples"} <= {path.name for path in out.iterdir()}
    assert rows(out) == 2 * 6 * 8
    assert measured(models, out, 20).exit_code == 0
    assert rows(out) == 2 * 6 * 20
    summary = json.loads((out / "summary.json").read_text())
    assert summary["samples"] == 20
    assert summary["source"]["command"] == "prorl boundary base 'a tuned one'"

    assert run("--from-samples", str(out), "--samples", "8", "--out", str(tmp_path / "again")).exit_code == 0
    assert json.loads((tmp_path / "again/summary.json").read_text())["analysis"]["ks"] == [1, 2, 4, 8]

    settings = [*ASKED, "--problems", "6", "--label", "second"]
    judged = CliRunner().invoke(app, ["rejudge", str(out), *settings], catch_exceptions=False)
    assert judged.exit_code == 0, judged.output
    again = run("--from-samples", str(out), "--verdicts", "second", "--out", str(tmp_path / "second"))
    assert again.exit_code == 0, again.output
    second = json.loads((tmp_path / "second/summary.json").read_text())
    assert second["analysis"]["curves"] == summary["analysis"]["curves"]


def test_an_interruption_is_told_and_taken_up(
    models: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, calls = filling._Writer.add, 0

    def interrupted(*given: object) -> None:
        nonlocal calls
        add(*given)  # type: ignore[arg-type]
        calls += 1
        if calls == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(filling._Writer, "add", interrupted)
    done = measured(models, tmp_path, 8)
    assert done.exit_code == 130
    assert "the same command goes on" in done.output
    assert rows(tmp_path) == 4 * 8
    monkeypatch.undo()
    assert measured(models, tmp_path, 8).exit_code == 0
    assert rows(tmp_path) == 2 * 6 * 8


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a", "b", "--suite", "toy/echo"), "--out"),
        (("a", "--suite", "toy/echo", "--out", "x"), "at least one model to compare"),
        (("a", "b", "--out", "x"), "what to ask"),
        (("--from-samples", "nowhere", "--out", "x"), "there are no samples"),
        (("nomodel", "b", "--suite", "toy/echo", "--judge", "no.such:thing", "--out", "x"), "judge 'no.such:thing'"),
        (("nomodel", "b", "--suite", "toy/echo", "--judge", ":thing", "--out", "x"), "judge ':thing': name a callable"),
        (("nomodel", "b", "--suite", "toy/echo", "--corpus", "nowhere", "--out", "x"), "corpus nowhere: there is no"),
        (("--from-samples", "none", "--corpus", "nowhere", "--out", "x"), "corpus nowhere: there is no"),
        (
            ("nomodel", "b", "--suite", "toy/echo", "--corpus", "nowhere", "--out", "x"),
            "corpus nowhere: there is no file",
        ),
        (("--from-samples", "none", "--corpus", "nowhere", "--out", "x"), "corpus nowhere: there is no file"),
    ],
)
def test_what_is_missing_is_named(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        run(*words)


@pytest.mark.parametrize(
    "option",
    [
        "--suite toy/echo", "--problems 24", "--temperature 1", "--max-new-tokens 8", "--top-p 0.9", "--top-k 4",
        "--worked-examples 1", "--level 1", "--guess off", "--match-entropy", "--scored 4", "--judge a:b",
        "--precision fp32",
    ],
)  # fmt: skip
def test_with_samples_that_are_there_no_option_of_sampling_is_passed_over(option: str) -> None:
    with pytest.raises(UserError, match=f"leave out {option.split()[0]}: with --from-samples nothing is sampled"):
        run("--from-samples", "x", "--out", "y", *option.split())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("a", "b", "-s", "toy/echo", "--verdicts", "x", "--out", "y"), "leave out --verdicts"),
        (("a", "b", "-s", "toy/echo", "--window", "16", "--out", "y"), "leave out --window: without --corpus"),
        (("a", "b", "-s", "quickstart", "--worked-examples", "2", "--out", "y"), "--worked-examples goes with tasks"),
        (("--self-test", "a", "--seed", "2"), "leave out models, --seed: --self-test"),
    ],
)
def test_other_options_that_mean_nothing_are_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        run(*words)


@pytest.mark.parametrize(("given", "top_p"), [((), 0.5), (("--top-p", "0.25"), 0.25)])
def test_top_p_is_the_recipes_unless_it_is_given(
    given: tuple[str, ...], top_p: float, models: tuple[str, str], small_run: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "half.yaml"
    recipe.write_text(to_yaml(load(str(small_run / "recipe.yaml"), ["evaluation.top_p=0.5"])))
    settings = ("--problems", "1", "--samples", "2", "--precision", "fp32", "--scored", "0")
    done = run(*models, "--suite", str(recipe), *settings, *given, "--out", str(tmp_path / "out"))
    assert done.exit_code == 0, done.output
    asking = json.loads((tmp_path / "out" / "measurement.json").read_text())["asking"]
    assert (asking["top_p"], asking["max_new_tokens"]) == (top_p, 2)
    assert Asking(1.0, 2, top_p).id != Asking(1.0, 2).id, "samples of another top-p would be taken for these"
    assert {key.asking.top_p for key in Store.read(tmp_path / "out").keys.values()} == {top_p}


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_an_out_that_cannot_be_written_is_told_before_anything_is_counted(tmp_path: Path, out: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"choose a folder that can be written by --out") as refused:
        run("a", "b", "--from-samples", str(tmp_path / "nowhere"), "--out", str(tmp_path / out))
    assert str(refused.value).startswith(str(tmp_path / out))


def test_an_out_is_not_left_behind_where_nothing_was_counted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there are no samples"):
        run("a", "b", "--from-samples", str(tmp_path / "nowhere"), "--out", str(tmp_path / "made" / "out"))
    assert list(tmp_path.iterdir()) == []


def test_rejudge_refuses_a_folder_without_samples_and_makes_none(tmp_path: Path) -> None:
    words = ["rejudge", str(tmp_path / "typo"), "--suite", "toy/echo", "--label", "second"]
    with pytest.raises(UserError, match="typo holds no samples"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
