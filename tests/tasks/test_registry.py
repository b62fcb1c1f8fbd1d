import pytest

from prorl.errors import UserError
from prorl.tasks.contract import Split
from prorl.tasks.registry import build, names

OWN = """
from prorl.tasks.contract import Message, Outcome, Problem, Verdict

class Own:
    def __init__(self, name, options, worked_examples):
        self.name, self.options, self.worked_examples = name, options, worked_examples

not_a_class = 3

class Wrong:
    def __init__(self, name):
        pass
"""


def test_families_are_found_by_prefix():
    gym = build("reasoning_gym/chain_sum", worked_examples=1, options={"max_terms": 2})
    assert (gym.name, len(gym.examples())) == ("reasoning_gym/chain_sum", 1)
    assert build("toy/echo").size(Split.TRAIN) == 179


def test_names_lists_every_family():
    assert {"reasoning_gym/chain_sum", "toy/echo"} <= set(names())
    assert names() == sorted(names())
    assert "reasoning_gym/composite" not in names()


def test_a_class_of_ones_own_is_imported(tmp_path, monkeypatch):
    (tmp_path / "own_tasks.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    own = build("own_tasks:Own", worked_examples=2, options={"a": 1})
    assert (own.name, own.options, own.worked_examples) == ("own_tasks:Own", {"a": 1}, 2)
    with pytest.raises(UserError, match="module own_tasks has no Missing"):
        build("own_tasks:Missing")
    with pytest.raises(UserError, match="own_tasks:not_a_class"):
        build("own_tasks:not_a_class")
    with pytest.raises(UserError, match=r"Wrong\(name, options, worked_examples\): too many positional"):
        build("own_tasks:Wrong")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("toy/ecko", r"unknown task 'toy/ecko'; did you mean toy/echo"),
        ("chain_sum", r"unknown task 'chain_sum'; did you mean reasoning_gym/chain_sum"),
        ("reasoning_gym/composite", "unknown task 'reasoning_gym/composite'"),
        ("", "unknown task ''"),
        ("no_such_module_anywhere:Task", "no_such_module_anywhere installed, or on PYTHONPATH"),
        ("no.such.module:Task", "No module named 'no'"),
        (":Task", "unknown task ':Task'"),
        ("json:", "unknown task 'json:'"),
    ],
)
def test_what_cannot_be_found_is_named(name, said):
    with pytest.raises(UserError, match=said) as caught:
        build(name)
    assert "\n" not in str(caught.value)


def test_a_negative_number_of_examples_is_refused():
    with pytest.raises(UserError, match="worked_examples is -1"):
        build("toy/echo", worked_examples=-1)
