"""From the text of an answer to its structure."""

from __future__ import annotations

import re

from prorl.tasks.math.clean import clean, split
from prorl.tasks.math.numbers import number
from prorl.tasks.math.structure import Answer, Chain, Group, Matrix, Named, Scalar, Words
from prorl.tasks.math.units import without_unit

MOST_ITEMS = 40
"""What has more items is no answer."""

_LETTER = (
    r"(?:[A-Za-z]'?|\\(?:alpha|beta|gamma|delta|theta|lambda|mu|phi|omega|rho|sigma|Delta|angle|triangle) ?[A-Z]{0,3})"
)
_NAME = re.compile(
    rf"(?:{_LETTER}(?:_(?:\{{[A-Za-z0-9]{{1,3}}\}}|[A-Za-z0-9]))?(?:\^\{{-1\}})?(?: ?\([-A-Za-z0-9, ]{{1,10}}\))?"
    rf"|\(?{_LETTER}(?: ?, ?{_LETTER}){{1,3}}\)?|[A-Z]{{2,3}}|\\text ?\{{[A-Za-z ]{{1,30}}\}})"
)
_MATRIX = re.compile(r"\\begin ?\{(?P<kind>[pbBvV]?matrix)\}(?P<body>.*)\\end ?\{(?P=kind)\}", re.DOTALL)
_EQUALS = re.compile(r"(?<![<>!\\])=")
_ORDER = re.compile(r"<|>|\\(?:le|ge|lt|gt)(?![A-Za-z])")
_VARIABLE = re.compile(r"[A-Za-z]|\\(?:alpha|beta|theta|lambda|mu|phi|omega)")
_AND = re.compile(r"\s*,?\s*(?:\\text ?\{ ?(?:and|or) ?\}|(?<![A-Za-z])(?:and|or)(?![A-Za-z]))\s*")
_ONLY_TEXT = re.compile(r"\\text ?\{ ?\(?(?P<words>[^{}\\()]+)\)? ?\}")
_PLAIN_WORDS = re.compile(r"[A-Za-z]{4,}(?:[ '-][A-Za-z]+)*|(?:[Yy]es|[Nn]o|YES|NO|All|all)")


def parsed(answer: str) -> Answer | None:
    """The structure of an answer as it was written; None if it is no answer (see `clean`) or has too many items."""
    text = clean(answer)
    if text is None or text.count(",") + text.count("&") + text.count("=") >= MOST_ITEMS:
        return None
    try:
        return _whole(text)
    except (RecursionError, ValueError):
        return None


def _whole(text: str) -> Answer:
    if words := _ONLY_TEXT.fullmatch(text) or _PLAIN_WORDS.fullmatch(text):
        return Words(" ".join(words[words.lastindex or 0].lower().split()))
    text = re.sub(r"^(?:[A-Za-z] ?)?\\in(?![A-Za-z])\s*", "", text)
    if number(text) is not None:
        return _scalar(text)
    if r"\text" in text or " and " in text or " or " in text:
        text = _AND.sub(",", text)
    parts = [part for part in split(text, ",") if part]
    if len(parts) > 1:
        named = _tuple_of_names(text)
        return named or Group("", tuple(entry for part in parts for entry in _expanded(_single(part))))
    return _single(parts[0] if parts else text)


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
    sides = [side.strip() for side in _EQUALS.split(text)]
    if len(sides) > 1 and all(sides):
        if _NAME.fullmatch(sides[0]):
            rest = [_one_side(side) for side in sides[1:]]
            return Named(_bare(sides[0]), rest[0] if len(rest) == 1 else Chain(tuple(rest)), text)
        if not any(re.search(r"(?<![A-Za-z\\])(?![ei])[A-Za-z](?![A-Za-z])", side) for side in sides):
            return Chain(tuple(_one_side(side) for side in sides))
    return _one_side(text)


def _one_side(text: str) -> Answer:
    if (bounded := _between(text)) is not None:
        return bounded
    unions = re.split(r"\\cup(?![A-Za-z])", text)
    if len(unions) > 1:
        return Group("U", tuple(_bracketed(part.strip()) for part in unions))
    if found := _MATRIX.fullmatch(text):
        rows = [row for row in found["body"].split("\\\\") if row.strip()]
        return Matrix(tuple(tuple(_single(entry.strip()) for entry in row.split("&")) for row in rows))
    if text.count(r"\pm") == 1:
        plus, minus = (re.sub(r"\\pm(?![A-Za-z])", sign, text).strip() for sign in "+-")
        return Group("", (_scalar(plus.removeprefix("+").strip()), _scalar(minus)))
    return _bracketed(text)


def _between(text: str) -> Answer | None:
    """`x > 1` and `1 < x \\le 2` as the interval in which x is; None for anything else."""
    signs, parts = _ORDER.findall(text), [part.strip() for part in _ORDER.split(text)]
    if len(parts) not in (2, 3) or len({sign in (">", r"\ge", r"\gt") for sign in signs}) > 1 or not all(parts):
        return None
    if signs[0] in (">", r"\ge", r"\gt"):
        signs, parts = signs[::-1], parts[::-1]
    name = 1 if len(parts) == 3 else next((place for place in (0, 1) if _VARIABLE.fullmatch(parts[place])), 2)
    if name > 1 or not _VARIABLE.fullmatch(parts[name]):
        return None
    low = _scalar(parts[name - 1] if name else r"-\infty")
    high = _scalar(parts[name + 1] if name + 1 < len(parts) else r"\infty")
    left = "[" if name and signs[0] in (r"\le", r"\ge") else "("
    right = "]" if name + 1 < len(parts) and signs[-1] in (r"\le", r"\ge") else ")"
    return Named(parts[name], Group(left + right, (low, high)), text)


def _bracketed(text: str) -> Answer:
    if text.startswith(r"\{") and text.endswith(r"\}"):
        return _items("{}", text[2:-2])
    if text[:1] in ("(", "[") and text[-1:] in (")", "]") and _closes_at_the_end(text):
        return _items(text[0] + text[-1], text[1:-1])
    if text.startswith("{") and text.endswith("}") and _closes_at_the_end(text):
        return _bracketed(text[1:-1].strip())
    return _scalar(text)


def _items(brackets: str, inside: str) -> Answer:
    parts = [part for part in split(inside, ",") if part]
    if len(parts) == 1 and brackets in ("()", "[]"):
        inner = _single(parts[0])
        return Words(inner.text.lower()) if isinstance(inner, Scalar) and re.fullmatch("[A-Z]", inner.text) else inner
    return Group(brackets, tuple(_single(part) for part in parts))


def _closes_at_the_end(text: str) -> bool:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if not depth:
            return place == len(text) - 1
    return False


def _scalar(text: str) -> Scalar:
    plain = number(text)
    if plain is not None:
        return Scalar(text, plain)
    body, unit = without_unit(text)
    return Scalar(body, number(body), unit)


def _bare(text: str) -> str:
    return text.replace(" ", "")
