"""What stands for tasks where room is scarce."""

from __future__ import annotations

from prorl.tasks.names import short


def test_the_last_part_stands_for_a_task_unless_two_would_be_called_so() -> None:
    names = ["math/generated@level1", "instructions/generated@level1", "reasoning_gym/gcd", "own"]
    assert short(names) == {
        "math/generated@level1": "math/generated@level1",
        "instructions/generated@level1": "instructions/generated@level1",
        "reasoning_gym/gcd": "gcd",
        "own": "own",
    }
