"""The labels of problems that look newly solvable, and the reason for each.

The rows are those of `boundary.claims`: the counts of one problem that looks new, with None for what isn't known.
"""

from __future__ import annotations

from typing import Any

from prorl.boundary.claim_tests import guess_p

NEW = "new"
FORMAT_ONLY = "new but format only"
GUESSABLE = "new but guessable"
NOT_ESTABLISHED = "not established"
LABELS = (NEW, FORMAT_ONLY, GUESSABLE, NOT_ESTABLISHED)


def guessing_p(row: dict[str, Any]) -> float | None:
    """p-value of "no better than guessing", not corrected; None where nothing is known of guessing."""
    return guess_p(row["c_held"], row["n"], row["guess_rate"], row["guess_c"], row["guess_n"])


def repeats_explain(row: dict[str, Any], q: float) -> bool:
    """Whether guesses that the model repeats may explain it: where no steps were checked, and too few problems stand
    out at their own answers, or nothing is known of it."""
    found = row["swapped"]
    return not row["checked"] and (not found.alone or found.lucky is None or found.lucky > q)


def label_of(
    row: dict[str, Any], p_base: float, p_verified: float, p_guess: float, limited_by_guessing: bool, q: float
) -> tuple[str, str]:
    """The first check that fails names label and reason.

    All p-values are corrected: of the base's rate against all successes, against those with right steps, and of the
    base's rate or guessing. `limited_by_guessing`: whether in the last one guessing is what explains more.
    """
    if row["n_fresh"] is None:
        return NOT_ESTABLISHED, "there is no fresh base sample"
    if row["c_fresh"]:
        return NOT_ESTABLISHED, f"the fresh base sample solved it {row['c_fresh']} times"
    if row["n_fresh"] < row["n_base"]:
        return NOT_ESTABLISHED, "the fresh base sample is smaller than the first"
    if p_base > q:
        return NOT_ESTABLISHED, "a base rate like the tuned model's could have escaped by luck"
    if row["unread"]:
        return NOT_ESTABLISHED, "its steps were checked, and the verdicts on them can't be read"
    if p_verified > q:
        return NOT_ESTABLISHED, "too few of the right answers have right steps"
    if row["tolerant_base"] or row["tolerant_fresh"]:
        return FORMAT_ONLY, "the base gave the right answer in another format"
    if guessing_p(row) is None:
        return NOT_ESTABLISHED, "nothing is known of how often a guess is right"
    if p_guess > q:
        return _not_beyond_guessing(row, limited_by_guessing, q)
    return NEW, "two base samples failed, and luck, format and guessing don't explain it"


def _not_beyond_guessing(row: dict[str, Any], limited_by_guessing: bool, q: float) -> tuple[str, str]:
    """Guessable only where right guesses explain it by themselves, before any correction for other problems."""
    by_rate = guess_p(row["c_held"], row["n"], row["guess_rate"])
    by_guesses = guess_p(row["c_held"], row["n"], None, row["guess_c"], row["guess_n"])
    if (by_rate or 0.0) > q or (row["guess_c"] and (by_guesses or 0.0) > q):
        return GUESSABLE, "guessing could have made it"
    if max(by_rate or 0.0, by_guesses or 0.0) <= q and repeats_explain(row, q):
        return _repeated(row)
    if limited_by_guessing:
        steps = "" if row["c_verified"] is None else " with right steps"
        return NOT_ESTABLISHED, f"too few right answers{steps} to rule guessing out"
    return NOT_ESTABLISHED, "too few problems are beyond format and guessing to rule luck out for it"


def _repeated(row: dict[str, Any]) -> tuple[str, str]:
    """Of a problem at which guesses that are repeated explain the successes."""
    if not row["swapped"].alone:
        return GUESSABLE, "answers to another problem are right as often, or these are right elsewhere"
    if row["swapped"].lucky is None:
        return NOT_ESTABLISHED, "nothing is known of what a guess that the model repeats is worth here"
    return NOT_ESTABLISHED, "too few problems of its task stand out for that by more than repeated guesses would"
