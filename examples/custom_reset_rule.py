"""A reset rule of one's own: reset the reference policy once entropy has fallen by a share of what it was.

    python examples/custom_reset_rule.py

A rule is a function of the steps since the last reset, so it has no state of its own: what it is shown is in every
checkpoint, and a run that is resumed decides as one that was never interrupted.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import prorl
from prorl.policy.nano import make_nano


def entropy_fell(steps: Sequence[Mapping[str, float]], share: float = 0.1) -> str | None:
    """Why to reset, or None. `steps`: the metrics of the last `window` steps, oldest first."""
    known = [step["entropy"] for step in steps if "entropy" in step]  # a step without an update has none
    if len(known) < 2 or known[-1] > (1 - share) * known[0]:
        return None
    return f"entropy fell from {known[0]:.3f} to {known[-1]:.3f} nats per token"


def main() -> None:
    """Train with it and show the resets that it asked for."""
    model = Path("tiny")
    if not model.exists():
        make_nano(model, init_std=0.1)
    rule = {"rule": "custom_reset_rule:entropy_fell", "window": 3, "options": {"share": 0.005}}
    result = prorl.train(
        {
            "name": "entropy",
            "model": str(model),
            "tasks": [{"task": "toy/echo", "options": {"symbols": 4}}],
            "rollout": {
                "prompts_per_step": 8,
                "samples_per_prompt": 16,
                "max_new_tokens": 2,
                "dynamic_sampling": False,
            },
            "optimizer": {"learning_rate": 1.0e-2},
            "compute": {"precision": "fp32", "threads": 1},
            "resets": {"custom": {"entropy": rule}, "cooldown": 3},
            "stages": [{"name": "one", "steps": 12}],
            "evaluation": None,
        },
        out="runs/entropy",
        progress=False,
    )
    from prorl.run.journal import read

    for event in read(result.path / "journal.jsonl"):
        if event["event"] == "reset":
            print(f"step {event['step']}: {event['reason']}")


if __name__ == "__main__":
    main()
