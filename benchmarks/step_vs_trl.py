"""A whole training step against TRL's GRPOTrainer: same model, prompts and lengths, in turn, in one process.

    python benchmarks/step_vs_trl.py --prompt-tokens 200 --new-tokens 10 --rounds 3 --out few_shot.json

Both sample `prompts × samples` completions, score them with the same function, and make one AdamW update with a KL
penalty to a reference model. End-of-turn tokens are forbidden on both sides, so that all completions are equally long.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from setting import MODEL, engine_for, prompts_of, write
from transformers import AutoModelForCausalLM, AutoTokenizer, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import Coefficients, GroupRequest, Sampling, TrainingGroup
from prorl.policy.catalogue import resolve
from prorl.policy.model import Policy
from prorl.recipe.schema import Objective, Optimizer


def reward(tokens: list[int]) -> float:
    """Something that differs between completions."""
    return float(sum(tokens) % 7 < 3)


def our_step(engine: LocalEngine, prompts: list[tuple[int, ...]], sampling: Sampling, number: int) -> dict[str, float]:
    began = time.perf_counter()
    requests = [GroupRequest(number * len(prompts) + i, prompt) for i, prompt in enumerate(prompts)]
    sampled = list(engine.sample(requests, sampling))
    middle = time.perf_counter()
    groups = []
    for group in sampled:
        rewards = [reward(list(completion.tokens)) for completion in group.completions]
        mean, spread = statistics.fmean(rewards), statistics.pstdev(rewards) + 1e-4
        groups.append(TrainingGroup(group, tuple((r - mean) / spread for r in rewards)))
    engine.update(groups, Objective(), Optimizer(learning_rate=1e-6), sampling, Coefficients(kl=1e-3))
    ended = time.perf_counter()
    return {"seconds": ended - began, "sample": middle - began, "train": ended - middle}


class Alternate(TrainerCallback):
    """Times TRL's steps, and makes one of ours after each."""

    def __init__(self, ours: Any) -> None:
        self.ours, self.mine, self.theirs = ours, [], []
        self.began = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self.began = time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.theirs.append(time.perf_counter() - self.began)
        self.mine.append(self.ours(len(self.mine)))
        print(f"TRL {self.theirs[-1]:.1f} s, ours {self.mine[-1]}", flush=True)  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompt-tokens", type=int, default=200)
    parser.add_argument("--new-tokens", type=int, default=10)
    parser.add_argument("--prompts", type=int, default=4)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3, help="counted steps of each, after one of each to warm up")
    parser.add_argument("--batch", type=int, default=16, help="TRL's completions in one forward-backward pass")
    parser.add_argument("--precision", choices=["bf16", "fp32"], default="bf16")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()

    engine = engine_for(given.precision)
    prompts = prompts_of(given.prompts, given.prompt_tokens)
    sampling = Sampling(given.samples, 1.0, given.new_tokens)
    folder = resolve(MODEL)
    ends = sorted(Policy.load(folder, torch.float32).ends)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    dtype = {"bf16": torch.bfloat16, "fp32": torch.float32}[given.precision]
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    rows = [{"prompt": tokenizer.decode(prompt)} for prompt in prompts] * (given.rounds + 2)
    batch = given.prompts * given.samples
    config = GRPOConfig(
        output_dir="/nonexistent", report_to="none", use_cpu=True, bf16=False, save_strategy="no", logging_steps=10**6,
        per_device_train_batch_size=given.batch, gradient_accumulation_steps=batch // given.batch,
        num_generations=given.samples, max_completion_length=given.new_tokens, temperature=1.0, beta=1e-3,
        learning_rate=1e-6, max_steps=given.rounds + 1, shuffle_dataset=False, gradient_checkpointing=False,
        generation_kwargs={"suppress_tokens": ends, "min_new_tokens": given.new_tokens},
        disable_tqdm=True,
    )  # fmt: skip

    def rewards(completion_ids: list[list[int]], **_: Any) -> list[float]:
        assert all(len(ids) == given.new_tokens for ids in completion_ids)
        return [reward(ids) for ids in completion_ids]

    alternate = Alternate(lambda number: our_step(engine, prompts, sampling, number))
    trainer = GRPOTrainer(
        model=model, reward_funcs=rewards, args=config, train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer, callbacks=[alternate],
    )  # fmt: skip
    trainer.train()
    mine = [step["seconds"] for step in alternate.mine[1:]]
    theirs = alternate.theirs[1:]
    ratio = statistics.median(t / m for t, m in zip(theirs, mine, strict=True))
    result = {
        "what": "step", "prompt_tokens": given.prompt_tokens, "new_tokens": given.new_tokens, "prompts": given.prompts,
        "samples": given.samples, "precision": given.precision, "ours": alternate.mine[1:], "trl": theirs,
        "samples_per_second": {"ours": batch / statistics.median(mine), "trl": batch / statistics.median(theirs)},
        "ratio": ratio,
    }  # fmt: skip
    print(json.dumps(result["samples_per_second"]), f"ratio {ratio:.1f}")  # noqa: T201
    write(given.out, result)


if __name__ == "__main__":
    main()
