"""Exercises of counting and probability."""

from __future__ import annotations

import random
from collections import Counter
from fractions import Fraction
from math import comb, factorial, prod

from prorl.tasks.math.exercise import LEVELS, Exercise, Kinds, span
from prorl.tasks.math.latex import ratio


def arrangements(rng: random.Random, level: int) -> Exercise:
    """Different orders of letters of which some are equal: more equal ones and more different ones in turns."""
    most = 2 + level // 2
    counts = [rng.randint(1, most) for _ in range(span(level, 3, 5))]
    letters = rng.sample("ABCDEFGHKLMNPRSTUW", len(counts))
    word = [letter for letter, count in zip(letters, counts, strict=True) for _ in range(count)]
    rng.shuffle(word)
    answer = factorial(len(word)) // prod(factorial(count) for count in Counter(word).values())
    below = " ".join(f"{count}!" for count in counts)
    return Exercise(
        f"In how many different orders can the letters {''.join(word)} be written?",
        str(answer),
        [
            f"There are {len(word)} letters; equal ones can be swapped unseen.",
            f"So there are ${len(word)}! / ({below}) = {answer}$ orders.",
        ],
    )


def committee(rng: random.Random, level: int) -> Exercise:
    """Choosing some of each of two groups."""
    women, men = rng.randint(3, span(level, 7, 14)), rng.randint(3, span(level, 7, 14))
    of_women, of_men = (
        rng.randint(2, min(women - 1, span(level, 2, 5))),
        rng.randint(2, min(men - 1, span(level, 2, 5))),
    )
    answer = comb(women, of_women) * comb(men, of_men)
    return Exercise(
        f"A club has {women} women and {men} men. In how many ways can a committee of {of_women} women and "
        f"{of_men} men be chosen?",
        str(answer),
        [
            f"There are $\\binom{{{women}}}{{{of_women}}} = {comb(women, of_women)}$ ways to choose the women "
            f"and $\\binom{{{men}}}{{{of_men}}} = {comb(men, of_men)}$ to choose the men.",
            f"Together there are {answer}.",
        ],
    )


def lattice_paths(rng: random.Random, level: int) -> Exercise:
    """Shortest ways on a grid, from level 3 on through a given point."""
    right, up = rng.randint(2, span(level, 5, 11)), rng.randint(2, span(level, 5, 11))
    if level < 3:
        answer, through = comb(right + up, up), ""
        steps = [f"Of {right + up} steps, {up} go up: $\\binom{{{right + up}}}{{{up}}} = {answer}$."]
    else:
        x, y = rng.randint(1, right - 1), rng.randint(1, up - 1)
        before, after = comb(x + y, y), comb(right - x + up - y, up - y)
        answer, through = before * after, f" and pass through $({x}, {y})$"
        steps = [f"There are {before} ways to $({x}, {y})$ and {after} from there.", f"Together there are {answer}."]
    return Exercise(
        f"How many paths lead from $(0, 0)$ to $({right}, {up})$ if each step goes one unit right or one unit up"
        f"{through}?",
        str(answer),
        steps,
    )


def dice_sum(rng: random.Random, level: int) -> Exercise:
    """The probability of a sum of dice: of two, from level 4 on of three, with more and more sides."""
    sides = rng.choice([4, 6, 8, 10, 12, 16, 20, 24][level - LEVELS[0] :][:4])
    dice = 2 if level < 4 else 3
    wanted = rng.randint(dice + 1, dice * sides - 1)
    ways = Counter({0: 1})
    for _ in range(dice):
        ways = _with_another(ways, sides)
    answer = ratio(Fraction(ways[wanted], sides**dice))
    return Exercise(
        f"{_number_word(dice)} fair dice with {sides} sides each, numbered from 1, are rolled. "
        f"What is the probability that the numbers add up to {wanted}?",
        answer,
        [f"{ways[wanted]} of the {sides**dice} equally likely outcomes have this sum.", f"So it is ${answer}$."],
    )


