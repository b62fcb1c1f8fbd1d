"""Where the answer is in a completion: strictly where it was asked for, or tolerantly in any reasonable place."""

from __future__ import annotations

import re

_OPEN, _CLOSE = "<answer>", "</answer>"
_SAID = re.compile(r"\b(?:the\s+)?(?:final\s+)?answer(?:\s+is\s*:?|\s*[:=])\s*(?P<answer>[^\n]+)", re.IGNORECASE)
_BOXED = re.compile(r"\\f?boxed\s*\{")


def strict(text: str) -> str | None:
    """What the last complete `<answer>…</answer>` holds, stripped; None if there is none or it is empty.

    The last closing tag counts, with the nearest opening tag before it.
    """
    close = text.rfind(_CLOSE)
    if close < 0:
        return None
    opening = text.rfind(_OPEN, 0, close)
    if opening < 0:
        return None
    return text[opening + len(_OPEN) : close].strip() or None


def tolerant(text: str) -> str | None:
    """The answer from the first of these places that has one; None only for an empty text.

    Answer tags (also when the text ends before the closing tag), the last `\\boxed{…}` with balanced braces, the last
    "the answer is …" or "answer: …", the last line that isn't empty.
    """
    for place in (strict, _unclosed, boxed, _said, _last_line):
        answer = place(text)
        if answer is not None:
            return answer
    return None


def boxed(text: str) -> str | None:
    """What the last `\\boxed{…}` with balanced braces holds, stripped; None if there is none."""
    for match in reversed(list(_BOXED.finditer(text))):
        depth = 1
        for position in range(match.end(), len(text)):
            depth += {"{": 1, "}": -1}.get(text[position], 0)
            if depth == 0:
                return text[match.end() : position].strip() or None
    return None


def _unclosed(text: str) -> str | None:
    opening = text.rfind(_OPEN)
    if opening < 0 or _CLOSE in text[opening:]:
        return None
    rest = text[opening + len(_OPEN) :].strip()
    return rest.split("\n", 1)[0].partition("</")[0].strip() or None


def _said(text: str) -> str | None:
    said = list(_SAID.finditer(text))
    return _bare(said[-1]["answer"]) if said else None


def _last_line(text: str) -> str | None:
    lines = [line for line in text.splitlines() if line.strip()]
    return _bare(lines[-1]) if lines else None


def _bare(line: str) -> str | None:
    """Without emphasis, dollar signs and the full stop of a sentence."""
    line = line.strip().strip("*`$ ")
    return line.removesuffix(".").strip("*`$ ") or None
