"""A judgement, and the form in which it crosses from a worker to us: JSON, checked field by field."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum

SHOWN = 2_000
"""Characters of `answer` and `detail` that a verdict carries back; the rest is cut, with a mark."""


class Outcome(StrEnum):
    """What became of an answer. `TIMEOUT` and `ERROR` speak of the verifier, not of the answer."""

    SOLVED = "solved"
    WRONG = "wrong"
    UNPARSEABLE = "unparseable"
    TIMEOUT = "timeout"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement. `score` and `tolerant_score` are in [0, 1]; a success is `score >= 1.0`, nothing less.

    `score` reads the answer from the format that was asked for (strict extraction); `tolerant_score` accepts any
    reasonable place for an answer. `answer` is what strict extraction found, or what tolerant extraction found if
    strict found nothing, or None.
    """

    score: float
    outcome: Outcome
    tolerant_score: float = 0.0
    answer: str | None = None
    detail: str = ""


def encode(verdict: Verdict) -> bytes:
    """The verdict as JSON; long texts are shortened to `SHOWN` characters.

    Raises TypeError if it is no `Verdict`, ValueError if a field breaks its contract.
    """
    if not isinstance(verdict, Verdict):
        raise TypeError(f"the judge returned {type(verdict).__name__}, not a Verdict")
    fields = asdict(verdict)
    fields["score"] = float(fields["score"])
    fields["tolerant_score"] = float(fields["tolerant_score"])
    fields["answer"] = None if verdict.answer is None else _shown(verdict.answer)
    fields["detail"] = _shown(verdict.detail)
    _checked(fields)
    return json.dumps(fields).encode("ascii")


def decode(frame: bytes) -> Verdict:
    """The verdict in a worker's answer. Raises ValueError naming what is wrong with it."""
    fields = json.loads(frame)
    if not isinstance(fields, dict):
        raise ValueError("not a JSON object")
    return _checked(fields)


def _checked(fields: dict[str, object]) -> Verdict:
    expected = {"score", "outcome", "tolerant_score", "answer", "detail"}
    if fields.keys() != expected:
        raise ValueError(f"fields {sorted(fields)} instead of {sorted(expected)}")
    answer, detail, outcome = fields["answer"], fields["detail"], fields["outcome"]
    if not (answer is None or isinstance(answer, str)) or not isinstance(detail, str) or not isinstance(outcome, str):
        raise ValueError("answer, detail and outcome must be texts")
    score = _share(fields, "score")
    tolerant_score = _share(fields, "tolerant_score")
    if (outcome == Outcome.SOLVED) != (score >= 1.0):
        raise ValueError(f"outcome {outcome!r} contradicts score {score}")
    return Verdict(score, Outcome(outcome), tolerant_score, None if answer is None else _whole(answer), _whole(detail))


def _share(fields: dict[str, object], name: str) -> float:
    value = fields[name]
    if not isinstance(value, float) or not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} is {value!r}, not a number in [0, 1]")
    return value


def _whole(text: str) -> str:
    """The text as UTF-8 holds it: half a character, which a program may say, becomes a question mark."""
    return text.encode(errors="replace").decode()


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}… [{len(text)} characters]"