def urn(rng: random.Random, level: int) -> Exercise:
    """Balls drawn without putting them back."""
    red, blue = rng.randint(2, span(level, 6, 15)), rng.randint(2, span(level, 6, 15))
    drawn = rng.randint(2, min(red + blue - 1, span(level, 2, 5)))
    wanted = rng.randint(max(0, drawn - blue), min(red, drawn))
    answer = ratio(Fraction(comb(red, wanted) * comb(blue, drawn - wanted), comb(red + blue, drawn)))
    return Exercise(
        f"An urn holds {red} red and {blue} blue balls. {drawn} balls are drawn at random without putting any back. "
        f"What is the probability that exactly {wanted} of them are red?",
        answer,
        [
            f"There are $\\binom{{{red + blue}}}{{{drawn}}} = {comb(red + blue, drawn)}$ ways to draw.",
            f"${comb(red, wanted)} \\cdot {comb(blue, drawn - wanted)}$ of them fit, so it is ${answer}$.",
        ],
    )


def repeated_trials(rng: random.Random, level: int) -> Exercise:
    """The binomial distribution."""
    below = rng.randint(2, span(level, 3, 7))
    chance, trials = Fraction(rng.randint(1, below - 1), below), rng.randint(3, span(level, 4, 8))
    hits = rng.randint(1, trials - 1)
    answer = ratio(comb(trials, hits) * chance**hits * (1 - chance) ** (trials - hits))
    return Exercise(
        f"A trial succeeds with probability ${ratio(chance)}$, independently of all others. What is the probability of "
        f"exactly {hits} {'success' if hits == 1 else 'successes'} in {trials} trials?",
        answer,
        [
            f"It is $\\binom{{{trials}}}{{{hits}}} ({ratio(chance)})^{{{hits}}} "
            f"({ratio(1 - chance)})^{{{trials - hits}}} = {answer}$."
        ],
    )


def expected_payout(rng: random.Random, level: int) -> Exercise:
    """The expected value of a wheel of fortune."""
    fields = [rng.randint(1, span(level, 3, 12)) for _ in range(span(level, 2, 5))]
    prizes = rng.sample(range(span(level, 20, 100)), len(fields))
    answer = Fraction(sum(count * prize for count, prize in zip(fields, prizes, strict=True)), sum(fields))
    described = ", ".join(
        f"{count} {'field pays' if count == 1 else 'fields pay'} {prize} {'coin' if prize == 1 else 'coins'}"
        for count, prize in zip(fields, prizes, strict=True)
    )
    return Exercise(
        f"A wheel stops at each of its {sum(fields)} fields with equal probability: {described}. "
        "What is the expected payout of one spin in coins, exactly?",
        ratio(answer),
        [
            "Add up prizes times their numbers of fields and divide by the number of fields.",
            f"That is ${ratio(answer)}$.",
        ],
    )


def conditional(rng: random.Random, level: int) -> Exercise:
    """Bayes' theorem with a test for a defect."""
    below = (10, 11, 13, 17, 19)[level - LEVELS[0]]
    share, found, false = (Fraction(rng.randint(1, below - 1), below) for _ in range(3))
    alarm = share * found + (1 - share) * false
    answer = ratio(share * found / alarm)
    return Exercise(
        f"Of all parts, ${ratio(share)}$ are faulty. A test rejects a faulty part with probability ${ratio(found)}$ "
        f"and a good part with probability ${ratio(false)}$. A part was rejected. "
        "What is the probability that it is faulty?",
        answer,
        [
            f"A part is faulty and rejected with probability ${ratio(share * found)}$, rejected with ${ratio(alarm)}$.",
            f"The quotient is ${answer}$.",
        ],
    )


def _with_another(ways: Counter[int], sides: int) -> Counter[int]:
    """In how many ways each sum comes about with one more die."""
    more: Counter[int] = Counter()
    for rolled, count in ways.items():
        for side in range(1, sides + 1):
            more[rolled + side] += count
    return more


def _number_word(count: int) -> str:
    return {2: "Two", 3: "Three"}[count]


KINDS: Kinds = {
    "arrangements": arrangements,
    "committee": committee,
    "lattice_paths": lattice_paths,
    "dice_sum": dice_sum,
    "urn": urn,
    "repeated_trials": repeated_trials,
    "expected_payout": expected_payout,
    "conditional": conditional,
}
