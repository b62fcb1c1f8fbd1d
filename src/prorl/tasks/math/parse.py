"""From the text of an answer to its structure."""

from __future__ import annotations

import re

from prorl.tasks.math.clean import CLOSING, OPENING, clean, split
from prorl.tasks.math.intervals import between, either
from prorl.tasks.math.matrices import matrix
from prorl.tasks.math.rounding import before_rounding
from prorl.tasks.math.scalars import scalar
from prorl.tasks.math.structure import MODULUS, Answer, Chain, Group, Named, Scalar, Words

MOST_ITEMS = 40
"""What has more items is no answer."""

_GREEK = r"\\(?:alpha|beta|gamma|delta|theta|lambda|mu|phi|omega|rho|sigma|Delta|angle|triangle) ?[A-Z]{0,3}"
_LETTER = rf"(?:[A-Za-z]'{{0,3}}|{_GREEK})"
_NAME = re.compile(
    rf"(?:{_LETTER}(?:_(?:\{{[A-Za-z0-9]{{1,3}}\}}|[A-Za-z0-9]))?(?:\^\{{-1\}})?(?: ?\([-A-Za-z0-9, ]{{1,10}}\))?"
    rf"|\(?{_LETTER}(?: ?, ?{_LETTER}){{1,3}}\)?|[A-Z]{{2,3}}|\\text ?\{{[A-Za-z ]{{1,30}}\}}"
    r"|\\frac ?\{ ?d ?[A-Za-z] ?\} ?\{ ?d ?[a-z] ?\}|d[A-Za-z]/d[a-z])"
)
_EQUALS = re.compile(r"(?<![<>!\\])=")
_AND = re.compile(r"\s*,?\s*(?:\\text ?\{ ?,? ?(?:and|or) ?\}|(?<![A-Za-z])(?:and|or)(?![A-Za-z]))\s*")
_PLUS_OR_MINUS = re.compile(r"\\pm(?![A-Za-z])")
_ONLY_TEXT = re.compile(r"\\text ?\{ ?\(?(?P<words>[^{}\\()]+)\)? ?\}")
_PLAIN_WORDS = re.compile(r"[A-Za-z]{4,}(?:[ '-][A-Za-z]+)*|(?:[Yy]es|[Nn]o|YES|NO|All|all)")


def parsed(answer: str) -> Answer | None:
    """The structure of an answer as it was written; None if it is no answer (see `clean`) or has too many items."""
    text = clean(answer)
    if text is None or sum(map(text.count, ",;&=")) >= MOST_ITEMS:
        return None
    try:
        return _whole(text)
    except (RecursionError, ValueError):
        return None


def _whole(text: str) -> Answer:
    if words := _ONLY_TEXT.fullmatch(text) or _PLAIN_WORDS.fullmatch(text):
        return Words(" ".join(words[words.lastindex or 0].lower().split()))
    text = re.sub(r"^(?:[A-Za-z] ?)?\\in(?![A-Za-z])\s*", "", text)
    if "," in text and all(map(_is_whole, _EQUALS.split(text))):
        return _single(text)
    if (union := either(text)) is not None:
        return union
    if r"\text" in text or " and " in text or " or " in text:
        text = _AND.sub(",", text)
    sign, parts = _parts(text)
    if len(parts) > 1:
        items = tuple(entry for part in parts for entry in _expanded(_single(part)))
        return _tuple_of_names(text) or Group(sign.replace(",", ""), items)
    return _single(parts[0] if parts else text)


def _is_whole(side: str) -> bool:
    """Whether no comma divides what is on one side of an equation; between thousands it doesn't."""
    return "," not in side or scalar(side.strip()).number is not None


def _parts(text: str) -> tuple[str, list[str]]:
    """What stands between commas, or between semicolons where no commas are, and which of these it is."""
    sign = "," if len(split(text, ",")) > 1 else ";"
    return sign, [part for part in split(text, sign) if part]


def _tuple_of_names(text: str) -> Answer | None:
    """`x, y = 1, 2` would fall apart at its commas."""
    name, equals, rest = text.partition("=")
    if equals and "," in name and _NAME.fullmatch(name.strip()) and "=" not in rest:
        return Named(_bare(name).strip("()"), _whole(rest.strip()), text)
    return None


def _expanded(answer: Answer) -> tuple[Answer, ...]:
    """Items of a list within a list (what `±` becomes) are items of the outer one."""
    return answer.items if isinstance(answer, Group) and answer.brackets == "" else (answer,)


def _single(text: str) -> Answer:
    """What has no comma at its top."""
    if (remainder := _remainder(text)) is not None:
        return remainder
    sides = [side.strip() for side in _EQUALS.split(text)]
    if len(sides) > 1 and all(sides):
        if _NAME.fullmatch(sides[0]):
            rest = [_one_side(side) for side in sides[1:]]
            return Named(_bare(sides[0]), rest[0] if len(rest) == 1 else Chain(tuple(rest)), text)
        if not any(re.search(r"(?<![A-Za-z\\])(?![ei])[A-Za-z](?![A-Za-z])", side) for side in sides):
            return Chain(tuple(_one_side(side) for side in sides))
    return _one_side(text)


def _remainder(text: str) -> Named | None:
    """`x \\equiv 9 \\pmod{13}` as a name for 9; None for anything else."""
    name, sign, rest = (part.strip() for part in text.partition(r"\equiv"))
    if not sign or not _NAME.fullmatch(name):
        return None
    value = scalar(rest)
    return Named(_bare(name), value, text) if value.unit.startswith(MODULUS) else None


def _one_side(text: str) -> Answer:
    if (found := between(text) or before_rounding(text) or matrix(text, _single)) is not None:
        return found
    unions = re.split(r"\\cup(?![A-Za-z])", text)
    if len(unions) > 1:
        return Group("U", tuple(_bracketed(part.strip()) for part in unions))
    if len(_PLUS_OR_MINUS.findall(text)) == 1:
        plus, minus = (_PLUS_OR_MINUS.sub(sign, text).strip() for sign in "+-")
        return Group("", (scalar(plus.removeprefix("+").strip()), scalar(minus)))
    return _bracketed(text)


def _bracketed(text: str) -> Answer:
    if text.startswith(r"\{") and text.endswith(r"\}"):
        return _items("{}", text[2:-2])
    if text[:1] in ("(", "[") and text[-1:] in (")", "]") and _closes_at_the_end(text):
        return _items(text[0] + text[-1], text[1:-1])
    if text.startswith("⟨") and text.endswith("⟩") and _closes_at_the_end(text):
        return _items("<>", text[1:-1])
    if text.startswith("{") and text.endswith("}") and _closes_at_the_end(text):
        return _bracketed(text[1:-1].strip())
    return scalar(text)


def _items(brackets: str, inside: str) -> Answer:
    _, parts = _parts(inside)
    if len(parts) == 1 and brackets in ("()", "[]"):
        inner = _single(parts[0])
        return Words(inner.text.lower()) if isinstance(inner, Scalar) and re.fullmatch("[A-Z]", inner.text) else inner
    return Group(brackets, tuple(_single(part) for part in parts))


def _closes_at_the_end(text: str) -> bool:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in OPENING) - (sign in CLOSING)
        if not depth:
            return place == len(text) - 1
    return False


def _bare(text: str) -> str:
    return text.replace(" ", "")
