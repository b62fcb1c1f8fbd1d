"""A whole run from Python: recipe as data, two stages with a reset between them, and what came out.

    python examples/train_in_python.py

It takes seconds: the model has two layers, is made on the spot, and learns a toy task from nothing.
"""

from pathlib import Path

import prorl
from prorl.policy.nano import make_nano


def main() -> None:
    """Train, look at the result, and go on from a checkpoint under another seed."""
    model = Path("tiny")
    if not model.exists():
        make_nano(model, init_std=0.1)
    recipe = prorl.Recipe.model_validate(
        {
            "name": "echo",
            "model": str(model),
            "tasks": [{"task": "toy/echo", "options": {"symbols": 4}}],
            "rollout": {"prompts_per_step": 8, "samples_per_prompt": 16, "max_new_tokens": 2},
            "optimizer": {"learning_rate": 3.0e-3},
            "objective": {"kl": {"coefficient": 1.0e-3}},
            "compute": {"precision": "fp32", "threads": 1},
            "stages": [
                {"name": "cold start", "steps": 6, "imitate": {}},
                {"name": "reinforce", "steps": 4, "reset": {"clear_optimizer": True}},
            ],
            "evaluation": {"problems_per_task": 1, "samples": 16},
            "checkpoint": {"every": 5},
        }
    )
    result = prorl.train(recipe, out="runs/echo", progress=False)
    assert result.comparison is not None
    print(result.comparison.verdict())
    print("report:", result.report)

    fork = prorl.train(recipe, out="runs/echo-2", fork="runs/echo@10", changes={"seed": 1}, progress=False)
    print("forked:", fork.path, "finished:", fork.finished)


if __name__ == "__main__":
    main()
