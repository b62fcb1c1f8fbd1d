"""Several tasks as one: how often each is asked, what is held out, who judges."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from prorl.errors import UserError
from prorl.tasks.contract import Message, Outcome, Problem, Split, Task, Verdict
from prorl.tasks.names import OVERALL
from prorl.verify.pool import Probe

_DRAWS_PER_HELD_OUT = 200
"""How many problems of an endless task are drawn for one held-out problem before it counts as exhausted."""


class SuiteJudge:
    """`judge(problem, text)` of whichever task the problem belongs to. Picklable: this is what workers get."""

    def __init__(self, tasks: Mapping[str, Task]) -> None:
        self._tasks = dict(tasks)

    def __call__(self, problem: Problem, text: str) -> Verdict:
        """Judge one completion. Raises KeyError for a problem of a task that is not in the suite."""
        return self._tasks[problem.task].judge(problem, text)

    @property
    def least_deadline(self) -> float:
        """Seconds that the slowest task's judgements may take by its own limits; 0 if no task says."""
        return max(getattr(task, "least_deadline", 0.0) for task in self._tasks.values())

    def prepare(self) -> None:
        """Let every task do its slow imports."""
        for task in self._tasks.values():
            getattr(task, "prepare", lambda: None)()


class Suite:
    """Tasks by name, with weights: their shares of the training prompts. A weight of 0 is for evaluation alone."""

    def __init__(self, tasks: Sequence[Task], weights: Sequence[float] | None = None) -> None:
        """`weights` are all 1 if None. Raises UserError for no tasks, names that don't do or weights that don't fit."""
        weights = [1.0] * len(tasks) if weights is None else list(weights)
        if not tasks:
            raise UserError("the task suite is empty; name at least one task")
        if len(weights) != len(tasks):
            raise UserError(f"the task suite has {len(tasks)} tasks but {len(weights)} weights")
        self.tasks: dict[str, Task] = {}
        self.weights: dict[str, float] = {}
        for task, weight in zip(tasks, weights, strict=True):
            if task.name in self.tasks:
                raise UserError(f"task {task.name!r} is in the suite twice; merge the two and add up their weights")
            if task.name == OVERALL:
                raise UserError(f"a task can't be called {OVERALL!r}: so the mean over tasks is; give it another name")
            if not 0.0 <= weight < float("inf"):
                raise UserError(f"task {task.name!r} has weight {weight}; use 0 or a positive number")
            self.tasks[task.name] = task
            self.weights[task.name] = float(weight)
        self.judge = SuiteJudge(self.tasks)

    def prompt(self, problem: Problem) -> tuple[Message, ...]:
        """What the model is shown for this problem."""
        return self.tasks[problem.task].prompt(problem)

    def examples(self) -> frozenset[str]:
        """Ids of the problems shown as worked examples."""
        return frozenset(example.id for task in self.tasks.values() for example in task.examples())

    def held_out(self, split: Split, per_task: int, only: Collection[str] | None = None) -> list[Problem]:
        """The first `per_task` problems of each task (in `only`) in `VALIDATION` or `TEST`, always the same ones.

        Ids are unique also over variants of a task, none is a worked example, and the two splits share none whatever
        `per_task` is: an endless task's questions belong to one or the other by a bit of their id, and a finite
        validation split goes without the questions that are also in the test split. Raises UserError if a task has
        too few.
        """
        if split not in (Split.VALIDATION, Split.TEST):
            raise ValueError(f"{split} is not held out")
        found: dict[str, Problem] = {}
        for task in (task for name, task in self.tasks.items() if only is None or name in only):
            found |= self._held_out_of(task, split, per_task, found)
        return list(found.values())

    def probes(self) -> Iterator[Probe[Problem]]:
        """Judgements whose outcome is known, for the self-test of a `WorkerPool`."""
        for task in self.tasks.values():
            problem = task.problem(next(split for split in Split if task.size(split) != 0), 0)
            yield Probe(problem, "", None, task.name)
            solution = getattr(task, "worked_solution", lambda problem: None)(problem)
            if solution is not None:
                yield Probe(problem, solution, Outcome.SOLVED, task.name)

    def _held_out_of(self, task: Task, split: Split, count: int, others: Mapping[str, Problem]) -> dict[str, Problem]:
        found: dict[str, Problem] = {}
        taken = self.examples() | _finite_test_ids(task, split) | others.keys()
        size = task.size(split)
        for index in range(_DRAWS_PER_HELD_OUT * count if size is None else size):
            if len(found) == count:
                break
            problem = task.problem(split, index)
            if problem.id not in taken and (size is not None or _home(problem) is split):
                found.setdefault(problem.id, problem)
        if len(found) < count:
            raise UserError(
                f"{task.name}: only {len(found)} different problems to hold out for {split}, {count} are asked for; "
                "ask for fewer, or choose options with more variety"
            )
        return found


def _home(problem: Problem) -> Split:
    """The held-out split to which a question of an endless task belongs."""
    return Split.TEST if int(problem.id, 16) & 1 else Split.VALIDATION


def _finite_test_ids(task: Task, split: Split) -> frozenset[str]:
    size = task.size(Split.TEST)
    if split is Split.TEST or size is None:
        return frozenset()
    return frozenset(task.problem(Split.TEST, index).id for index in range(size))
