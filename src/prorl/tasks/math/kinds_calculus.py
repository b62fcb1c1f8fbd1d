"""Exercises of calculus: derivatives, integrals, tangents, limits, extreme values."""

from __future__ import annotations

import random
from fractions import Fraction

from prorl.tasks.math.exercise import Exercise, Kinds, nonzero, span
from prorl.tasks.math.latex import polynomial, ratio, square_root, times, total

Coefficients = list[Fraction]


def derivative(rng: random.Random, level: int) -> Exercise:
    """The derivative of a polynomial, of a power of a binomial, or of a polynomial times an exponential function."""
    if level <= 2:
        f = _drawn(rng, span(level, 2, 8), span(level, 6, 12))
        answer = polynomial(_derived(f))
        return Exercise(
            f"Differentiate $f(x) = {polynomial(f)}$.",
            answer,
            ["Each term $cx^n$ becomes $cnx^{n-1}$.", f"So $f'(x) = {answer}$."],
        )
    a, b = rng.randint(2, 6), nonzero(rng, 8)
    if level == 3:
        power = rng.randint(3, 7)
        answer = f"{a * power}({polynomial([b, a])})^{{{power - 1}}}"
        return Exercise(
            f"Differentiate $f(x) = ({polynomial([b, a])})^{{{power}}}$.",
            answer,
            [f"By the chain rule it is ${power} \\cdot {a} \\cdot ({polynomial([b, a])})^{{{power - 1}}}$."],
        )
    f = _drawn(rng, span(level, 1, 2), 7)
    inner = [a * factor + slope for factor, slope in zip(f, [*_derived(f), Fraction(0)], strict=True)]
    answer = f"({polynomial(inner)})e^{{{a}x}}"
    return Exercise(
        f"Differentiate $f(x) = ({polynomial(f)})e^{{{a}x}}$.",
        answer,
        [f"By the product rule it is $({polynomial(_derived(f))})e^{{{a}x}} + {a}({polynomial(f)})e^{{{a}x}}$."],
    )


def slope(rng: random.Random, level: int) -> Exercise:
    """The derivative at a point."""
    f, at = _drawn(rng, span(level, 2, 5), span(level, 6, 15)), nonzero(rng, span(level, 3, 6))
    answer = ratio(_value(_derived(f), at))
    return Exercise(
        f"What is the slope of the graph of $f(x) = {polynomial(f)}$ at $x = {at}$?",
        answer,
        [f"$f'(x) = {polynomial(_derived(f))}$.", f"$f'({at}) = {answer}$."],
    )


def tangent(rng: random.Random, level: int) -> Exercise:
    """The equation of a tangent."""
    f, at = _drawn(rng, span(level, 2, 4), span(level, 5, 10)), nonzero(rng, span(level, 2, 5))
    rise = _value(_derived(f), at)
    answer = f"y = {polynomial([_value(f, at) - rise * at, rise])}"
    return Exercise(
        f"Find the tangent to the graph of $f(x) = {polynomial(f)}$ at $x = {at}$. Give it in the form $y = mx + b$.",
        answer,
        [
            f"$f({at}) = {ratio(_value(f, at))}$ and $f'({at}) = {ratio(rise)}$.",
            f"So ${answer}$.",
        ],
    )


def definite_integral(rng: random.Random, level: int) -> Exercise:
    """The integral of a polynomial between whole numbers."""
    f = _drawn(rng, span(level, 1, 4), span(level, 6, 12))
    low = rng.randint(-span(level, 1, 3), 2)
    high = low + rng.randint(1, span(level, 3, 4))
    whole = [Fraction(0), *(factor / (power + 1) for power, factor in enumerate(f))]
    answer = ratio(_value(whole, high) - _value(whole, low))
    return Exercise(
        f"Evaluate $\\int_{{{low}}}^{{{high}}} ({polynomial(f)}) \\, dx$.",
        answer,
        [f"An antiderivative is $F(x) = {polynomial(whole)}$.", f"$F({high}) - F({low}) = {answer}$."],
    )


def area_between(rng: random.Random, level: int) -> Exercise:
    """The area that a parabola and a line enclose."""
    left = rng.randint(-span(level, 3, 9), span(level, 2, 8))
    width, steep = rng.randint(1, span(level, 4, 8)), rng.randint(1, span(level, 2, 6))
    line = [Fraction(nonzero(rng, span(level, 5, 12))), Fraction(rng.randint(-span(level, 1, 6), span(level, 1, 6)))]
    right = left + width
    parabola = [line[0] + steep * left * right, line[1] - steep * (left + right), Fraction(steep)]
    answer = ratio(Fraction(steep * width**3, 6))
    return Exercise(
        f"What is the area of the region enclosed by $y = {polynomial(parabola)}$ and $y = {polynomial(line)}$?",
        answer,
        [
            f"They meet at $x = {left}$ and $x = {right}$.",
            f"With leading coefficient {steep}, that encloses $\\frac{{{steep} \\cdot {width}^3}}{{6}} = {answer}$.",
        ],
    )


