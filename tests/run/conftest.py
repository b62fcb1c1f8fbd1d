"""A model for small runs; for tests of what a person looks at, a run folder made up with every file of a real one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from prorl.boundary import samples
from prorl.boundary.compare import compare
from prorl.policy.nano import make_nano
from prorl.run import jsonl
from prorl.run.journal import Journal

TASKS = (
    "chain_sum", "letter_counting", "basic_arithmetic", "gcd", "lcm", "leg_counting", "count_primes", "products",
    "caesar_cipher", "simple_equations", "fraction_simplification", "coin_flip",
)  # fmt: skip
HOSTILE = "</script><script>document.title='broken'</script><b>&amp;<img src=x onerror=\"document.title='broken'\">"


def write_run(
    path: Path, *, steps: int = 60, total: int = 60, evaluated: bool = True, tasks: tuple[str, ...] = TASKS
) -> Path:
    """Write a run of `steps` out of `total` steps; with the held-out comparison if `evaluated`."""
    path.mkdir(parents=True, exist_ok=True)
    names = [f"reasoning_gym/{task}" for task in tasks]
    listed = "".join(f"  - task: {name}\n" for name in names)
    (path / "recipe.yaml").write_text(
        "name: quickstart\ndescription: a small model, easy tasks\nmodel: smollm2-135m\nseed: 7\ntasks:\n" + listed
        + "rollout: {prompts_per_step: 12, samples_per_prompt: 16}\nstages:\n"
        + f"  - {{name: warm-up, steps: {total // 2}}}\n  - {{name: prolong, steps: {total - total // 2}}}\n"
    )  # fmt: skip
    _write_progress(path, names, steps, total)
    if evaluated:
        _write_evaluation(path, names)
        Journal(path / "journal.jsonl").append("finish", steps)
    return path


def _write_progress(path: Path, names: list[str], steps: int, total: int) -> None:
    rng = np.random.default_rng(0)
    book = Journal(path / "journal.jsonl")
    metrics, timings = b"", b""
    half = total // 2
    book.append("start", 0, recipe="quickstart")
    book.append("stage", 0, name="warm-up", index=0)
    for step in range(1, steps + 1):
        if step == half + 1:
            book.append("stage", half, name="prolong", index=1)
            book.append(
                "reset", half, reason=f"stage boundary {HOSTILE}", source="current", policy_of_step=half,
                clear_optimizer=True, reference_id="9f3a",
            )  # fmt: skip
        done, since = step / total, (step - 1) % half
        solved = 0.1 + 0.2 * done + rng.normal(0, 0.02)
        metrics += jsonl.encode(
            {
                "step": step,
                "stage": "warm-up" if step <= half else "prolong",
                "reward": solved + 0.01,
                "solved": solved,
                "effective_prompts": 0.6 + rng.normal(0, 0.05),
                "completion_tokens": 3000,
                "length_mean": 15 - 4 * done + rng.normal(0, 0.3),
                "entropy": 1.0 - 0.6 * done + rng.normal(0, 0.03),
                "kl": 0.002 * since,
                "grad_norm": math.nan if step == 5 else 1 + rng.random(),
                "mismatch_kl": 0.001 * rng.random(),
                "truncated": 0.1,
                "unparseable": 0.2 - 0.1 * done,
                "effective/logic": 0.5,
                "effective/math": 0.25 + 0.5 * done,
                "effective/reasoning_gym/gcd": 0.1,
                **{f"solved/{name}": float(np.clip(solved * (i + 1) / 6, 0, 1)) for i, name in enumerate(names)},
            }
        )
        seconds = {"sample_seconds": 3.0 + rng.random(), "verify_seconds": 0.2, "train_seconds": 2.5 + rng.random()}
        total_seconds = sum(seconds.values()) + 0.1
        seconds |= {"validate_seconds": 4.0, "checkpoint_seconds": 1.0} if step % 10 == 1 else {}
        speed = {"tokens_per_second": 3000 / total_seconds}
        timings += jsonl.encode({"step": step, "seconds": total_seconds, **seconds, **speed})
        if step == 20:
            book.append("checkpoint", step, path="step_000020")
            book.append("warning", step + 3, message="this was undone")
            book.append("resume", step)
    (path / "validations.jsonl").write_bytes(b"".join(_validation(step, total) for step in range(0, steps + 1, 10)))
    (path / "metrics.jsonl").write_bytes(metrics)
    (path / "timings.jsonl").write_bytes(timings)
    (path / "rollouts").mkdir(exist_ok=True)
    for step in range(1, steps + 1):
        groups = [_group(name, step, place) for place, name in enumerate(names[:8])]
        lines = "".join(json.dumps(group) + "\n" for group in groups)
        (path / "rollouts" / f"step_{step:06d}.jsonl").write_text(lines)
    environment = {"prorl": "0.1.0", "python": "3.11.7", "packages": {"torch": "2.13.0"}, "cores": 2, "gpus": []}
    (path / "environment.jsonl").write_text(json.dumps(environment) + "\n")


def _group(task: str, step: int, place: int) -> dict[str, Any]:
    """Sixteen completions of three or four tokens and an end token; one of them is hostile to the page."""
    outcomes = ["solved" if number <= place else "unparseable" if number == 15 else "wrong" for number in range(16)]
    return {
        "task": task, "problem": f"{step}-{place}", "question": f"At step {step}, what is {place} + 1?",
        "admission": "mixed",
        "completions": [
            {
                "text": f"<answer>{number}</answer>" + (f" {HOSTILE}" if number == 0 else ""),
                "outcome": outcome, "score": float(outcome == "solved"), "tolerant_score": 0.0, "detail": "",
                "tokens": 4, "finished": True, "advantage": None if number == 15 else 0.5 - number,
                "token_chars": [8, len(str(number)), 9 + (len(HOSTILE) + 1 if number == 0 else 0), 0],
                "token_logprobs": [-0.01, -2.5, None if number == 2 else -0.25, -0.5],
            }
            for number, outcome in enumerate(outcomes)
        ],
    }  # fmt: skip


def _validation(step: int, total: int) -> bytes:
    low, high = 0.1 + 0.2 * step / total, 0.6 - 0.1 * step / total
    values = {"pass_1": low, "pass_1_low": low - 0.05, "pass_1_high": low + 0.07}
    tasks = {"pass_1/reasoning_gym/gcd": low, "pass_1/reasoning_gym/lcm": low + 0.2, "pass_1/math/generated": 0.5}
    return jsonl.encode(
        {"step": step, "k": 4, **values, "pass_k": high, "pass_k_low": high - 0.1, "pass_k_high": high, **tasks}
    )


def _write_evaluation(path: Path, names: list[str]) -> None:
    tables = {}
    for model, gain, seed in (("base", 0.0, 1), ("trained", 0.25, 2)):
        rng = np.random.default_rng(seed)
        rows = []
        for index, name in enumerate(names):
            rates = np.random.default_rng(index).beta(0.3, 2, 12) * (index != 11)
            for problem, rate in enumerate(rates):
                for sample in range(16):
                    solved = bool(rng.random() < rate + gain * (1 - rate) * (index < 9))
                    outcome = "solved" if solved else "unparseable" if rng.random() < 0.2 else "wrong"
                    rows.append(
                        {
                            "model": model, "task": name, "problem": f"{index}-{problem}", "sample": sample,
                            "score": float(solved), "tolerant_score": float(solved), "outcome": outcome,
                            "tokens": int(rng.integers(5, 30)), "finished": True,
                            "text": f"Let me think.\n<answer>{sample}</answer> {HOSTILE}",
                        }
                    )  # fmt: skip
        tables[model] = samples.table(rows)
        samples.write(tables[model], path / "samples" / f"{model}.parquet")
    result = compare(tables["base"], tables["trained"], ks=(1, 16), seed=0)
    (path / "comparison.json").write_text(json.dumps(result.to_dict()))
    questions = [
        json.dumps(
            {"task": name, "problem": f"{index}-{problem}", "question": f"What is {problem} + {index}? {HOSTILE}"}
        )
        for index, name in enumerate(names)
        for problem in range(12)
    ]
    (path / "samples" / "problems.jsonl").write_text("\n".join(questions) + "\n")


@pytest.fixture(scope="session")
def nano(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of two layers, for runs that take seconds."""
    return make_nano(tmp_path_factory.mktemp("models") / "nano", init_std=0.1)


@pytest.fixture(scope="session")
def made_up_run() -> Callable[..., Path]:
    """`write_run`, for tests of what reads a run folder."""
    return write_run
