"""A reward shaper of one's own: solved answers earn a little more when they are shorter than their group's mean.

    python examples/custom_shaper.py

Shapers change what advantages see, and nothing else: admission, success rates and reports use the verifier's score.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

import prorl
from prorl.algo.shaping import Completions
from prorl.policy.nano import make_nano


@dataclass(frozen=True)
class ShorterIsBetter:
    """reward + `weight` * (mean length - length) / mean length, for solved completions alone. Pure: no state."""

    weight: float = 0.1

    def __call__(self, rewards: Tensor, completions: Completions) -> Tensor:
        """Rewards `[samples]` to rewards `[samples]`."""
        lengths = completions.lengths.to(rewards.dtype)
        gain = self.weight * (lengths.mean() - lengths) / lengths.mean()
        return torch.where(completions.solved, rewards + gain, rewards)


def main() -> None:
    """Train with it; the step's metrics show the reward before and after."""
    model = Path("tiny")
    if not model.exists():
        make_nano(model, init_std=0.1)
    result = prorl.train(
        {
            "name": "shorter",
            "model": str(model),
            "tasks": [{"task": "toy/echo", "options": {"symbols": 4}}],
            "rollout": {
                "prompts_per_step": 4,
                "samples_per_prompt": 16,
                "max_new_tokens": 3,
                "dynamic_sampling": False,
            },
            "shaping": [{"kind": "custom", "shaper": "custom_shaper:ShorterIsBetter", "options": {"weight": 0.5}}],
            "compute": {"precision": "fp32", "threads": 1},
            "stages": [{"name": "cold start", "steps": 20, "imitate": {}}, {"name": "shaped", "steps": 3, "reset": {}}],
            "optimizer": {"learning_rate": 3.0e-3},
            "evaluation": None,
        },
        out="runs/shorter",
        progress=False,
    )
    from prorl.run.metrics import read

    for step in read(result.path / "metrics.jsonl")[-3:]:
        print(f"step {step['step']}: reward {step['reward']:.3f}, shaped {step['reward_shaped']:.3f}")


if __name__ == "__main__":
    main()
