"""The boundary report: complete from the results alone, readable anywhere, silent on the network."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from prorl.boundary.laboratory.reckon import reckon
from prorl.boundary.laboratory.results import Results
from prorl.boundary.novelty.measure import Novelty
from prorl.boundary.report.page import page
from prorl.boundary.report.write import check_folder, write

from ...browser import Browser
from .made_up import MODELS, SAMPLES, evidence


@pytest.fixture(scope="module")
def results() -> Results:
    return reckon(evidence())


@pytest.fixture(scope="module")
def out(results: Results, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("boundary")
    write(results, folder)
    return folder


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["wide", "narrow"])
def test_everything_is_drawn_without_an_error_or_a_request(
    browser: Browser, out: Path, width: int, height: int, dark: bool
) -> None:
    page = out / "report.html"
    browser.open(page, width=width, height=height, dark=dark)
    assert browser.run("document.querySelectorAll('[data-chart]').length") == 4 + 2 + 3 + 1
    undrawn = "[...document.querySelectorAll('[data-chart]')].filter(e => !e.querySelector('.trace, .bars')).length"
    assert browser.run(undrawn) == 0
    chosen = "[...document.querySelectorAll('select')].map(e => e.selectedOptions[0]?.textContent)"
    assert browser.run(chosen) == ["overall"] * 4
    assert browser.problems == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [page.as_uri()]
    assert browser.run("document.documentElement.scrollWidth") <= width, "the page scrolls sideways"


def test_texts_of_problems_stay_texts(browser: Browser, out: Path) -> None:
    browser.open(out / "report.html")
    assert browser.run("document.title") == "base against run@40, run@80 · prorl boundary"
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert "document.title='broken'" in browser.run("document.body.textContent")


def test_choosing_a_task_redraws_its_curves(browser: Browser, out: Path, results: Results) -> None:
    browser.open(out / "report.html")
    read = "(() => { const d = document.getElementById('strict').data; return d[d.length - 1].y[0]; })()"
    choose = (
        "(() => { const s = document.querySelector('select[data-chooses=strict]');"
        " s.value = 'strict-1'; s.dispatchEvent(new Event('change')); })()"
    )
    before = browser.run(read)
    browser.run(choose)
    curves = {(curve.model, curve.task): curve for curve in results.analysis.curves}
    assert before == pytest.approx(curves[MODELS[-1], "overall"].strict[1].estimate)
    assert browser.run(read) == pytest.approx(curves[MODELS[-1], "graph_color@1"].strict[1].estimate)
    caption = browser.run("document.getElementById('strict').closest('figure').querySelector('.note').textContent")
    assert caption.startswith(f"Unbiased pass@k. {curves[MODELS[-1], 'graph_color@1'].problems} problems, ")


def test_every_caption_says_n_extraction_and_intervals(browser: Browser, out: Path) -> None:
    browser.open(out / "report.html")
    captions = browser.run("[...document.querySelectorAll('figcaption')].map(e => e.textContent)")
    assert len(captions) == 10
    for caption in captions:
        assert f"n = {SAMPLES}" in caption
        assert "strict" in caption or "tolerant" in caption


def test_the_summary_holds_every_result_as_json(out: Path, results: Results) -> None:
    check_folder(out)  # by it, the folder is known to be one of ours
    summary = json.loads((out / "summary.json").read_text())
    assert summary["verdict"] == results.verdict
    assert len(summary["verdict"]) == 2
    assert summary["samples"] == SAMPLES
    assert summary["analysis"]["boundary_k"] == SAMPLES
    assert {claims["tuned"] for claims in summary["claims"]} == set(MODELS[1:])
    assert sum(summary["claims"][1]["counts"].values()) == len(summary["claims"][1]["claims"])
    assert all(summary["claims"][1]["counts"].values()), "every label stands for some problem"
    assert summary["out_of_training"] == [f"task{index}" for index in range(2, 6)]
    assert [row["steps"] for row in summary["duration"]] == [0, 40, 80]


def test_a_temperature_that_was_not_found_is_a_warning_of_the_report(results: Results) -> None:
    assert not [line for line in results.warnings if "temperature" in line]
    missed = replace(results.matched[0], entropy=0.963)
    warned = replace(results, matched=(missed, *results.matched[1:])).to_dict()["warnings"]
    assert [line for line in warned if "at 1.4 it is +7.0% off, more than 2%" in line and missed.model in line]


def test_the_page_says_where_halves_were_dealt_by_chance_and_what_has_no_entropy(out: Path, results: Results) -> None:
    page = (out / "report.html").read_text(encoding="utf-8")
    assert {found.halves for found in results.analysis.competences} == {"by chance"}, "made of counts alone"
    assert "of counts alone the halves were dealt by chance" in page
    overall = results.answer_entropy[MODELS[0]][-1]
    assert f"{overall.missing} of {overall.missing + overall.problems} problems have no value" in page


def test_novelty_has_its_lengths_where_the_first_author_has_no_window(results: Results) -> None:
    some = Novelty("run@40", False, 3, 2, 32, 0, {5: 0.25, 6: 0.5}, None, None, "A note.")
    none = replace(some, author="base", windows=0, uniqueness={})
    written = page(replace(results, novelty=(none, some)))
    assert "<th>L=5</th><th>L=6</th>" in written
    table = written.split('aria-label="Novelty"')[1].split("</table>")[0]
    assert [row.count("<td") for row in table.split("<tr>")[2:]] == [8, 8]


def test_figures_are_vectors_and_say_the_command(out: Path) -> None:
    svgs = sorted((out / "figures").glob("*.svg"))
    assert {path.stem for path in svgs} == {path.stem for path in (out / "figures").glob("*.pdf")}
    assert {"pass_at_k_strict", "delta_pass_at_k_by_task", "solvable_sets", "levels_graph_color"} <= {
        path.stem for path in svgs
    }
    assert all(path.read_bytes().startswith(b"%PDF") for path in (out / "figures").glob("*.pdf"))
    for path in svgs:
        text = path.read_text()
        assert "<svg" in text
        assert "<image" not in text


def test_equal_results_give_equal_files(out: Path, results: Results, tmp_path: Path) -> None:
    write(results, tmp_path)
    for name in ("report.html", "summary.json", "figures/solvable_sets.svg", "figures/pass_at_k_strict.pdf"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes()


def test_a_single_model_and_samples_without_answers_have_a_page_too(browser: Browser, tmp_path: Path) -> None:
    lonely = evidence()
    lonely.counts = {"base": lonely.counts["base"]}
    lonely.answers, lonely.shares, lonely.steps, lonely.scores, lonely.matched = {}, {}, {}, [], []
    lonely.guesses, lonely.verified, lonely.at_matched = {}, {}, {}
    write(reckon(lonely), tmp_path)
    browser.open(tmp_path / "report.html")
    assert browser.problems == []
    assert "nothing to compare" in browser.run("document.body.textContent")
