"""What the README and the documentation show is run: every block of code, every command, every recipe.

The blocks of a page are run in order in a folder of their own, so that a page is a story which works. The model is made
on the spot and the batches are small, or a page would take as long as the training that it shows.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from prorl.cli.main import app
from prorl.policy.nano import make_nano
from prorl.recipe.load import load, validate

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SMALL = (
    "model=./nano", "rollout.prompts_per_step=1", "rollout.samples_per_prompt=2", "rollout.max_new_tokens=2",
    "rollout.dynamic_sampling=false", "evaluation.problems_per_task=1", "evaluation.samples=2",
    "compute.precision=fp32", "compute.threads=1", "health.zero_signal=null",
)  # fmt: skip
"""What makes the training that a page shows a matter of seconds, though it learns nothing. Its steps, stages and resets
stay."""
ELSEWHERE = ("pip", "pytest", "mkdocs", "python", "wandb", "tensorboard")
"""Programs that a page may name; what they are given is looked at, but they aren't run."""
FAR = re.compile("cluster")
"""Commands that need Ray: only read here. `tests/cluster/test_page.py` runs them."""
MODELS = "~/nano-study/seed0/"
STUDY = {"base": "./nano", "full@500": "runs/mine@12", "full@1000": "runs/mine@15", "full": "runs/mine"}
"""What stands here for the models of a study, which `tests/test_study.py` makes."""
FEW = ("--problems=1", "--samples=3", "--max-new-tokens=2", "--precision=fp32", "--scored=1")
"""What makes a measurement that a page shows a matter of seconds; the last of an option's values counts."""
ASKING = ("reset", "pause", "continue", "stop")
"""Commands for a run under way."""


def blocks(page: Path, language: str) -> list[str]:
    """The code blocks of that language on a page, in order."""
    return [block for name, block in FENCE.findall(page.read_text()) if name == language]


def test_every_block_is_of_a_kind_that_is_run_here() -> None:
    kinds = {name for page in PAGES for name, _ in FENCE.findall(page.read_text())}
    assert kinds <= {"sh", "yaml", "python", "text"}, (
        "another kind needs a test that runs it"
    )  # text: of other software
    assert len(PAGES) >= 10