def limit(rng: random.Random, level: int) -> Exercise:
    """A limit of the form 0/0."""
    at, other, third = (
        nonzero(rng, span(level, 4, 9)),
        nonzero(rng, span(level, 5, 12)),
        nonzero(rng, span(level, 5, 12)),
    )
    factor = rng.randint(1, span(level, 1, 6))
    above = [Fraction(factor * value) for value in (at * other, -at - other, 1)]
    if level <= 2:
        below, quotient = [Fraction(-at), Fraction(1)], Fraction(factor * (at - other))
    else:
        third = third if third != at else third + 1
        below, quotient = (
            [Fraction(at * third), Fraction(-at - third), Fraction(1)],
            Fraction(factor * (at - other), at - third),
        )
    answer = ratio(quotient)
    return Exercise(
        f"Find $\\lim_{{x \\to {at}}} \\frac{{{polynomial(above)}}}{{{polynomial(below)}}}$.",
        answer,
        [
            f"Above and below have the common factor ${polynomial([-at, 1])}$.",
            f"Without it, $x = {at}$ gives ${answer}$.",
        ],
    )


def extreme_value(rng: random.Random, level: int) -> Exercise:
    """The extreme value of a quadratic function; from level 4 on, where a cubic one has its extreme points."""
    if level <= 3:
        a, b, c = nonzero(rng, span(level, 2, 9)), nonzero(rng, span(level, 8, 25)), nonzero(rng, span(level, 9, 30))
        answer = ratio(c - Fraction(b * b, 4 * a))
        return Exercise(
            f"What is the {'smallest' if a > 0 else 'largest'} value of $f(x) = {polynomial([c, b, a])}$ for real $x$?",
            answer,
            [f"The vertex is at $x = {ratio(Fraction(-b, 2 * a))}$.", f"There $f(x) = {answer}$."],
        )
    low = rng.randint(-span(level, 2, 10), 4)
    high, factor = low + rng.randint(1, span(level, 4, 8)), rng.randint(1, span(level, 0, 4))
    constant = nonzero(rng, span(level, 8, 24))
    slope_of = [Fraction(6 * factor * low * high), Fraction(-6 * factor * (low + high)), Fraction(6 * factor)]
    f = [Fraction(constant), *(value / (power + 1) for power, value in enumerate(slope_of))]
    return Exercise(
        f"At which two values of $x$ does $f(x) = {polynomial(f)}$ have a local maximum or minimum? "
        "Separate them by a comma.",
        f"{low}, {high}",
        [f"$f'(x) = {polynomial(slope_of)}$.", f"It is zero and changes its sign at $x = {low}$ and $x = {high}$."],
    )


def falling_stone(rng: random.Random, level: int) -> Exercise:
    """When a falling thing hits the ground, as a surd."""
    rate, radicand = rng.randint(1, span(level, 5, 12)), rng.randint(2, span(level, 20, 150))
    height = rate * radicand
    answer = square_root(radicand)
    return Exercise(
        f"The height of a stone after $t$ seconds is $h(t) = {total([str(height), times(-rate, 't^{2}')])}$ metres. "
        "At which time $t > 0$, in seconds, does it hit the ground? Give the exact value.",
        answer,
        [f"$h(t) = 0$ means $t^2 = {height} / {rate} = {radicand}$.", f"So $t = \\sqrt{{{radicand}}} = {answer}$."],
    )


def _drawn(rng: random.Random, degree: int, size: int) -> Coefficients:
    """Coefficients of a polynomial of that degree, the constant first."""
    return [Fraction(rng.randint(-size, size)) for _ in range(degree)] + [Fraction(nonzero(rng, size))]


def _derived(f: Coefficients) -> Coefficients:
    return [power * factor for power, factor in enumerate(f)][1:]


def _value(f: Coefficients, at: int) -> Fraction:
    return sum((factor * at**power for power, factor in enumerate(f)), Fraction(0))


KINDS: Kinds = {
    "derivative": derivative,
    "slope": slope,
    "tangent": tangent,
    "definite_integral": definite_integral,
    "area_between": area_between,
    "limit": limit,
    "extreme_value": extreme_value,
    "falling_stone": falling_stone,
}
