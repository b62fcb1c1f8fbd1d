"""Multiple choice: options with letters in a fixed random order, and a letter as the answer."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from string import ascii_uppercase

from prorl.tasks import extract
from prorl.tasks.contract import Message, Outcome, Problem, Verdict
from prorl.tasks.stem.spelling import plain

SYSTEM = r"Think step by step, and put the letter of the right option within \boxed{}."

_LETTER = re.compile(r"\(? ?([A-Z]) ?\)? ?[.):]?")
_LABELLED = re.compile(r"\(? ?([A-Z])(?: ?[).:]{1,2} ?| [-–—] | ?(?=\())(.+)", re.DOTALL)
_OPTION = re.compile(r"[Oo]ption (?=\(?[A-Z])")
_SAID = re.compile(r"(?i:answer|option|choice)\s*(?:is|:)?\s*(?:option\s*)?\**\(?([A-Z])\)?(?![A-Za-z])")
_ALONE = re.compile(r"(?<![A-Za-z])\(?([B-Z])\)?(?![A-Za-z'])")


def choice_problem(
    task: str, question: str, right: str, wrong: Sequence[str], rng: random.Random, solution: str = ""
) -> Problem:
    """A problem with the options in a random order. `solution` is what leads to the letter in its worked solution."""
    options = [right, *wrong]
    rng.shuffle(options)
    letter = ascii_uppercase[options.index(right)]
    listed = "\n".join(f"{label}) {option}" for label, option in zip(ascii_uppercase, options, strict=False))
    payload = {"answer": letter, "options": options, "solution": f"{solution}\n\\boxed{{{letter}}}".strip()}
    return Problem.of(task, [Message("user", f"{question}\n\n{listed}")], payload)


def judge(problem: Problem, text: str) -> Verdict:
    r"""Whether the letter in the last `\boxed{…}` or in answer tags is the right one.

    A box and tags that name different options are no answer; neither are several letters. Tolerantly the letter may
    also follow "answer" or "option", or stand alone at the end. UNPARSEABLE if there is no single letter.
    """
    options: Sequence[str] = problem.payload.get("options", ())
    places = [place for place in (extract.boxed(text), extract.strict(text)) if place is not None]
    letters = {letter_of(place, options) for place in places}
    right = problem.payload["answer"]
    if len(letters) == 1 and None not in letters:
        solved = letters == {right}
        return Verdict(float(solved), Outcome.SOLVED if solved else Outcome.WRONG, float(solved), places[0])
    tail = text[-500:]
    found = _SAID.findall(tail) or ([] if places else _ALONE.findall(tail))
    return Verdict(
        0.0,
        Outcome.UNPARSEABLE,
        float(bool(found) and not letters - {None} and found[-1] == right),
        places[0] if places else next(reversed(found), None),
    )


def letter_of(answer: str, options: Sequence[str]) -> str | None:
    """The letter that an answer is: alone, with its option after it, or an option's text; None if it is none.

    LaTeX and Markdown around any of it, and "Option" before a letter, change nothing.
    """
    text = plain(answer)
    labelled = _OPTION.sub("", text, count=1) if _OPTION.match(text) else text
    if found := _LETTER.fullmatch(labelled):
        return found[1] if not options or ascii_uppercase.index(found[1]) < len(options) else None
    spelled = [_spelled(option) for option in options]
    if (found := _LABELLED.fullmatch(labelled)) and options:
        place = ascii_uppercase.index(found[1])
        said = {_spelled(found[2]), _spelled(found[2].removeprefix("(").removesuffix(")"))}
        return found[1] if place < len(options) and spelled[place] in said else None
    matching = [place for place, option in enumerate(spelled) if option == _spelled(text)]
    return ascii_uppercase[matching[0]] if len(matching) == 1 else None


def _spelled(text: str) -> str:
    """What is compared of an option: in lower case, without spaces beside signs and without a full stop."""
    return re.sub(r" ?([^\w ]) ?", r"\1", plain(text)).rstrip(".").lower()
