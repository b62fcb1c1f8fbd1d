"""The verdict on a completion: where its answer is, and whether that is the right one."""

from __future__ import annotations

import re
from collections.abc import Callable

from prorl.tasks import extract
from prorl.tasks.contract import Outcome, Problem, Verdict
from prorl.tasks.math.clean import clean
from prorl.tasks.math.guard import copied
from prorl.tasks.math.library import equivalent
from prorl.tasks.math.parse import parsed
from prorl.tasks.math.same import same
from prorl.tasks.math.structure import Answer
from prorl.tasks.math.units import OTHER_NUMBERS

_TAIL = 2_000
"""Characters at the end of a completion in which tolerant extraction looks for an answer."""

_FORMULA = re.compile(r"\$\$?([^$]{1,300})\$\$?|\\\((.{1,300}?)\\\)|\\\[(.{1,300}?)\\\]", re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.])-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?: ?/ ?[0-9]+)?%?")


_COUNTED = re.compile(r"(?P<number>.*[0-9}])\s*(?P<noun>[A-Za-z]{3,20}(?: [A-Za-z]{2,20}){0,2})\.?\s*", re.DOTALL)
_SHORT = 100
"""Characters of an answer that may be a number of things."""


def judge(problem: Problem, text: str) -> Verdict:
    """Judge by `problem.payload["answer"]`, or any of `payload["answers"]` where there are several right ones.

    Strictly an answer is what the last `\\boxed{…}` with balanced braces holds. If there is no box or no answer in it,
    that is UNPARSEABLE, and the tolerant score looks in answer tags, after "the answer is", in the last formula and at
    the last number.
    """
    right = right_answers(problem)
    golds = [gold for gold in map(parsed, right) if gold is not None]
    if not golds:
        raise ValueError(f"the right answer {right} of {problem.task} problem {problem.id} is no answer")
    question = "\n".join(message.content for message in problem.messages)
    boxed = extract.boxed(text)
    if boxed is not None and clean(boxed) is not None:
        solved = _right(golds, boxed, question)
        return Verdict(float(solved), Outcome.SOLVED if solved else Outcome.WRONG, float(solved), boxed)
    elsewhere = next(iter(_places(text)), None)
    tolerant = elsewhere is not None and _right(golds, elsewhere, question)
    return Verdict(0.0, Outcome.UNPARSEABLE, float(tolerant), elsewhere if boxed is None else boxed)


def right_answers(problem: Problem) -> list[str]:
    """The right answers, as they were written."""
    several = problem.payload.get("answers")
    return [str(answer) for answer in (several if several is not None else [problem.payload["answer"]])]


def can_be_judged(answer: str) -> bool:
    """Whether a right answer from a data set is one that answers can be compared with."""
    gold = parsed(answer)
    return gold is not None and same(gold, gold, lambda one, other: False)


def _right(golds: list[Answer], candidate: str, question: str) -> bool:
    answers = [answer for answer in map(parsed, (candidate, *_number_of(candidate, question))) if answer is not None]
    return any(same(gold, answer, _unless_copied(question)) for answer in answers for gold in golds)


def _number_of(candidate: str, question: str) -> list[str]:
    """`6 coins` as `6\\text{ coins}`, if the question speaks of coins."""
    found = _COUNTED.fullmatch(candidate) if len(candidate) <= _SHORT else None
    words = set(re.findall("[a-z]+", _FORMULA.sub(" ", question).lower())) - OTHER_NUMBERS
    if found is None or not words.issuperset(found["noun"].lower().split()):
        return []
    return [f"{found['number']}\\text{{ {found['noun']}}}"]


def _unless_copied(question: str) -> Callable[[str, str], bool]:
    """Equivalence, but an expression of the question is no answer to it."""
    return lambda gold, answer: not copied(answer, gold, question) and equivalent(gold, answer)


def _places(text: str) -> list[str]:
    """Where else an answer may be, the most telling place first."""
    tail = text[-_TAIL:]
    found = [extract.strict(text), extract.unclosed(text), _without_words(extract.said(tail))]
    formulas = [next(filter(None, groups)) for groups in _FORMULA.findall(tail)]
    found += formulas[-1:]
    found += _NUMBER.findall(tail)[-1:]
    return [place for place in found if place]


def _without_words(said: str | None) -> str | None:
    """The number in `7 coins`; what has no number, more than one, or a formula is left as it is."""
    found = _NUMBER.findall(said or "")
    return found[0] if said and len(found) == 1 and re.fullmatch(r"[^\\^=$+*/]*", said) else said
