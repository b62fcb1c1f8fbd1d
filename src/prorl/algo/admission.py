"""Dynamic sampling: which groups are worth an update, how many prompts to ask for, and which to stop asking."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prorl.errors import UserError


@dataclass(frozen=True)
class Admission:
    """Whether a group is trained on, and why.

    Reasons: `mixed`, `all_solved`, `none_solved` (all scored 0), `all_equal` (alike, but between), `too_few_valid`.
    They say what the group is like, also where a disabled gate admits it: all but groups without a single valid score.
    """

    admitted: bool
    reason: str


@dataclass(frozen=True)
class StepReport:
    """What a step's sampling came to. `message` is empty unless there is something to tell a person."""

    wanted: int
    admitted: int
    judged: int
    surplus: int
    short: bool
    message: str


@dataclass
class Gate:
    """Admits groups whose raw scores differ (DAPO's dynamic sampling, arXiv 2503.14476 eq. 11) and keeps count.

    Scores are those of the verifier, before any shaping, so a length penalty can't make an all-wrong group look
    informative. None or NaN is a sample that was never judged; it counts for nothing. For binary scores "they differ"
    is DAPO's "accuracy is neither 0 nor 1"; graded scores that differ carry a signal too and are admitted.
    """

    enabled: bool = True
    """Off: every group with a valid score is admitted; the counts are kept all the same."""
    retire_after: int | None = None
    """Retire a prompt when all its samples were solved at each of its last so many visits. None: never."""
    success: float = 1.0
    """The score from which a sample is solved."""
    memory: int = 512
    """Groups after which a judgement counts half in the running acceptance rates."""
    max_oversampling: float = 4.0
    """At most this many times the missing prompts are requested at once."""

    _rates: dict[str, _Rate] = field(default_factory=dict, init=False)
    _overall: _Rate = field(default_factory=lambda: _Rate(), init=False)
    _reasons: dict[str, Counter[str]] = field(default_factory=dict, init=False)
    _streaks: dict[str, int] = field(default_factory=dict, init=False)
    _retired: set[str] = field(default_factory=set, init=False)
    _short_steps: int = field(default=0, init=False)
    _surplus: int = field(default=0, init=False)
    _step_over: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        if self.retire_after is not None and self.retire_after < 1:
            raise UserError(f"retire_after is {self.retire_after}; it must be 1 or more visits, or null for never")
        if self.memory < 1:
            raise UserError(f"the memory of the acceptance rate is {self.memory}; it must be 1 group or more")
        if not self.max_oversampling >= 1:
            raise UserError(f"max_oversampling is {self.max_oversampling}; it must be 1 or more")

    def admit(self, problem_id: str, domain: str, scores: Sequence[float | None]) -> Admission:
        """Judge one group by its raw scores, and remember the judgement."""
        if self._step_over:
            self._reasons, self._step_over = {}, False
        valid = [score for score in scores if score is not None and not math.isnan(score)]
        reason = self._reason(valid)
        informative = reason == "mixed"
        if valid:
            self._visit(problem_id, solved=reason == "all_solved")
        self._reasons.setdefault(domain, Counter())[reason] += 1
        for rate in (self._overall, self._rates.setdefault(domain, _Rate())):
            rate.observe(informative, 0.5 ** (1 / self.memory))
        return Admission(informative if self.enabled else bool(valid), reason)

    def _reason(self, valid: Sequence[float]) -> str:
        if not valid or (len(valid) == 1 and self.enabled):
            return "too_few_valid"
        if all(score >= self.success for score in valid):
            return "all_solved"
        if min(valid) < max(valid):
            return "mixed"
        return "none_solved" if valid[0] <= 0 else "all_equal"

    def _visit(self, problem_id: str, solved: bool) -> None:
        if self.retire_after is None:
            return
        if not solved:
            self._streaks.pop(problem_id, None)
            return
        self._streaks[problem_id] = self._streaks.get(problem_id, 0) + 1
        if self._streaks[problem_id] >= self.retire_after:
            del self._streaks[problem_id]
            self._retired.add(problem_id)

    def is_retired(self, problem_id: str) -> bool:
        """Whether to stop asking this prompt."""
        return problem_id in self._retired

    def reinstate(self) -> int:
        """Ask retired prompts again (a new stage, a rollback); how many there were."""
        count = len(self._retired)
        self._retired.clear()
        return count

    def acceptance_rate(self, domain: str | None = None) -> float:
        """Running share of informative groups, overall or in one domain; 0.5 before anything was seen."""
        return (self._overall if domain is None else self._rates.get(domain, _Rate())).value

    def prompts_to_request(self, wanted: int) -> int:
        """How many prompts to sample so that about `wanted` groups are admitted."""
        if not self.enabled or wanted <= 0:
            return max(wanted, 0)
        return math.ceil(wanted * min(1 / self.acceptance_rate(), self.max_oversampling))

    def end_step(self, wanted: int, admitted: int) -> StepReport:
        """Close the step: count a shortfall or a surplus. The next group judged belongs to the next step.

        `admitted` is how many groups were admitted before any surplus was cut.
        """
        totals = Counter[str]() if self._step_over else sum(self._reasons.values(), Counter[str]())
        judged = totals.total()
        short, surplus = admitted < wanted, max(admitted - wanted, 0)
        message = ""
        if short:
            causes = ", ".join(f"{count} {reason}" for reason, count in sorted(totals.items()) if reason != "mixed")
            message = f"training on {admitted} of {wanted} groups: {judged} were sampled ({causes or 'none rejected'})"
        self._short_steps += short
        self._surplus += surplus
        if self._step_over:
            self._reasons = {}
        self._step_over = True
        return StepReport(wanted, admitted, judged, surplus, short, message)

    def metrics(self) -> dict[str, float]:
        """Numbers for the journal; `<domain>/<reason>` counts groups of the step under way, or of the last one."""
        numbers = {"acceptance_rate": self.acceptance_rate(), "retired": float(len(self._retired))}
        numbers |= {"short_steps": float(self._short_steps), "surplus": float(self._surplus)}
        for domain, rate in sorted(self._rates.items()):
            numbers[f"{domain}/acceptance_rate"] = rate.value
        for domain, reasons in sorted(self._reasons.items()):
            numbers |= {f"{domain}/{reason}": float(count) for reason, count in sorted(reasons.items())}
        return numbers

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, as plain JSON values. Settings are the recipe's and are not in it."""
        return {
            "overall": self._overall.pair(),
            "rates": {domain: rate.pair() for domain, rate in sorted(self._rates.items())},
            "reasons": {domain: dict(sorted(counts.items())) for domain, counts in sorted(self._reasons.items())},
            "streaks": dict(sorted(self._streaks.items())),
            "retired": sorted(self._retired),
            "short_steps": self._short_steps,
            "surplus": self._surplus,
            "step_over": self._step_over,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state_dict`. KeyError if something is missing from it."""
        self._overall = _Rate(*state["overall"])
        self._rates = {domain: _Rate(*pair) for domain, pair in state["rates"].items()}
        self._reasons = {domain: Counter(counts) for domain, counts in state["reasons"].items()}
        self._streaks = dict(state["streaks"])
        self._retired = set(state["retired"])
        self._short_steps, self._surplus = int(state["short_steps"]), int(state["surplus"])
        self._step_over = bool(state["step_over"])


@dataclass
class _Rate:
    """A rate that forgets: each observation fades what came before it. Starts as one yes and one no."""

    yes: float = 1.0
    all: float = 2.0

    def observe(self, outcome: bool, fade: float) -> None:
        self.yes = self.yes * fade + outcome
        self.all = self.all * fade + 1

    @property
    def value(self) -> float:
        return self.yes / self.all

    def pair(self) -> list[float]:
        return [self.yes, self.all]