@pytest.mark.parametrize(("page", "block"), [(page.name, block) for page in PAGES for block in blocks(page, "yaml")])
def test_recipes_shown_are_recipes(page: str, block: str) -> None:
    whole = {"name": "x", "model": "m", "tasks": [{"task": "toy/echo"}], "stages": [{"name": "a", "steps": 1}]}
    validate({**whole, **yaml.safe_load(block)}, page)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model and the run `runs/mine`, which knows a best checkpoint."""
    folder = tmp_path_factory.mktemp("trained")
    make_nano(folder / "nano", init_std=0.1, context=8192)  # as many positions as the model that it stands for
    with inside(folder):
        run("prorl train quickstart checkpoint.every=5 --out runs/mine")
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    _samples_of_others(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _samples_of_others(folder: Path) -> None:
    """The files that `docs/boundary.md` counts: of anybody's, and of lm-evaluation-harness."""
    for model, name in (("base", "base.jsonl"), ("tuned", "tuned.parquet")):
        rows = [
            {"problem": f"p{i}", "model": model, "sample": j, "score": float(i > j)} for i in range(3) for j in range(3)
        ]
        if name.endswith("jsonl"):
            (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        else:
            pl.DataFrame(rows).write_parquet(folder / name)
        row = {"doc_id": 0, "doc": {}, "target": "3", "arguments": {}, "resps": [["3"]], "filtered_resps": ["3"]}
        results = folder / "lm-eval-results" / f"org__{model}"
        results.mkdir(parents=True)
        (results / "samples_sums_2026-01-01T00-00-00.jsonl").write_text(
            json.dumps({**row, "filter": "none", "exact_match": 1.0, "metrics": ["exact_match"]}) + "\n"
        )


class inside:
    """The current folder for a while."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.before = folder, Path.cwd()

    def __enter__(self) -> None:
        os.chdir(self.folder)

    def __exit__(self, *_: object) -> None:
        os.chdir(self.before)


def run(line: str) -> None:
    """Run a line of a shell block; what it says must work."""
    for part in line.split("&&"):
        words = shlex.split(part, comments=True)
        if not words:
            continue
        if words[0] in ELSEWHERE:
            _look_at(words)
            continue
        assert words[0] == "prorl", f"{line}: {words[0]} is no program that a page may name"
        if FAR.search(line):
            _read(words[1:])
            return
        if words[1] in ASKING:
            words[2] = str(_under_way(Path(words[2])))
        done = CliRunner().invoke(app, _small(words[1:]))
        assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception!r}"


def _under_way(run: Path) -> Path:
    """A copy of a run that has not come to its end: a request to one that has is refused."""
    copy = run.with_name(f"{run.name}-under-way")
    if not copy.exists():
        shutil.copytree(run, copy)
        lines = (copy / "journal.jsonl").read_text().splitlines(keepends=True)
        (copy / "journal.jsonl").write_text("".join(line for line in lines if '"event": "finish"' not in line))
    return copy


def _small(words: list[str]) -> list[str]:
    """The same command with a small model and small batches."""
    if words[0] == "train" and "--resume" not in words:
        return [*words, *SMALL]
    words = [STUDY[word.removeprefix(MODELS)] if word.startswith(MODELS) else word for word in words]
    if words[0] == "boundary" and "--suite" in words:
        words = [*words, *FEW]
    if words[0] == "watch" and "--json" not in words:
        return [*words, "--once"]
    return ["./nano" if word == "smollm2-135m" else word for word in words]


def _read(words: list[str]) -> None:
    """Take a command's arguments and options, and a recipe's changes, without doing anything."""
    command = get_command(app).commands[words[0]]  # type: ignore[attr-defined]
    given = command.make_context(words[0], words[1:]).params
    if words[0] == "train":
        load(given["recipe"], given["changes"])


def _look_at(words: list[str]) -> None:
    """A command that isn't run: the extras and files that it names must be there."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for word in words[1:]:
        for extra in re.findall(r"\[(\w+)\]", word):
            assert extra in extras, word
        if word.endswith(".py"):
            assert (ROOT / word).is_file(), word


@pytest.mark.timeout(900)  # a page may sample several models
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "sh")], ids=lambda page: page.name)
def test_commands_shown_work(page: Path, here: Path) -> None:
    text = "\n".join(blocks(page, "sh"))
    if re.search(r"prorl train .*--out runs/mine", text):
        shutil.rmtree(here / "runs")  # this page makes it itself
    for line in text.splitlines():
        run(line)


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page, "python")], ids=lambda page: page.name)
def test_python_shown_works(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page.name, "exec"), names)


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        text = FENCE.sub("", page.read_text())
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
            if "://" in target or target.startswith("reference/"):
                continue
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_page_stands_in_the_navigation() -> None:
    listed = re.findall(r": ([\w/]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert sorted(path for path in listed if not path.startswith("reference/")) == sorted(
        path.name for path in (ROOT / "docs").glob("*.md")
    )


def load_reference() -> Any:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def every_command(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if hasattr(command, "commands"):
        for name, part in command.commands.items():
            yield from every_command(part, (*words, name))
    else:
        yield words


def test_every_option_that_help_shows_is_in_the_reference() -> None:
    import typer.main

    page = load_reference().commands()
    parts = dict(re.findall(r"^## prorl ([\w ]+)\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    found = 0
    for words in every_command(typer.main.get_command(app)):
        shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"}).output
        options = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", shown.split("Options")[1])) - {"--help"}
        section = parts[" ".join(words)]
        missing = [option for option in options if f"`{option}`" not in section]
        assert missing == [], words
        found += len(options)
    assert found > 30
    assert set(parts) == {" ".join(words) for words in every_command(typer.main.get_command(app))}


def test_every_key_of_a_recipe_is_in_the_reference() -> None:
    page = load_reference().recipe_keys()

    def keys(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
        for part in (schema, *schema.get("anyOf", []), *schema.get("oneOf", [])):
            if "$ref" in part:
                yield from keys(definitions[part["$ref"].rsplit("/", 1)[-1]], definitions)
            yield from part.get("properties", {})
            for inner in (*part.get("properties", {}).values(), part.get("items"), part.get("additionalProperties")):
                if isinstance(inner, dict):
                    yield from keys(inner, definitions)

    from prorl.recipe.schema import Recipe

    schema = Recipe.model_json_schema()
    wanted = set(keys(schema, schema["$defs"]))
    assert len(wanted) > 120
    listed = {path.rsplit(".", 1)[-1] for path in re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)}
    assert wanted - listed == set()
