"""What large pages are worth: decoding with the weights in them and in the system's usual ones, in turn.

    python benchmarks/pages.py [--out pages.json]

Seconds are those of all tokens but the first, for 16 prompts of 60 tokens × 16 answers: a sample of one token takes the
prompts' time and that of packing the weights.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

from setting import engine_for, prompts_of, write

from prorl.engine.local.engine import LocalEngine
from prorl.engine.protocol import GroupRequest, Sampling
from prorl.kernels.pages import Pages

PROMPTS, PROMPT_TOKENS, SAMPLES = 16, 60, 16


def seconds(engine: LocalEngine, new_tokens: int) -> float:
    requests = [GroupRequest(i, prompt) for i, prompt in enumerate(prompts_of(PROMPTS, PROMPT_TOKENS))]
    began = time.perf_counter()
    list(engine.sample(requests, Sampling(SAMPLES, 1.0, new_tokens)))
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--new-tokens", type=int, default=64)
    given = parser.parse_args()
    ways = {"large": Pages.advice, "usual": None}
    engines = {}
    for name, Pages.advice in ways.items():
        engines[name] = engine_for("bf16")
        seconds(engines[name], 2)
    rounds = []
    for number in range(given.rounds):
        taken = {}
        for name in list(ways)[:: 1 if number % 2 else -1]:
            Pages.advice = ways[name]
            first = seconds(engines[name], 1)
            taken[name] = seconds(engines[name], given.new_tokens) - first
        rounds.append(taken)
        print(taken, flush=True)  # noqa: T201
    ratio = statistics.median(taken["usual"] / taken["large"] for taken in rounds)
    print(f"{ratio:.2f} times as quick with large pages")  # noqa: T201
    case = {"prompts": PROMPTS, "prompt_tokens": PROMPT_TOKENS, "samples": SAMPLES, "new_tokens": given.new_tokens}
    write(given.out, {"what": "large pages", "case": case, "rounds": rounds, "ratio": ratio})


if __name__ == "__main__":
    main()
