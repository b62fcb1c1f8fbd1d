"""Where the answer is in a completion: strictly where it was asked for, or tolerantly in any reasonable place."""

from __future__ import annotations

import re

_OPEN, _CLOSE = "<answer>", "</answer>"
_SAID = re.compile(r"\b(?:the\s+)?(?:final\s+)?answer(?:\s+is\s*+:?|\s*[:=])\s*+(?P<answer>[^\n]+)", re.IGNORECASE)
_BRACE = re.compile(r"[{}]")
_BOXED = re.compile(r"\\f?boxed\s*\{")


def strict(text: str) -> str | None:
    """What the last complete `<answer>…</answer>` holds, stripped; None if there is none or it is empty.

    The last opening tag that is closed counts, up to the first closing tag after it.
    """
    opening = text.rfind(_OPEN, 0, max(text.rfind(_CLOSE), 0))
    if opening < 0:
        return None
    begin = opening + len(_OPEN)
    return text[begin : text.find(_CLOSE, begin)].strip() or None


def tolerant(text: str) -> str | None:
    """What is marked as the answer, or else the last line that isn't empty; None if there is none."""
    answer = marked(text)
    return _last_line(text) if answer is None else answer


def marked(text: str) -> str | None:
    """The answer from the first of these places that has one; None if none has.

    Answer tags (also when the text ends before the closing tag), the last `\\boxed{…}` with balanced braces, the last
    "the answer is …" or "answer: …".
    """
    for place in (strict, unclosed, boxed, said):
        answer = place(text)
        if answer is not None:
            return answer
    return None


def boxed(text: str) -> str | None:
    """What the last `\\boxed{…}` with balanced braces holds, stripped; None if there is none. Linear in the text."""
    begins = {match.end() for match in _BOXED.finditer(text)}
    open_braces: list[int] = []
    last = (-1, -1)
    for brace in _BRACE.finditer(text):
        if brace[0] == "{":
            open_braces.append(brace.end())
        elif open_braces:
            begin = open_braces.pop()
            if begin in begins and begin > last[0]:
                last = (begin, brace.start())
    return text[last[0] : last[1]].strip() or None if last[0] >= 0 else None


def unclosed(text: str) -> str | None:
    """What follows an opening answer tag that is never closed, up to the end of the line; None if there is none."""
    opening = text.rfind(_OPEN)
    if opening < 0 or _CLOSE in text[opening:]:
        return None
    rest = text[opening + len(_OPEN) :].strip()
    return rest.split("\n", 1)[0].partition("</")[0].strip() or None


def said(text: str) -> str | None:
    """What follows the last "the answer is" or "answer:" on its line; None if nothing does."""
    found = list(_SAID.finditer(text))
    return _bare(found[-1]["answer"]) if found else None


def _last_line(text: str) -> str | None:
    return next((bare for line in reversed(text.splitlines()) if (bare := _bare(line))), None)


def _bare(line: str) -> str | None:
    """Without stray tags, emphasis, dollar signs and the full stop of a sentence."""
    line = line.replace(_OPEN, " ").replace(_CLOSE, " ").strip().strip("*`$ ")
    return line.removesuffix(".").strip("*`$ ") or None
