"""The verdict on a completion: where its answer is, and whether that is the right one."""

from __future__ import annotations

import re
from collections.abc import Callable

from prorl.tasks import extract
from prorl.tasks.contract import Outcome, Problem, Verdict
from prorl.tasks.math.boxes import joined
from prorl.tasks.math.clean import clean
from prorl.tasks.math.guard import copied
from prorl.tasks.math.library import equivalent
from prorl.tasks.math.parse import parsed
from prorl.tasks.math.question import FORMULA, Asked
from prorl.tasks.math.same import same
from prorl.tasks.math.structure import Answer
from prorl.tasks.math.units import OTHER_NUMBERS, SCALES

_TAIL = 2_000
"""Characters at the end of a completion in which tolerant extraction looks for an answer."""

_NUMBER = re.compile(r"(?<![\w.])-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?(?: ?/ ?[0-9]+)?%?")
_COUNTED = re.compile(r"(?P<number>.*[0-9}])\s*(?P<noun>[A-Za-z]{3,20}(?: [A-Za-z]{2,20}){0,2})\.?\s*", re.DOTALL)
_SHORT = 100
"""Characters of an answer that may be a number of things."""


def judge(problem: Problem, text: str) -> Verdict:
    """Judge by `problem.payload["answer"]`, or any of `payload["answers"]` where there are several right ones.

    Strictly an answer is what the last `\\boxed{…}` with balanced braces holds, with the boxes that are joined to it by
    `and`, `or` or a comma: one list, or the right answer each time. If there is no box or no answer in it, that is
    UNPARSEABLE, and the tolerant score looks in answer tags, after "the answer is", in the last formula and at the last
    number.
    """
    asked = Asked("\n".join(message.content for message in problem.messages))
    right = right_answers(problem)
    golds = [gold for gold in (parsed(_as_counted(answer, asked)) for answer in right) if gold is not None]
    if not golds:
        raise ValueError(f"the right answer {right} of {problem.task} problem {problem.id} is no answer")
    boxes = joined(text)
    boxed = ", ".join(boxes) or None
    if boxed is not None and clean(boxed) is not None:
        solved = _right(golds, boxed, asked) or (len(boxes) > 1 and all(_right(golds, box, asked) for box in boxes))
        return Verdict(float(solved), Outcome.SOLVED if solved else Outcome.WRONG, float(solved), boxed)
    elsewhere = next(iter(_places(text)), None)
    tolerant = elsewhere is not None and _right(golds, elsewhere, asked)
    return Verdict(0.0, Outcome.UNPARSEABLE, float(tolerant), elsewhere if boxed is None else boxed)


def right_answers(problem: Problem) -> list[str]:
    """The right answers, as they were written."""
    several = problem.payload.get("answers")
    return [str(answer) for answer in (several if several is not None else [problem.payload["answer"]])]


def can_be_judged(answer: str) -> bool:
    """Whether a right answer from a data set is one that answers can be compared with."""
    gold = parsed(answer)
    return gold is not None and same(gold, gold, lambda one, other: False)


def _right(golds: list[Answer], candidate: str, asked: Asked) -> bool:
    readings = map(parsed, _readings(_as_counted(candidate, asked), asked))
    answers = [answer for answer in readings if answer is not None]
    return any(same(gold, answer, _unless_copied(asked.question), asked) for answer in answers for gold in golds)


def _as_counted(answer: str, asked: Asked) -> str:
    """`6` for `6 million` if the question asks how many million."""
    if not _may_count(answer) or not asked.counted_in:
        return answer
    return re.sub(rf"(?<![A-Za-z]){asked.counted_in.removesuffix('s')}s?(?![A-Za-z])", "", answer)


def _readings(candidate: str, asked: Asked) -> list[str]:
    """How an answer may be read: as it stands, `6 coins` also as `6\\text{ coins}` if the question speaks of coins."""
    found = _COUNTED.fullmatch(candidate) if _may_count(candidate) else None
    if found is None or not asked.words.issuperset(set(found["noun"].lower().split()) - SCALES.keys()):
        return [candidate]
    return [candidate, f"{found['number']}\\text{{ {found['noun']}}}"]


def _may_count(answer: str) -> bool:
    """Whether an answer is short and has words, so that it may be a number of things."""
    return len(answer) <= _SHORT and bool(re.search("[A-Za-z]{3}", answer))


def _unless_copied(question: str) -> Callable[[str, str], bool]:
    """Equivalence, but an expression of the question is no answer to it."""
    return lambda gold, answer: not copied(answer, gold, question) and equivalent(gold, answer)


def _places(text: str) -> list[str]:
    """Where else an answer may be, the most telling place first."""
    tail = text[-_TAIL:]
    found = [extract.strict(text), extract.unclosed(text), _without_words(extract.said(tail))]
    formulas = [next(filter(None, groups)) for groups in FORMULA.findall(tail)]
    found += formulas[-1:]
    found += _NUMBER.findall(tail)[-1:]
    return [place for place in found if place]


def _without_words(said: str | None) -> str | None:
    """The number in `7 coins`; what has no number or several, also in words, or a formula is left as it is."""
    found = _NUMBER.findall(said or "")
    if not said or len(found) != 1 or not re.fullmatch(r"[^\\^=$+*/]*", said):
        return said
    return said if OTHER_NUMBERS.intersection(re.findall("[a-z]+", said.lower())) else found[0]
