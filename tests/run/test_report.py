"""The report's page: complete from the files alone, readable anywhere, silent on the network."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from prorl.boundary.comparison import Comparison
from prorl.cli.main import app
from prorl.errors import UserError
from prorl.run import (
    report_answers,
    report_charts,
    report_data,
    report_domains,
    report_parts,
    report_pass_at_k,
    report_rollouts,
    report_time,
)
from prorl.run.journal import Journal
from prorl.run.report import write_report

Maker = Callable[..., Path]


@pytest.fixture(scope="module")
def run(made_up_run: Maker, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_up_run(tmp_path_factory.mktemp("runs") / "quickstart")


@pytest.fixture(scope="module")
def page(run: Path) -> Path:
    return write_report(run)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["wide", "narrow"])
def test_everything_is_drawn_without_an_error_or_a_request(
    browser: Any, page: Path, width: int, height: int, dark: bool
) -> None:
    browser.open(page, width=width, height=height, dark=dark)
    assert browser.run("document.querySelectorAll('[data-chart]').length") == 1 + 9 + 2 + 1 + 2
    drawn = "e.querySelector('.trace, .hm, .bars, .point')"
    undrawn = f"[...document.querySelectorAll('[data-chart]')].filter(e => !{drawn}).length"
    assert browser.run(undrawn) == 0
    assert browser.problems == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [page.as_uri()]
    assert browser.run("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


def test_colours_follow_the_systems_scheme(browser: Any, page: Path) -> None:
    seen = {}
    for dark in (False, True):
        browser.open(page, dark=dark)
        paper = browser.run("getComputedStyle(document.body).backgroundColor")
        line = browser.run("document.querySelector('[data-chart=curve-kl] .js-line').style.stroke")
        seen[dark] = (paper, line)
    assert seen[False] == ("rgb(255, 255, 255)", "rgb(31, 95, 208)")
    assert seen[True] == ("rgb(20, 23, 27)", "rgb(110, 163, 255)")


def test_texts_of_models_stay_texts(browser: Any, page: Path) -> None:
    browser.open(page)
    assert browser.run("document.title") == "quickstart · prorl run"
    assert browser.run("document.querySelectorAll('img').length") == 0
    for shown in ("document.querySelector('.answer pre')", "document.querySelector('#groups .answer pre')"):
        assert "</script><script>document.title='broken'</script>" in browser.run(f"{shown}.textContent")


def test_choosing_a_task_redraws_its_curve(browser: Any, page: Path, run: Path) -> None:
    browser.open(page)
    read = "(() => { const d = document.getElementById('pass-at-k').data; return d[d.length - 1].y[0]; })()"
    comparison = Comparison.from_dict(json.loads((run / "comparison.json").read_text()))
    assert browser.run(read) == pytest.approx(comparison.overall.tuned.pass_at[1].estimate)
    names = browser.run("[...document.querySelectorAll('#pass-select option')].map(o => o.textContent)")
    assert names[0] == "overall"
    assert len(names) == 13
    choose = "(() => { const s = document.getElementById('pass-select'); s.selectedIndex = 3; s.onchange; "
    browser.run(choose + "s.dispatchEvent(new Event('change')); })()")
    (row,) = [row for row in comparison.tasks if row.task.endswith("/" + names[3])]
    assert browser.run(read) == pytest.approx(row.tuned.pass_at[1].estimate)


def test_the_numbers_of_the_comparison_are_on_the_page(page: Path, run: Path) -> None:
    text = page.read_text()
    comparison = Comparison.from_dict(json.loads((run / "comparison.json").read_text()))
    assert comparison.verdict() in text.replace("&#39;", "'")
    for row in (comparison.overall, *comparison.tasks):
        assert f"{100 * row.delta[1].estimate:+.1f}" in text
        assert f"{100 * row.delta[1].low:+.1f} to {100 * row.delta[1].high:+.1f}" in text


def test_a_run_in_progress_says_what_is_still_missing(browser: Any, made_up_run: Maker, tmp_path: Path) -> None:
    early = write_report(made_up_run(tmp_path / "early", steps=7, evaluated=False))
    browser.open(early)
    assert browser.problems == []
    words = browser.run("document.body.innerText")
    assert "not finished: step 7 of 60" in words
    assert "comparison.json is missing" in words
    assert "samples/base.parquet and samples/trained.parquet" in words
    assert browser.run("document.querySelectorAll('[data-chart^=curve] .js-line').length") > 0


def test_the_first_seconds_of_a_run_are_enough_for_a_page(browser: Any, tmp_path: Path) -> None:
    Journal(tmp_path / "journal.jsonl").append("start", 0)
    browser.open(write_report(tmp_path))
    assert browser.problems == []
    words = browser.run("document.body.innerText")
    for missing in ("metrics.jsonl", "timings.jsonl", "recipe.yaml", "rollouts/"):
        assert missing in words


def test_a_long_run_stays_under_ten_megabytes(browser: Any, made_up_run: Maker, tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "long", steps=2000, total=2000)
    long = write_report(run)
    assert long.stat().st_size < 10_000_000
    browser.open(long)
    assert browser.problems == []
    found = report_rollouts.browser(report_data.load(run))
    assert len(json.dumps(found)) < 1.1 * report_rollouts.BUDGET
    assert len(found["steps"]) == report_rollouts.STEPS
    assert {1, 1000, 1001, 2000} <= set(found["steps"]), "first, last, and both sides of the reset"
    assert (found["of_steps"], found["left_out"]) == (2000, 0)


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no run"):
        write_report(tmp_path)
    with pytest.raises(UserError, match="no such run folder"):
        write_report(tmp_path / "nowhere")
    assert list(tmp_path.iterdir()) == []


def test_resets_and_stages_are_marked_where_they_happened(run: Path) -> None:
    files = report_data.load(run)
    assert [(marker.kind, marker.step) for marker in files.markers] == [("stage", 1), ("stage", 31), ("reset", 31)]
    (kl,) = [chart for chart in report_charts.curves(files) if chart["id"] == "curve-kl"]
    assert [shape["x0"] for shape in kl["layout"]["shapes"]] == [0.5, 30.5, 30.5]
    assert "stage boundary" in kl["layout"]["annotations"][2]["hovertext"]
    line = dict(zip(kl["data"][-1]["x"], kl["data"][-1]["y"], strict=True))
    assert line[30.5] is None
    assert line[31] == 0.0, "KL after a reset must not be smeared over"


def test_validations_are_drawn_with_their_intervals(run: Path) -> None:
    chart = report_charts.curves(report_data.load(run))[0]
    assert chart["id"] == "curve-validation"
    one, four = chart["data"]
    assert (one["name"], four["name"]) == ("pass@1", "pass@4")
    assert one["x"] == list(range(0, 61, 10))
    assert one["error_y"]["array"] == pytest.approx([0.07] * 7)
    assert four["error_y"]["arrayminus"] == pytest.approx([0.1] * 7)


def test_undone_events_are_struck_out_and_leave_no_marker(tmp_path: Path) -> None:
    book = Journal(tmp_path / "journal.jsonl")
    for event, step in (("start", 0), ("reset", 9), ("resume", 5), ("reset", 12)):
        book.append(event, step)
    files = report_data.load(tmp_path)
    assert [marker.step for marker in files.markers] == [13]
    assert [row["undone"] for row in report_parts.journal_rows(files)] == [False, True, False, False]


def test_time_adds_up_to_all_of_it(run: Path) -> None:
    files = report_data.load(run)
    shares = {part["phase"]: part["share"] for part in report_time.time_spent(files)}
    everything = sum(record["seconds"] for record in files.timings) + 6 * 4.0 + 6 * 1.0
    assert list(shares)[:5] == ["sample", "verify", "train", "validate", "checkpoint"]
    assert shares["validate"] == pytest.approx(6 * 4.0 / everything, rel=0.02)
    assert shares["other"] == pytest.approx(60 * 0.1 / everything, rel=0.02)
    assert sum(shares.values()) == pytest.approx(1.0)


def test_curves_of_pass_at_k_agree_with_the_comparison(run: Path) -> None:
    files = report_data.load(run)
    from_samples = report_pass_at_k.pass_at_k(files)
    files.base = files.trained = None
    from_comparison = report_pass_at_k.pass_at_k(files)
    assert [chart["title"] for chart in from_samples] == [chart["title"] for chart in from_comparison]
    for detailed, coarse in zip(from_samples, from_comparison, strict=True):
        for side in (2, 5):
            assert detailed["data"][side]["x"] == [1, 2, 4, 8, 16]
            assert coarse["data"][side]["x"] == [1, 16]
            ends = [detailed["data"][side]["y"][0], detailed["data"][side]["y"][-1]]
            assert ends == pytest.approx(coarse["data"][side]["y"])


def test_smoothing_begins_anew_at_a_break_and_skips_what_is_missing() -> None:
    assert report_data.smooth([1.0, 3.0, 5.0, 0.0, 2.0], [3], 2) == [1.0, 2.0, 4.0, 0.0, 1.0]
    assert report_data.smooth([None, 2.0, None, 4.0], [], 2) == [None, 2.0, 2.0, 4.0]


def choose(browser: Any, control: str, value: str) -> None:
    """As a person does it: set the control, and let it tell."""
    event = "e.dispatchEvent(new Event('input', {bubbles: true}))"
    browser.run(f"(() => {{ const e = document.getElementById('{control}'); e.value = {value!r}; {event}; }})()")


def shown(browser: Any) -> list[str]:
    """Heads of the completions that are shown."""
    return list(browser.run("[...document.querySelectorAll('#groups .answer .meta')].map(e => e.innerText)"))


def test_rollouts_are_filtered_by_step_task_outcome_and_text(browser: Any, page: Path) -> None:
    browser.open(page)
    assert browser.run("document.getElementById('by-step').value") == "60"
    assert len(shown(browser)) == 8 * 6
    choose(browser, "by-task", "reasoning_gym/gcd")
    assert len(shown(browser)) == 6
    assert browser.run("document.querySelector('#groups .question').textContent") == "At step 60, what is 3 + 1?"
    choose(browser, "by-outcome", "unparseable")
    (head,) = shown(browser)
    assert head.split("\n") == ["unparseable", "score 0", "4 tokens", "not trained on"]
    choose(browser, "by-outcome", "solved")
    assert all(head.startswith("solved") for head in shown(browser))
    choose(browser, "by-outcome", "")
    choose(browser, "by-task", "")
    choose(browser, "by-step", "")
    choose(browser, "by-text", "At STEP 17,")
    assert browser.run("document.getElementById('found').innerText") == "48 completions of 8 groups."
    choose(browser, "by-text", "no such words")
    assert "Nothing matches" in browser.run("document.getElementById('found').innerText")
    assert browser.problems == []


def test_rollouts_by_keyboard(browser: Any, page: Path) -> None:
    browser.open(page)
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: '%s', bubbles: true}))"
    steps = browser.run("[...document.querySelectorAll('#by-step option')].map(e => e.value)")[1:]
    for key, place in (("[", -2), ("[", -3), ("]", -2), ("]", -1), ("]", -1)):
        browser.run(press % key)
        assert browser.run("document.getElementById('by-step').value") == steps[place]
    browser.run(press % "/")
    assert browser.run("document.activeElement.id") == "by-text"
    controls = "[...document.querySelectorAll('#filters *, #more')].filter(e => e.matches('select, input, button'))"
    unreachable = f"{controls}.filter(e => e.tabIndex < 0).length"
    assert browser.run(unreachable) == 0


def test_tokens_are_shaded_by_how_unlikely_they_were(browser: Any, page: Path) -> None:
    browser.open(page)
    choose(browser, "by-task", "reasoning_gym/gcd")
    spans = "[...document.querySelectorAll('#groups .answer')[1].querySelectorAll('pre span')]"
    read = f"{spans}.map(e => [e.textContent, e.title, e.style.background])"
    likely, unlikely, end, last = browser.run(read)
    assert (likely[0], unlikely[0], end[0], last[0]) == ("<answer>", "1", "</answer>", "■")
    assert unlikely[1] == "probability 0.082, log -2.50"
    assert "70%" in unlikely[2]
    assert likely[2] == ""
    broken = browser.run("document.querySelectorAll('#groups .answer')[2].querySelector('.broken').title")
    assert broken == "no finite log-probability"
    browser.run("document.getElementById('shaded').click()")
    assert browser.run("document.querySelectorAll('#groups pre span').length") == 0


def test_of_a_group_every_outcome_is_shown(run: Path) -> None:
    groups = report_rollouts.browser(report_data.load(run))["groups"]
    (gcd,) = [group for group in groups if group["step"] == 60 and group["task"].endswith("/gcd")]
    assert [c["outcome"] for c in gcd["completions"]] == ["solved", "solved", "solved", "wrong", "wrong", "unparseable"]
    assert (gcd["solved"], gcd["of"]) == (4, 16)


def test_curves_by_domain_are_means_of_its_tasks(run: Path) -> None:
    passed, effective = report_domains.by_domain(report_data.load(run))
    assert [line["name"] for line in passed["data"]] == ["logic", "math"]
    assert passed["data"][0]["y"][0] == pytest.approx(0.1 + 0.2 / 2)
    assert passed["data"][1]["y"] == [0.5] * 7
    assert [line["name"] for line in effective["data"]] == ["logic", "math"]
    assert len(effective["data"][0]["x"]) == 60


def test_tasks_with_the_same_last_part_have_lines_of_their_own(
    browser: Any, made_up_run: Maker, tmp_path: Path
) -> None:
    run = made_up_run(tmp_path / "run", tasks=("a/generated@level1", "b/generated@level1", "a/gcd"))
    heat = report_charts.by_task(report_data.load(run))["data"][0]
    names = ["gcd", "reasoning_gym/a/generated@level1", "reasoning_gym/b/generated@level1"]
    assert heat["y"] == names
    browser.open(write_report(run))
    assert browser.run("[...document.querySelectorAll('select#by-task option')].map(o => o.label)") == ["all", *names]
    rows = browser.run("[...document.querySelectorAll('td[title]')].map(cell => cell.textContent)")
    assert set(names) <= set(rows)


def test_tasks_whose_answers_are_not_shown_are_counted(made_up_run: Maker, tmp_path: Path) -> None:
    tasks = tuple(f"task{number:02d}" for number in range(report_answers.EXAMPLE_TASKS + 3))
    page = write_report(made_up_run(tmp_path / "run", tasks=tasks)).read_text()
    assert "The first 24 of 27 tasks are shown." in page


def test_a_page_that_can_t_be_written_is_told_in_a_line(made_up_run: Maker, tmp_path: Path) -> None:
    run = made_up_run(tmp_path / "run")
    (run / "report.html.partial").mkdir()
    done = CliRunner().invoke(app, ["report", str(run)])
    assert isinstance(done.exception, UserError)
    assert str(done.exception) == f"{run}/report.html: Is a directory; make the folder writable, or copy it"


def test_the_clock_is_divided_without_gaps(tmp_path: Path) -> None:
    events = [
        ("start", 0, {}), ("evaluation", 0, {"model": "base"}), ("stage", 0, {"name": "one"}), ("pause", 3, {}),
        ("continue", 3, {}), ("resume", 3, {}), ("stage_end", 5, {}), ("stage", 5, {"name": "two"}),
        ("stage_end", 7, {}), ("evaluation", 7, {"model": "trained"}), ("finish", 7, {}),
    ]  # fmt: skip
    _journal(tmp_path, events)
    found = [
        (stretch.what, stretch.begins / 60, stretch.ends / 60)
        for stretch in report_time.stretches(report_data.load(tmp_path))
    ]
    assert found == [
        ("evaluation of the base model", 0, 1), ("before the first step", 1, 2), ("stage one", 2, 3), ("paused", 3, 4),
        ("no process", 4, 5), ("stage one", 5, 7), ("stage two", 7, 8), ("evaluation of the trained model", 8, 10),
    ]  # fmt: skip
    (tmp_path / "recipe.yaml").write_text("evaluation: null\n")
    last = report_time.stretches(report_data.load(tmp_path))[-1]
    assert (last.what, last.begins / 60, last.ends / 60) == ("after the last step", 8, 10)


@pytest.mark.parametrize("extended", [False, True])
def test_what_a_process_does_that_was_taken_up_at_the_end(tmp_path: Path, extended: bool) -> None:
    """It evaluates the trained model, unless there are more steps to make by now."""
    events = [
        ("start", 0, {}), ("stage", 0, {"name": "one"}), ("stage_end", 5, {"index": 0}), ("resume", 5, {}),
        *([("extended", 5, {"stage": 0})] if extended else []), ("evaluation", 5, {"model": "trained"}),
    ]  # fmt: skip
    _journal(tmp_path, events)
    last = report_time.stretches(report_data.load(tmp_path))[-1].what
    assert last == ("stage one" if extended else "evaluation of the trained model")


def test_how_far_a_run_is_counts_stages_that_ended_sooner(tmp_path: Path) -> None:
    stages = [{"name": "one", "steps": 50}, {"name": "two", "steps": 4}]
    (tmp_path / "recipe.yaml").write_text(json.dumps({"stages": stages}))
    (tmp_path / "metrics.jsonl").write_text('{"step": 3}\n')
    _journal(tmp_path, [("start", 0, {}), ("stage_end", 3, {"index": 0}), ("stage", 3, {"name": "two", "index": 1})])
    assert report_parts.status(report_data.load(tmp_path)) == "not finished: step 3 of 7"
    stages[1]["until"] = {"plateau": {"patience": 2}}
    (tmp_path / "recipe.yaml").write_text(json.dumps({"stages": stages}))
    assert report_parts.status(report_data.load(tmp_path)) == "not finished: step 3 of ≤7"


@pytest.mark.parametrize("text", ["stages: 3", "name: x\n bad: [", "- 1"])
def test_a_recipe_that_is_none_any_more_is_taken_from_the_journal(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.yaml").write_text(text)
    _journal(tmp_path, [("start", 0, {"settings": {"model": "m", "stages": [{"name": "one", "steps": 9}]}})])
    assert report_parts.status(report_data.load(tmp_path)) == "not finished: step 0 of 9"


def test_rollouts_of_steps_that_a_resume_has_undone_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text("name: x")
    (tmp_path / "metrics.jsonl").write_text('{"step": 1}\n{"step": 2}\n')
    (tmp_path / "rollouts").mkdir()
    for step in (1, 2, 3, 5):
        (tmp_path / "rollouts" / f"step_{step:06d}.jsonl").write_text("")
    assert [file.name for file in report_data.load(tmp_path).rollouts] == ["step_000001.jsonl", "step_000002.jsonl"]


def _journal(run: Path, events: list[tuple[str, int, dict[str, Any]]]) -> None:
    lines = [
        json.dumps({"event": name, "step": step, "at": f"2026-01-01T00:{minute:02d}:00.000Z", **fields})
        for minute, (name, step, fields) in enumerate(events)
    ]
    (run / "journal.jsonl").write_text("\n".join(lines) + "\n")


def test_the_environment_is_on_the_page(browser: Any, page: Path) -> None:
    browser.open(page)
    words = browser.run("document.getElementById('environment').nextElementSibling.innerText")
    assert "torch 2.13.0" in words
    assert "3.11.7" in words
