"""Temperature control: the tuned model sampled where its entropy is the base's.

Training lowers the entropy, and lower entropy alone costs pass@k at large k. A difference that stays once the tuned
model's temperature is raised to the same entropy is not explained by its mean entropy; one that goes speaks for spread
and doesn't prove it, since equal means are no equal distributions (Yue et al., arXiv 2504.13837, make this comparison).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from prorl.boundary.laboratory.bench import Bench
from prorl.boundary.laboratory.plan import Plan
from prorl.boundary.laboratory.scoring import score
from prorl.boundary.laboratory.subject import Subject
from prorl.boundary.plain import Plain
from prorl.boundary.store.key import Asking, Key
from prorl.boundary.temperature import TOLERANCE, match_entropy
from prorl.errors import UserError
from prorl.tasks.contract import Problem

PROBES = 4
"""Completions of each problem by which an entropy is measured."""
DECIMALS = 3
"""Of a temperature."""
TRIES = 12
"""Temperatures at which it is measured, at most. Entropies that leap with the temperature take up to 11."""


@dataclass(frozen=True, slots=True)
class Matched(Plain):
    """A tuned model at the temperature at which its entropy is nearest to the base's."""

    model: str
    target: float
    """The base's entropy in nats per token, at the temperature of the measurement."""
    temperature: float
    entropy: float
    measured: tuple[tuple[float, float], ...]
    """All that was tried: temperature and entropy."""

    @property
    def warning(self) -> str | None:
        """What a reader must know of a search that ended outside the tolerance."""
        off = self.entropy / self.target - 1
        if abs(off) <= TOLERANCE:
            return None
        return (
            f"{self.model}: in {len(self.measured)} tries no temperature was found where its entropy is the base's; at "
            f"{self.temperature:g} it is {off:+.1%} off, more than {TOLERANCE:.0%}, so what is compared there still "
            "differs in spread"
        )


def matched(bench: Bench, base: Subject, tuned: Subject, base_key: Key, plan: Plan) -> Matched:
    """Search the temperature; each try samples `PROBES` completions of every problem."""

    def entropy_at(temperature: float) -> float:
        asking = at(plan.asking, temperature)
        what = f"{tuned.name}: entropy at temperature {asking.temperature:g}"
        key = bench.sample(tuned, asking, plan.seed, PROBES, bench.problems, what)
        return _entropy(bench, tuned, key, bench.problems)

    target = _entropy(bench, base, base_key, bench.problems)
    measured = search(entropy_at, plan.asking.temperature, target)
    nearest = min(measured, key=lambda pair: abs(pair[1] - target))
    return Matched(tuned.name, target, nearest[0], nearest[1], measured)


def search(entropy_at: Callable[[float], float], start: float, target: float) -> tuple[tuple[float, float], ...]:
    """Temperatures and their entropies, as they were measured, until one is within `TOLERANCE` of the target, the
    bounds of `match_entropy` are reached, two temperatures can no longer be told apart, or `TRIES` are used up."""
    measured: list[tuple[float, float]] = []
    temperature: float | None = round(start, DECIMALS)
    while temperature is not None and len(measured) < TRIES:
        measured.append((temperature, entropy_at(temperature)))
        following = match_entropy(measured, target).next
        temperature = None if following is None else round(following, DECIMALS)
        if temperature in [tried for tried, _ in measured]:
            break
    return tuple(measured)


def at(asking: Asking, temperature: float) -> Asking:
    """The same settings at another temperature, rounded so that samples are found again."""
    return replace(asking, temperature=round(temperature, DECIMALS))


def _entropy(bench: Bench, subject: Subject, key: Key, problems: Sequence[Problem]) -> float:
    """Entropy per token of a model's own completions, at the temperature that they were sampled at."""
    temperature = key.asking.temperature
    scores = score(bench, subject, subject, key, problems, PROBES, counted=PROBES, temperature=temperature)
    if scores.entropy is None:
        raise UserError(f"{subject.name} answers nothing at all at temperature {temperature:g}")
    return scores.entropy
