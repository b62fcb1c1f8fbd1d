"""How prompts with their completions fill rows."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from prorl.recipe.filling import WORTH, Piece, fill

SOME_PROMPTS = st.lists(st.tuples(st.integers(0, 40), st.lists(st.integers(0, 60), max_size=8)), max_size=8)


def tokens_of(row: list[Piece], prompts: list[tuple[int, list[int]]]) -> int:
    return sum(prompts[at][0] + sum(prompts[at][1][first:end]) for at, first, end in row)


@given(SOME_PROMPTS, st.integers(1, 300))
def test_every_completion_lies_in_one_row_in_order_within_the_budget(
    prompts: list[tuple[int, list[int]]], budget: int
) -> None:
    rows = list(fill(prompts, budget))
    assert [(at, i) for row in rows for at, first, end in row for i in range(first, end)] == [
        (at, i) for at, (_, lengths) in enumerate(prompts) for i in range(len(lengths))
    ]
    for row in rows:
        alone = len(row) == 1 and row[0].end == row[0].first + 1
        assert tokens_of(row, prompts) <= budget or alone
        assert len({piece.prompt for piece in row}) == len(row), "a prompt is never twice in a row"


@given(SOME_PROMPTS, st.integers(1, 300))
def test_a_prompt_begins_at_the_end_of_a_row_and_again_in_the_next_only_where_it_is_worth_it(
    prompts: list[tuple[int, list[int]]], budget: int
) -> None:
    for row in fill(prompts, budget):
        *before, (at, first, end) = row
        depth, lengths = prompts[at]
        if before and end < len(lengths):
            assert first == 0
            assert sum(lengths[:end]) >= WORTH * depth


def test_rows_by_hand() -> None:
    short, long = (10, [50] * 4), (30, [50] * 4)
    assert list(fill([short, short], 320)) == [[(0, 0, 4), (1, 0, 2)], [(1, 2, 4)]]
    assert list(fill([long, long], 360)) == [[(0, 0, 4)], [(1, 0, 4)]]
    assert list(fill([long], 150)) == [[(0, 0, 2)], [(0, 2, 4)]]
    assert list(fill([(5, [400])], 150)) == [[(0, 0, 1)]]
