"""Exercises of geometry: lengths, areas, volumes, angles."""

from __future__ import annotations

import random
from fractions import Fraction

from prorl.tasks.math.exercise import Exercise, Kinds, span
from prorl.tasks.math.latex import ratio, square_root, times, tuple_of


def triangle_area(rng: random.Random, level: int) -> Exercise:
    """The area of a triangle from its corners."""
    while True:
        points = [[rng.randint(-span(level, 4, 20), span(level, 4, 20)) for _ in "xy"] for _ in range(3)]
        (ax, ay), (bx, by), (cx, cy) = points
        doubled = (bx - ax) * (cy - ay) - (cx - ax) * (by - ay)
        if doubled:
            break
    answer = ratio(Fraction(abs(doubled), 2))
    return Exercise(
        f"What is the area of the triangle with the corners ${'$, $'.join(map(tuple_of, points))}$?",
        answer,
        [
            f"Two sides are the vectors $({bx - ax}, {by - ay})$ and $({cx - ax}, {cy - ay})$.",
            f"Half of their determinant's size is ${answer}$.",
        ],
    )


def distance(rng: random.Random, level: int) -> Exercise:
    """The distance of two points, in space from level 3 on."""
    size, axes = span(level, 5, 15), "xy" if level < 3 else "xyz"
    one, other = ([rng.randint(-size, size) for _ in axes] for _ in range(2))
    other[0] += one == other
    squared = sum((a - b) ** 2 for a, b in zip(one, other, strict=True))
    return Exercise(
        f"What is the distance between ${tuple_of(one)}$ and ${tuple_of(other)}$? Give the exact value.",
        square_root(squared),
        [f"The squares of the differences add up to {squared}.", f"$\\sqrt{{{squared}}} = {square_root(squared)}$."],
    )


def right_triangle(rng: random.Random, level: int) -> Exercise:
    """A side of a right triangle from the other two."""
    a, b = rng.randint(2, span(level, 9, 40)), rng.randint(2, span(level, 9, 40))
    if level < 3 or a == b:
        answer = square_root(a * a + b * b)
        question = (
            f"The legs of a right triangle are {a} and {b} long. How long is the hypotenuse? Give the exact value."
        )
        return Exercise(question, answer, [f"It is $\\sqrt{{{a}^2 + {b}^2}} = {answer}$."])
    leg, longest = sorted((a, b))
    answer = square_root(longest**2 - leg**2)
    question = (
        f"A right triangle has a hypotenuse of length {longest} and a leg of length {leg}. "
        "How long is the other leg? Give the exact value."
    )
    return Exercise(question, answer, [f"It is $\\sqrt{{{longest}^2 - {leg}^2}} = {answer}$."])


def third_side(rng: random.Random, level: int) -> Exercise:
    """The law of cosines with an angle of 60 or 120 degrees."""
    a, b = rng.randint(2, span(level, 9, 40)), rng.randint(2, span(level, 9, 40))
    angle, sign = rng.choice([(60, -1), (120, 1)])
    squared = a * a + b * b + sign * a * b
    return Exercise(
        f"Two sides of a triangle are {a} and {b} long and form an angle of {angle}°. How long is the third side? "
        "Give the exact value.",
        square_root(squared),
        [f"By the law of cosines its square is {squared}.", f"$\\sqrt{{{squared}}} = {square_root(squared)}$."],
    )


def circle_sector(rng: random.Random, level: int) -> Exercise:
    """The area of a sector of a circle."""
    radius, angle = rng.randint(2, span(level, 10, 40)), rng.choice([30, 40, 45, 60, 72, 90, 120, 135, 150, 240])
    answer = times(Fraction(angle * radius**2, 360), r"\pi")
    return Exercise(
        f"What is the area of a sector of a circle with radius {radius} and central angle {angle}°? "
        r"Give the exact value in terms of $\pi$.",
        answer,
        [f"It is $\\frac{{{angle}}}{{360}} \\cdot \\pi \\cdot {radius}^2 = {answer}$."],
    )


def solid_volume(rng: random.Random, level: int) -> Exercise:
    """The volume of a cylinder, a cone or a ball."""
    radius, height = rng.randint(2, span(level, 9, 30)), rng.randint(2, span(level, 12, 40))
    solid, volume, described = rng.choice(
        [
            ("cylinder", Fraction(radius**2 * height), f"radius {radius} and height {height}"),
            ("cone", Fraction(radius**2 * height, 3), f"base radius {radius} and height {height}"),
            ("ball", Fraction(4 * radius**3, 3), f"radius {radius}"),
        ]
    )
    formula = {"cylinder": r"\pi r^2 h", "cone": r"\frac{1}{3} \pi r^2 h", "ball": r"\frac{4}{3} \pi r^3"}[solid]
    answer = times(volume, r"\pi")
    return Exercise(
        f"What is the volume of a {solid} with {described}? " + r"Give the exact value in terms of $\pi$.",
        answer,
        [f"It is ${formula} = {answer}$."],
    )


def polygon_angle(rng: random.Random, level: int) -> Exercise:
    """The angles of a convex polygon, each of them below 180 degrees, with one unknown."""
    corners = rng.randint(4, span(level, 6, 14))
    whole = (corners - 2) * 180
    mean = whole // corners
    while True:
        known = [mean + rng.randint(-span(level, 15, 35), span(level, 15, 35)) for _ in range(corners - 1)]
        if max(known) < 180 and 10 < whole - sum(known) < 175:
            break
    answer = whole - sum(known)
    return Exercise(
        f"A convex polygon has {corners} corners. All angles but one are {', '.join(f'{angle}°' for angle in known)}. "
        "How large is the remaining angle, in degrees?",
        str(answer),
        [
            f"All angles together are ${corners - 2} \\cdot 180 = {whole}$ degrees.",
            f"${whole} - {sum(known)} = {answer}$.",
        ],
    )


KINDS: Kinds = {
    "triangle_area": triangle_area,
    "distance": distance,
    "right_triangle": right_triangle,
    "third_side": third_side,
    "circle_sector": circle_sector,
    "solid_volume": solid_volume,
    "polygon_angle": polygon_angle,
}
