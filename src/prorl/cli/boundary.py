"""`prorl boundary`: did reasoning expand, or only sampling?"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console

from prorl.cli.given import refuse
from prorl.errors import UserError

if TYPE_CHECKING:
    from prorl.boundary.laboratory.evidence import Evidence
    from prorl.boundary.laboratory.plan import Plan
    from prorl.run.laboratory import Asked


_OF_SAMPLING = (
    "suite", "problems", "temperature", "max_new_tokens", "top_p", "top_k", "worked_examples", "level", "guess",
    "match_entropy", "scored", "judge", "precision",
)  # fmt: skip
"""Options that say how to sample, judge or score, which samples that are there have behind them."""


def boundary(
    context: typer.Context,
    models: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="BASE MODEL...",
            help="The base and the models to compare with it: catalogue names, folders, Hugging Face ids, RUN, "
            "RUN@STEP, RUN@best, or RUN@all for every checkpoint. With --from-samples: names of models in the samples.",
        ),
    ] = None,
    suite: Annotated[
        list[str] | None,
        typer.Option(
            "--suite",
            "-s",
            help="What is asked; may be repeated: tasks, patterns, suites, option=value; or one recipe or RUN.",
        ),
    ] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", "-n", help="Completions of each problem. Default: 256.", min=1)
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for samples and report; taken up again.")
    ] = None,
    problems: Annotated[int, typer.Option(help="Problems of each task.", min=1)] = 24,
    temperature: Annotated[float | None, typer.Option(help="Default: the recipe's, or 1.", min=0.01, max=100)] = None,
    max_new_tokens: Annotated[int | None, typer.Option(help="Default: the recipe's, or 64.", min=1)] = None,
    top_p: Annotated[
        float | None,
        typer.Option(
            help="Keep the likeliest tokens of this probability. Default: the recipe's, or 1.",
            min=0.01,
            max=1,
        ),
    ] = None,
    top_k: Annotated[int | None, typer.Option(help="Sample from so many of the likeliest tokens.", min=1)] = None,
    worked_examples: Annotated[int, typer.Option(help="Solved problems shown before the question.", min=0)] = 0,
    level: Annotated[list[int] | None, typer.Option(help="Ask every task at this level; may be repeated.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random numbers.", min=0)] = 0,
    guess: Annotated[
        Literal["blind", "direct", "off"],
        typer.Option(help="Guess control: answers to other problems, answers without reasoning, or none."),
    ] = "blind",
    match_entropy: Annotated[
        bool, typer.Option("--match-entropy", help="Also sample tuned models at the base's entropy.")
    ] = False,
    scored: Annotated[
        int, typer.Option(help="Completions of each problem scored for entropy and perplexity.", min=0)
    ] = 4,
    judge: Annotated[
        str, typer.Option(help="module:function(problem, text) -> bool that judges the reasoning of right answers.")
    ] = "",
    corpus: Annotated[
        list[Path] | None,
        typer.Option(help="Texts (.txt, .jsonl, folders) for overlap novelty; may be repeated."),
    ] = None,
    window: Annotated[int, typer.Option(help="Tokens of the windows that overlap novelty compares.", min=12)] = 32,
    precision: Annotated[Literal["auto", "fp32", "bf16"], typer.Option(help="Of the model's arithmetic.")] = "auto",
    from_samples: Annotated[
        list[Path] | None,
        typer.Option(
            "--from-samples",
            help="Compare samples that are there: our Parquet or --out folder, JSONL or "
            "Parquet with problem, model, sample, text, score, or lm-eval samples_*.jsonl; may be repeated.",
        ),
    ] = None,
    verdicts: Annotated[
        str | None,
        typer.Option(help="With --from-samples OUT: verdicts that `prorl rejudge` made under this label."),
    ] = None,
    self_test: Annotated[bool, typer.Option("--self-test", help="Test the instrument by simulation.")] = False,
) -> None:
    """Sample models on the same held-out problems, or take samples that are there, and say what may be claimed.

    Writes OUT/report.html, OUT/summary.json and OUT/figures. Interrupted, it goes on when called again; with more
    --samples it adds to what is there.

    \b
    prorl boundary smollm2-135m runs/mine --suite runs/mine --samples 256 --out boundary
    prorl boundary BASE TUNED --from-samples base.jsonl --from-samples tuned.jsonl --out boundary
    prorl boundary --self-test
    """
    console = Console(stderr=True, soft_wrap=True, highlight=False, emoji=False)
    _refuse_what_means_nothing(context, self_test, bool(from_samples), bool(corpus))
    if self_test:
        _self_test()
        return
    if out is None:
        raise UserError("name a folder for the samples and the report by --out")
    command = shlex.join(["prorl", *sys.argv[1:]])
    from prorl.boundary.report.write import check_folder

    check_folder(out)
    if corpus:
        from prorl.boundary.novelty import corpus as corpora

        corpora.check(corpus)
    if from_samples:
        from prorl.boundary.imports.read import evidence_of

        evidence = evidence_of(from_samples, models or [], samples, command, verdicts)
    else:
        from prorl.boundary.laboratory.plan import Plan
        from prorl.boundary.store.key import Asking
        from prorl.run.laboratory import asked

        if not models or len(models) < 2 or not suite:
            raise UserError("name the base, at least one model to compare, and what to ask by --suite")
        what = asked(suite, worked_examples, level or [])
        longest = max_new_tokens or what.max_new_tokens
        asking = Asking(temperature or what.temperature, longest, top_p or what.top_p, top_k)
        plan = Plan(asking, samples or 256, seed, guess, match_entropy, scored, judge, command)
        evidence = _measured(console, models, what, plan, problems, precision, out)
    _write(console, evidence, out, corpus or [], window, seed)


def _refuse_what_means_nothing(context: typer.Context, self_test: bool, from_samples: bool, corpus: bool) -> None:
    if self_test:
        others = [name for name in context.params if name != "self_test"]
        refuse(context, others, "--self-test measures made-up models and takes nothing else")
    if from_samples:
        refuse(context, _OF_SAMPLING, "with --from-samples nothing is sampled, judged or scored")
    else:
        refuse(context, ["verdicts"], "verdicts are chosen with --from-samples OUT, after prorl rejudge OUT")
    if not corpus:
        refuse(context, ["window"], "without --corpus there is no overlap novelty")


def _measured(
    console: Console, words: list[str], what: Asked, plan: Plan, problems: int, precision: str, out: Path
) -> Evidence:
    from prorl.boundary.laboratory.measure import measure
    from prorl.boundary.laboratory.progress import on_terminal
    from prorl.boundary.laboratory.steps import judge_of
    from prorl.policy.progress import on_terminal as fetching
    from prorl.run.laboratory import bench
    from prorl.run.subjects import subjects, trained_tasks

    if plan.judge:
        judge_of(plan.judge)  # so that one that isn't there is told before anything is sampled
    with fetching("models", console) as progress:
        found = subjects(words, progress)
    try:
        with on_terminal(console) as told, bench(out, what, problems, precision, told) as opened:
            return measure(opened, found, plan, trained_tasks(words))
    except KeyboardInterrupt:
        said = f"prorl: interrupted; what was sampled is in {out}, and the same command goes on from there"
        console.print(said, markup=False)
        raise typer.Exit(130) from None


def _write(console: Console, evidence: Evidence, out: Path, corpus: list[Path], window: int, seed: int) -> None:
    from prorl.boundary.laboratory.reckon import reckon
    from prorl.boundary.report.write import write

    if corpus:
        from prorl.boundary.novelty import corpus as corpora
        from prorl.boundary.novelty.measure import measure

        right = {model: answers.collect() for model, answers in evidence.right.items()}
        evidence.novelty = measure(corpora.read(corpus), right, window, seed=seed)
    results = reckon(evidence, seed=seed)
    for line in results.warnings:
        console.print(f"note: {line}", style="yellow", markup=False)
    for line in results.verdict:
        typer.echo(line)
    for path in write(results, out):
        typer.echo(path)


def _self_test() -> None:
    from prorl.boundary.self_test import run

    found = run()
    width = max(len(line.name) for line in found.lines)
    for line in found.lines:
        mark = "ok    " if line.ok else "FAILED"
        value = f"{line.measured:.4g}" if isinstance(line.measured, float) else line.measured
        typer.echo(f"{mark} {line.name:<{width}}  {value}  (wanted: {line.wanted})")
    if not found.ok:
        raise typer.Exit(1)
