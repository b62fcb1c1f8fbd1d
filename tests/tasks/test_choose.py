import pytest

from prorl.errors import UserError
from prorl.tasks.choose import chosen, parsed
from prorl.tasks.registry import names


def test_names_patterns_suites_and_options_can_be_mixed():
    specs = chosen(["toy/*", "reasoning_gym/gcd@easy", "max_value=50", "toy/echo", "own.tasks:Mine"])
    assert [name for name, _ in specs] == [
        "toy/copy", "toy/echo", "toy/reverse", "toy/successor", "reasoning_gym/gcd@easy", "own.tasks:Mine",
    ]  # fmt: skip
    assert all(options == {"max_value": 50} for _, options in specs)


def test_a_suite_brings_its_options():
    specs = dict(chosen(["graph-color-sizes", "num_colors=4"]))
    assert specs["reasoning_gym/graph_color@20"] == {"min_num_vertices": 20, "max_num_vertices": 20, "num_colors": 4}


def test_no_name_means_all():
    assert [name for name, _ in chosen([])] == names()
    assert dict(chosen(["level=1"]))["reasoning_gym/gcd"] == {"level": 1}


def test_values_are_read_as_in_recipes():
    assert parsed(["a=1", "b=x", "c=[1, 2]", "d=", "e=true", "f=a=b", "g=1e-5"]) == {
        "a": 1, "b": "x", "c": [1, 2], "d": None, "e": True, "f": "a=b", "g": 1e-5,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["toy/ecko"], "unknown task 'toy/ecko'; did you mean toy/echo"),
        (["prorl-logik"], "did you mean prorl-logic"),
        (["tou/*"], r"no task is called like 'tou/\*'"),
        (["=1"], "'=1' is no option; write option=value"),
        (["a=[1"], r"'a=\[1': the value is not YAML \(.+\); quote it"),
        (["a={b: 1, b: 2}"], "key 'b' stands there twice"),
    ],
)
def test_what_nobody_knows_is_named(words, said):
    with pytest.raises(UserError, match=said) as caught:
        chosen(words)
    assert "\n" not in str(caught.value)
