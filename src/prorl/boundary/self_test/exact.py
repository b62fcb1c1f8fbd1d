"""Estimators against brute force, and published figures from published counts."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np

from prorl.boundary.answers import entropy, majority_at_k
from prorl.boundary.claim_tests import escape_p
from prorl.boundary.estimators import pass_at_k
from prorl.boundary.floors import artefact_curve, floors
from prorl.boundary.paired import pair
from prorl.boundary.self_test.lines import Line, at_most
from prorl.boundary.self_test.made_up import frame
from prorl.boundary.support import escape_bound, measures

CURVE_K = (1, 2, 4, 8, 16, 32, 64, 128, 256)
GROUP_ANAGRAMS = (0.008, 0.016, 0.031, 0.062, 0.121, 0.235, 0.438, 0.751, 1.000)
"""Both trained models in the appendix of arXiv 2505.24864."""
LEASH = {"srr": 0.93, "ndr": 0.02, "sds": 0.04, "nscr": -0.05}
"""ProRL v2, all tasks, in arXiv 2507.14843; from P = 2388, S = 175, E = 48, O = 793."""


def brute_force() -> list[Line]:
    """The greatest deviation of each estimator from enumeration of all subsets."""
    return [
        at_most("pass@k: deviation from all subsets, n <= 8", _pass_at_k(), 1e-12),
        at_most("pass@k: relative deviation from whole numbers, n = 16,384", _large_pass_at_k(), 1e-10),
        at_most("majority@k: deviation from all subsets", _majority(), 1e-10),
        at_most("answer entropy: deviation from all subsets", _entropy(), 1e-10),
        at_most("claim p-value: deviation from the supremum over a fine grid", _escape(), 1e-6),
    ]


def published() -> list[Line]:
    """What published counts give."""
    found = measures(both=2388, base_only=175, tuned_only=48, neither=793)
    lines = [
        Line(f"Invisible Leash, ProRL v2: {name.upper()}", round(found[name] or 0.0, 2), value, value)
        for name, value in LEASH.items()
    ]
    bound = round(escape_bound(8192, 0.05), 6)
    lines.append(Line("Invisible Leash: ε(8192, 0.05)", bound, 0.000366, 0.000366))
    drawn = [round(value, 3) for value in artefact_curve(256, 0.01, CURVE_K)]
    differ = sum(ours != theirs for ours, theirs in zip(drawn, GROUP_ANAGRAMS, strict=True))
    lines.append(Line("group_anagrams curve from scores of 0.01: points that differ", differ, 0, 0))
    floor = floors(pair({"tuned": frame({"group_anagrams": [0] * 24}, 256).with_columns(score=0.01)}), 256)[0]
    lines.append(Line("group_anagrams: our pass@256 on such samples", floor.strict, 0, 0))
    lines.append(Line("group_anagrams: warnings", int(floor.warning is not None), 1, 1))
    return lines


def _pass_at_k() -> float:
    worst = 0.0
    for n in range(1, 9):
        for c in range(n + 1):
            for k in range(1, n + 1):
                subsets = list(combinations([1] * c + [0] * (n - c), k))
                expected = sum(map(any, subsets)) / len(subsets)
                worst = max(worst, abs(float(pass_at_k([n], [c], k)[0]) - expected))
    return worst


def _large_pass_at_k() -> float:
    n = 16_384
    worst = 0.0
    for c in (1, 7, 500):
        for k in (1, 128, 8192):
            all_k = comb(n, k)
            expected = (all_k - comb(n - c, k)) * 10**30 // all_k / 10**30
            worst = max(worst, abs(float(pass_at_k([n], [c], k)[0]) / expected - 1))
    return worst


def _majority() -> float:
    worst = 0.0
    for counts, correct, unread in (((3, 2, 1), (0, 1, 0), 1), ((2, 2, 2, 1), (1, 0, 1, 0), 2), ((4, 4), (1, 0), 0)):
        answers = [answer for answer, times in enumerate(counts) for _ in range(times)] + [-1] * unread
        for k in range(1, len(answers) + 1):
            votes = [[drawn.count(a) for a in range(len(counts))] for drawn in combinations(answers, k)]
            right = [_share_of_right_winners(vote, correct) for vote in votes]
            found = majority_at_k(np.array(counts), np.array(correct, bool), k, unread=unread)
            worst = max(worst, abs(found - float(np.mean(right))))
    return worst


def _share_of_right_winners(votes: list[int], correct: tuple[int, ...]) -> float:
    winners = [answer for answer, times in enumerate(votes) if times == max(votes) and times > 0]
    return sum(correct[answer] for answer in winners) / len(winners) if winners else 0.0


def _entropy() -> float:
    worst = 0.0
    for counts in ((3, 2, 1), (5, 1, 1, 1), (4, 4)):
        answers = [answer for answer, times in enumerate(counts) for _ in range(times)]
        for samples in range(1, len(answers) + 1):
            drawn = (np.unique(subset, return_counts=True)[1] / samples for subset in combinations(answers, samples))
            expected = np.mean([-np.sum(shares * np.log(shares)) for shares in drawn])
            worst = max(worst, abs(entropy(np.array(counts), samples) - float(expected)))
    return worst


def _escape() -> float:
    from scipy.stats import binom

    grid = np.linspace(1e-6, 0.5, 500_000)
    return max(
        abs(escape_p(x, 64, 128) - float(np.max((1 - grid) ** 128 * binom.sf(x - 1, 64, grid)))) for x in (1, 3, 9)
    )
