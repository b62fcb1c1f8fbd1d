"""The commands about tasks: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prorl.boundary import samples
from prorl.cli.main import app
from prorl.errors import UserError
from prorl.tasks import shortcomings
from prorl.tasks.registry import names


def run(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["tasks", *map(str, arguments)], catch_exceptions=True)
    if isinstance(done.exception, UserError):
        raise done.exception
    return done.exit_code, done.output


def test_list_has_every_task_and_every_suite() -> None:
    code, printed = run("list")
    assert code == 0
    assert all(f"{name} " in printed for name in names())
    assert f"{len(names())} tasks" in printed
    assert "prorl-logic-held-out: the Reasoning Gym tasks" in printed


def test_list_says_what_is_known_against_a_task() -> None:
    _, starred = run("list", "jugs")
    assert "*" in starred
    _, printed = run("list", "jugs", "--notes")
    assert "few different questions at the default options" in printed
    with pytest.raises(UserError, match="no task is called like 'jusg'"):
        run("list", "jusg")


def test_show_prints_what_the_model_sees_the_solution_and_the_verdict() -> None:
    code, printed = run("show", "toy/echo", "symbols=16", "--count", 3, "--worked-examples", 1, "--split", "validation")
    assert code == 0
    assert printed.count("[user]") == 6
    assert printed.count("[assistant]") == 3
    assert printed.count("[worked solution]") == printed.count("verdict: solved, score 1") == 3
    with pytest.raises(UserError, match="there is no split 'valid'; there are train, validation, test, examples"):
        run("show", "toy/echo", "--split", "valid")


def test_show_keeps_control_characters_of_a_data_set_from_the_terminal(tmp_path: Path) -> None:
    question = "red \x1b[31m title \x1b]0;mine\x07 \x9b2J over\rwritten, é 数 :key: [b]\n\tnext line"
    row = {"problem": question, "answer": "4", "solution": "a \x1b[2J"}
    (tmp_path / "data.jsonl").write_text(json.dumps(row) + "\n")
    code, printed = run("show", "math/math500", f"source={tmp_path / 'data.jsonl'}", "--count", 1, "--split", "test")
    assert code == 0, printed
    assert "red ·[31m title ·]0;mine· ·2J over·written, é 数 :key: [b]\n" in printed
    assert "next line" in printed
    assert not set(printed) & set("\x1b\x07\x9b\r")


def test_check_passes_what_is_right_or_on_the_list() -> None:
    code, printed = run("check", "toy/copy", "toy/successor", "--problems", 3)
    assert code == 0
    assert "on the list: toy/copy junk: partial credit for every character" in printed
    assert "1 passed, 1 on the list, 0 failed, 0 need data" in printed
    code, printed = run("check", "toy/echo", "simbols=4")
    assert code == 1
    assert "failed: toy/echo: toy/echo: unknown option 'simbols'" in printed


def test_check_fails_what_is_not_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcomings, "KNOWN", {})
    code, printed = run("check", "toy/copy")
    assert code == 1
    assert "failed: toy/copy: junk: 0.33" in printed
    assert "0 passed, 0 on the list, 1 failed" in printed


def test_a_task_without_its_data_fails_only_if_it_was_asked_for(tmp_path: Path) -> None:
    missing = f"source={tmp_path / 'no.jsonl'}"
    code, printed = run("check", "math/aime2*", missing)
    assert code == 0
    assert "not checked, needs data: math/aime24" in printed
    assert "0 failed, 2 need data" in printed
    code, printed = run("check", "math/aime24", missing)
    assert code == 1
    assert "failed: math/aime24" in printed


def test_profile_keeps_samples_and_says_what_teaches(tiny_model: Path, tmp_path: Path) -> None:
    out = tmp_path / "profile.parquet"
    wanted = ("profile", tiny_model, "toy/echo", "symbols=4", "--problems", 3, "--samples", 4, "--max-new-tokens", 1)
    code, printed = run(*wanted, "--out", out)
    assert code == 0, printed
    assert printed.split("\n")[0].split() == ["task", "problems", "samples", "pass", "rate", "never", "teach", "always"]
    assert printed.split("\n")[1].split()[:3] == ["toy/echo", "3", "12"]
    assert samples.read(out).height == 12
    with pytest.raises(UserError, match="choose another file by --out"):
        run(*wanted, "--seed", 5, "--out", out)
