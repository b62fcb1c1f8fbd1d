"""What a question says about the form of its answer: what is counted, in which order, in which base."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from prorl.tasks.math.structure import MODULUS
from prorl.tasks.math.units import KNOWN, OTHER_NUMBERS

FORMULA = re.compile(r"\$\$?([^$]{1,300})\$\$?|\\\((.{1,300}?)\\\)|\\\[(.{1,300}?)\\\]", re.DOTALL)

_NOT_COUNTED = OTHER_NUMBERS | frozenset(
    """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety half double twice triple fourths fifths
    sixths sevenths eighths ninths tenths hundredths thousandths pi sqrt root power percent plus minus times over
    divided multiplied by than least most and or nor but not no never is isn are aren was were be if unless when mod
    modulo base about maybe perhaps approximately around nearly almost wrong false incorrect except
    """.split()  # noqa: SIM905
)
"""Words of a question that change or deny the number they follow, and don't say what it counts."""

_ORDINALS = frozenset(
    """
    third quarter fourth fifth sixth seventh eighth ninth tenth hundredth thousandth
    """.split()  # noqa: SIM905
)
"""Words that do so too, unless the question itself speaks of third graders."""

_COINS = frozenset(["coin", "coins", "dime", "dimes", "nickel", "nickels", "penny", "pennies"])
_WORDS_IN_FORMULAS = re.compile(r"\\(?:text|textrm|mathrm|mbox|rm) ?\{([^{}]*)\}")
_LARGEST = r"(?:least|smallest|lowest|fewest|greatest|largest|biggest|highest|most|shortest|longest)"
_ORDER = re.compile(
    rf"\bfrom (?:the )?{_LARGEST} to|\b{_LARGEST} (?:\w+ )?first\b|\bin order\b(?! (?:to|that|for)\b)"
    r"|\b(?:ascending|descending|increasing|decreasing|numerical|alphabetical|chronological) order"
    r"|(?<!of the )(?<!of its )\b(?:first|next|last) (?:\S+ ){1,2}terms"
)
_REQUEST = re.compile(
    r"\?|(?:^|[.,;:(] ?|\b(?:and|then|please) )(?:arrange|order|list|write|give|enter|express|find|put|rank|sort"
    r"|state|answer|separate|determine|compute|name|what|which)\b"
)
_CONDITION = re.compile(r"\b(?:if|when|given|suppose|assume|let|whose)\b[^,]*$")
_BASE = re.compile(r"\bbase[- ]*(?P<base>[a-z0-9]+)|\b(?P<ten>decimal)\b|\b(?:binary|ternary|octal|hexadecimal)\b")
_REMAINDER = re.compile(r"remainder|residue|divi[ds]|congruen|\bmod|\\[bp]?mod|equiv|≡")
_TUPLE = re.compile(r"\( ?([A-Za-z](?: ?, ?[A-Za-z])+) ?\)")


class Asked:
    """What a question asks for, as far as it can be told from its words. Of an empty question nothing is known."""

    def __init__(self, question: str = "") -> None:
        """`question` is the text of a problem."""
        self.question = question

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words in lower case: those outside of formulas, and those in `\\text{…}` in them."""
        found = " ".join([self._prose, *_WORDS_IN_FORMULAS.findall(self.question)])
        return frozenset(re.findall("[a-z]+", found.lower()))

    @cached_property
    def ordered(self) -> bool:
        """Whether a sentence that asks for something says in which order: from least to greatest, the first 3 terms."""
        return any(
            _REQUEST.search(sentence) and not _CONDITION.search(sentence[: order.start()])
            for sentence in re.split(r"(?<=[.?!])[)\"']* ", self._prose)
            for order in _ORDER.finditer(sentence)
        )

    @cached_property
    def in_base_ten(self) -> bool:
        """Whether ten is the last base that it speaks of, or it speaks of none."""
        bases = list(_BASE.finditer(re.sub(r"[$\\{}]", "", self.question).lower()))
        return not bases or bases[-1]["base"] in ("10", "ten") or bool(bases[-1]["ten"])

    @cached_property
    def of_vectors(self) -> bool:
        """Whether it speaks of vectors."""
        return not self.words.isdisjoint(["vector", "vectors"])

    @cached_property
    def counted_in(self) -> str:
        """A word for another number that its answer is counted in, such as million or quarters; empty if none is."""
        if "quarters" in self.words and not self.words.isdisjoint(_COINS):
            return "quarters"
        found = re.search(rf"\b(?:how many|in) (?P<word>{'|'.join(OTHER_NUMBERS)})\b(?! place| digit)", self._prose)
        return found["word"] if found else ""

    def counts(self, unit: str) -> bool:
        """Whether a unit, in one spelling, may stand after a number where none was asked for.

        That is one that is well known, what it speaks of, or a modulus that it names.
        """
        if unit.startswith(MODULUS):
            return not self.question or self._divides_by(unit.removeprefix(MODULUS))
        words = [word for word in re.split(r"[ /^'.]+", unit) if word]
        ordinals = [place for place, word in enumerate(words) if word in _ORDINALS]
        spoken_of = all(words[place + 1 :] and " ".join(words[place : place + 2]) in self._prose for place in ordinals)
        return spoken_of and all(map(self._speaks_of, words))

    def order_of(self, names: Sequence[str]) -> list[str] | None:
        """Names in the order of the tuple that it asks for; None if that is unclear.

        Where it has no such tuple, names that are in alphabetical order and occur in it are in the right one.
        """
        bare = re.sub(r"\\(?:left|right|[,;!])|\s", "", self.question)
        tuples = {tuple(found.split(",")) for found in _TUPLE.findall(bare)}
        fitting = [names_asked for names_asked in tuples if sorted(names_asked) == sorted(names)]
        if fitting:
            return list(fitting[0]) if len(fitting) == 1 else None
        letters = set(re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", self.question)) if self.question else names
        alphabetical = list(names) == sorted(set(names)) and all(len(name) == 1 for name in names)
        return list(names) if alphabetical and set(names) <= set(letters) else None

    @cached_property
    def _prose(self) -> str:
        """The question in lower case without its formulas. A dollar sign with a backslash is one of money."""
        return " ".join(FORMULA.sub(" _ ", self.question.replace(r"\$", "")).lower().split())

    def _divides_by(self, modulus: str) -> bool:
        named = re.search(rf"(?<!\d){modulus}(?!\d)", self.question)
        return bool(named and _REMAINDER.search(self.question.lower()))

    def _speaks_of(self, word: str) -> bool:
        """Whether a word is one of a unit, or one of the question; `two-digit` if both parts are."""
        *before, word = word.split("-")
        if word in KNOWN:
            return self.words.issuperset(before)
        word = word.lower()
        if word in _NOT_COUNTED or len(word) < 2 or not self.words.issuperset(before):
            return False
        return not self.words.isdisjoint([word, f"{word}s", word.removesuffix("s")])
