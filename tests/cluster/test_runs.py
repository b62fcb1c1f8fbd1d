"""Whole runs on trainers and samplers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from rich.console import Console

from prorl.engine.cluster.engine import ClusterEngine
from prorl.policy.nano import make_nano
from prorl.run import job, journal, metrics
from prorl.run.progress import PlainProgress

from .conftest import a_recipe

Opened = Callable[..., ClusterEngine]


def silent() -> PlainProgress:
    return PlainProgress(Console(quiet=True))


def events(run: Path, name: str) -> list[dict[str, Any]]:
    return [event for event in journal.effective(journal.read(run / "journal.jsonl")) if event["event"] == name]


LEARNING: dict[str, Any] = {
    "seed": 0,
    "rollout": {"prompts_per_step": 16, "samples_per_prompt": 32, "max_new_tokens": 2, "max_prompt_tokens": 32},
    "objective": {"kl": {"coefficient": 1e-4}, "clip_low": 0.2, "clip_high": 0.2},
    "optimizer": {"learning_rate": 1e-3, "updates_per_step": 8, "warmup_steps": 5},
    "compute": {"precision": "fp32", "train_tokens": 1000},
    "stages": [
        {"name": "first", "steps": 20},
        {"name": "second", "steps": 10, "reset": {}, "set": {"rollout.temperature": 0.8}},
    ],
}


@pytest.mark.timeout(600)
def test_thirty_steps_learn_the_toy_task_on_two_trainers_and_two_vllm_samplers(nano: Path, tmp_path: Path) -> None:
    recipe = a_recipe(nano, {"trainers": 2, "samplers": 2, "backend": "vllm"}, **LEARNING)
    job.start(recipe, tmp_path / "run", silent())
    records = metrics.read(tmp_path / "run" / "metrics.jsonl")
    assert [record["step"] for record in records] == list(range(1, 31))
    assert fmean(record["reward"] for record in records[:3]) < 0.2
    assert fmean(record["reward"] for record in records[-5:]) >= 0.9
    # What the sampler says of its tokens is measured against the trainer at each step, and within budget in fp32.
    assert all(0 <= record["mismatch_kl"] < 1e-6 for record in records)
    assert {record["weights_lag"] for record in records} == {0}
    [reset] = events(tmp_path / "run", "reset")
    assert reset["step"] == 20
    [base_check, check] = events(tmp_path / "run", "reset_checked")
    assert (base_check["largest_log_ratio"], check["largest_log_ratio"]) == (0.0, 0.0)
    assert records[20]["first_log_ratio"] == 0.0


@pytest.mark.timeout(900)
def test_smollm2_runs_three_steps(tmp_path: Path) -> None:
    tasks = [{"task": "reasoning_gym/gcd", "worked_examples": 2, "options": {"min_value": 2, "max_value": 20}}]
    cluster = {"trainers": 1, "samplers": 1, "backend": "vllm"}
    rollout = {"prompts_per_step": 2, "samples_per_prompt": 4, "max_new_tokens": 12, "dynamic_sampling": False}
    recipe = a_recipe(Path("smollm2-135m"), cluster, tasks=tasks, rollout=rollout, compute={"precision": "auto"})
    job.start(recipe, tmp_path / "run", silent())
    records = metrics.read(tmp_path / "run" / "metrics.jsonl")
    assert len(records) == 3
    assert all(0 <= record["mismatch_kl"] < 0.02 for record in records)
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()


def keys_asked(run: Path) -> list[str]:
    """Problems of every rollout file, in order."""
    files = sorted((run / "rollouts").glob("step_*.jsonl"))
    return [json.loads(line)["problem"] for file in files for line in file.read_text().splitlines()]


PIPELINED: dict[str, Any] = {
    "tasks": [{"task": "toy/echo", "options": {"symbols": 12, "length": 2}}],
    "rollout": {"prompts_per_step": 4, "samples_per_prompt": 8, "max_new_tokens": 2, "dynamic_sampling": False},
    "objective": {"correction": {"kind": "tis"}},
    "stages": [{"name": "one", "steps": 5}, {"name": "two", "steps": 4, "reset": {}}],
    "checkpoint": {"every": 2},
}


@pytest.mark.parametrize("staleness", [1, 2])
def test_sampling_ahead_keeps_to_its_staleness_and_asks_what_a_run_without_it_asks(
    opened: Opened, nano: Path, tmp_path: Path, staleness: int
) -> None:
    cluster = {"trainers": 2, "samplers": 2, "staleness": staleness}
    engine = opened(**cluster)
    guarded = {**PIPELINED, "health": {"zero_signal": None, "collapse": None}}  # the one of stale weights is there
    assert job.start(a_recipe(nano, cluster, **guarded), tmp_path / "ahead", silent(), engine=engine).finished
    job.start(a_recipe(nano, **PIPELINED), tmp_path / "plain", silent())
    records = metrics.read(tmp_path / "ahead" / "metrics.jsonl")
    lags = [record["weights_lag"] for record in records]
    assert max(lags) == staleness
    assert {record["weights_overdue"] for record in records} == {0}
    assert lags[0] == lags[5] == 0  # nothing is carried into another stage
    assert keys_asked(tmp_path / "ahead") == keys_asked(tmp_path / "plain")


def test_a_run_that_sampled_ahead_resumes_without_a_gap_or_a_duplicate(
    opened: Opened, nano: Path, tmp_path: Path
) -> None:
    cluster = {"trainers": 2, "samplers": 2, "staleness": 1}
    recipe, engine = a_recipe(nano, cluster, **PIPELINED), opened(**cluster)
    job.start(recipe, tmp_path / "whole", silent(), engine=engine)
    broken = tmp_path / "broken"
    started = job.start(recipe, broken, Stopping(broken, 3), engine=engine)
    assert not started.finished
    assert job.resume(broken, silent(), engine=engine).finished
    assert keys_asked(broken) == keys_asked(tmp_path / "whole")


def test_a_run_goes_on_in_another_engine(opened: Opened, nano: Path, tmp_path: Path) -> None:
    """Begun on two trainers and two samplers, taken up in one process, where a reset is still to come."""
    cluster = {"trainers": 2, "samplers": 2}
    recipe = a_recipe(nano, cluster, **PIPELINED)
    assert not job.start(recipe, tmp_path / "run", Stopping(tmp_path / "run", 3), engine=opened(**cluster)).finished
    assert job.resume(tmp_path / "run", silent(), changed=["engine=local"]).finished
    job.start(a_recipe(nano, **PIPELINED), tmp_path / "plain", silent())
    assert keys_asked(tmp_path / "run") == keys_asked(tmp_path / "plain")
    assert [event["changes"] for event in events(tmp_path / "run", "edited")] == [
        [{"key": "engine", "before": "cluster", "after": "local"}]
    ]
    ends = [metrics.read(tmp_path / name / "metrics.jsonl") for name in ("run", "plain")]
    assert [len(end) for end in ends] == [9, 9]
    assert [event["step"] for event in events(tmp_path / "run", "reset_checked")] == [1, 6]


class Stopping(PlainProgress):
    """Asks the run to stop once it has done so many steps."""

    def __init__(self, run: Path, after: int) -> None:
        super().__init__(Console(quiet=True))
        self.run, self.after = run, after

    def step(self, *arguments: Any) -> None:
        from prorl.run.requests import ask

        self.after -= 1
        if not self.after:
            ask(self.run, "stop")


def test_the_surplus_is_stopped_once_enough_groups_are_admitted(opened: Opened, nano: Path, tmp_path: Path) -> None:
    cluster = {"trainers": 2, "samplers": 2, "oversampling": 3.0}
    changes = {**PIPELINED, "compute": {"precision": "fp32", "train_tokens": 200, "concurrent_samples": 16}}
    recipe = a_recipe(nano, cluster, **changes)
    engine = ClusterEngine(nano, recipe)
    job.start(recipe, tmp_path / "run", silent(), engine=engine)
    engine.close()
    records = metrics.read(tmp_path / "run" / "metrics.jsonl")
    assert all(record["groups_trained"] == 4 for record in records)
    assert all(record["groups_sampled"] + record["groups_stopped"] == 12 for record in records)
    assert sum(record["groups_stopped"] for record in records) > 9


def test_a_lost_trainer_takes_the_run_back_to_its_checkpoint(opened: Opened, nano: Path, tmp_path: Path) -> None:
    import os
    import signal

    import ray

    cluster = {"trainers": 2, "samplers": 2}
    recipe, engine = a_recipe(nano, cluster, **PIPELINED), opened(**cluster)

    class Killing(PlainProgress):
        done = 0

        def step(self, *arguments: Any) -> None:
            self.done += 1
            if self.done == 3:
                os.kill(ray.get(engine.trainers.actors[1].process.remote()), signal.SIGKILL)

    job.start(recipe, tmp_path / "run", Killing(Console(quiet=True)), engine=engine)
    job.start(recipe, tmp_path / "whole", silent(), engine=engine)
    assert [r["step"] for r in metrics.read(tmp_path / "run" / "metrics.jsonl")] == list(range(1, 10))
    everything = journal.read(tmp_path / "run" / "journal.jsonl")
    [resumed] = [event for event in everything if event["event"] == "resume"]
    assert resumed["step"] == 2
    [said] = [e["message"] for e in everything if e["event"] == "warning" and "trainer" in e["message"]]
    assert said.startswith("going on from step 2: trainer 1 died")
    assert keys_asked(tmp_path / "run") == keys_asked(tmp_path / "whole")


def test_a_model_of_another_family_trains_too(tmp_path: Path) -> None:
    model = make_qwen2(tmp_path / "qwen2")
    rollout = {"prompts_per_step": 4, "samples_per_prompt": 8, "max_new_tokens": 8, "dynamic_sampling": False}
    cluster = {"trainers": 2, "samplers": 1, "backend": "vllm"}
    recipe = a_recipe(model, cluster, optimizer={"learning_rate": 1e-3}, rollout=rollout)
    job.start(recipe, tmp_path / "run", silent())
    records = metrics.read(tmp_path / "run" / "metrics.jsonl")
    assert all(0 <= record["mismatch_kl"] < 1e-6 for record in records)


def make_qwen2(folder: Path) -> Path:
    """A random Qwen2, whose projections have biases and whose head is not tied, with the tokenizer of the Llama."""
    import torch
    from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

    llama = make_nano(folder.with_name("llama"), heads=2, kv_heads=1)
    tokenizer = AutoTokenizer.from_pretrained(llama)
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, max_position_embeddings=256, initializer_range=0.1, tie_word_embeddings=False,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id, bos_token_id=None,
    )  # fmt: skip
    Qwen2ForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
