"""A task of one's own: problems, what is shown to the model, and what counts as solved.

    python examples/custom_task.py            # trains on it for a few steps
    cd examples && prorl tasks check custom_task:Larger

A recipe names it by `module:Class`. The module is looked for where Python looks, and in the current folder.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import prorl
from prorl.policy.nano import make_nano
from prorl.tasks.contract import Message, Outcome, Problem, Split, Verdict

_SHARE = {Split.TRAIN: (0, 55), Split.VALIDATION: (55, 65), Split.TEST: (65, 95), Split.EXAMPLES: (95, 100)}
"""Which of the hundred pairs each split has: none is in two of them."""


class Larger:
    """The larger of two digits, such as 7?3 (answer: 7)."""

    def __init__(self, name: str, options: Mapping[str, Any], worked_examples: int = 0) -> None:
        if options:
            raise prorl.UserError(f"{name} has no options, got {', '.join(options)}")
        self.name = name
        self._examples = tuple(self.problem(Split.EXAMPLES, index) for index in range(worked_examples))

    def size(self, split: Split) -> int:
        """Problems of a split."""
        first, beyond = _SHARE[split]
        return beyond - first

    def problem(self, split: Split, index: int) -> Problem:
        """The same problem for the same index, always; IndexError past the end."""
        if not 0 <= index < self.size(split):
            raise IndexError(index)
        # 37 and 100 have no common divisor, so this deals the pairs out in an order that looks random.
        one, other = divmod((_SHARE[split][0] + index) * 37 % 100, 10)
        question = Message("user", f"{one}?{other}")
        return Problem.of(self.name, [question], {"answer": str(max(one, other))})

    def examples(self) -> tuple[Problem, ...]:
        """What `prompt` shows, and so is never asked."""
        return self._examples

    def prompt(self, problem: Problem) -> tuple[Message, ...]:
        """Worked examples as earlier turns, then the question."""
        turns = []
        for example in self._examples:
            turns += [*example.messages, Message("assistant", self.worked_solution(example))]
        return (*turns, *problem.messages)

    def judge(self, problem: Problem, text: str) -> Verdict:
        """Runs in a worker process that is killed past its deadline; whatever it raises is an error, not a zero."""
        answer = text.strip()
        if len(answer) != 1 or not answer.isdecimal():
            return Verdict(0.0, Outcome.UNPARSEABLE)
        solved = answer == problem.payload["answer"]
        return Verdict(float(solved), Outcome.SOLVED if solved else Outcome.WRONG, float(solved), answer)

    def worked_solution(self, problem: Problem) -> str:
        """A completion that solves the problem: for worked examples, imitation, and `prorl tasks check`."""
        return str(problem.payload["answer"])


def main() -> None:
    """A cold start on worked solutions, then reinforcement learning."""
    model = Path("tiny")
    if not model.exists():
        make_nano(model, init_std=0.1)
    result = prorl.train(
        {
            "name": "larger",
            "model": str(model),
            "tasks": [{"task": "custom_task:Larger"}],
            "rollout": {"prompts_per_step": 8, "samples_per_prompt": 8, "max_new_tokens": 2, "max_sampling_factor": 1},
            "optimizer": {"learning_rate": 3.0e-3},
            "compute": {"precision": "fp32", "threads": 1},
            "stages": [
                {"name": "cold start", "steps": 40, "imitate": {}},
                {"name": "reinforce", "steps": 12, "reset": {}},
            ],
            "evaluation": {"problems_per_task": 30, "samples": 8},
        },
        out="runs/larger",
        progress=False,
    )
    assert result.comparison is not None
    print(result.comparison.verdict())


if __name__ == "__main__":
    main()
