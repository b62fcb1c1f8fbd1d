"""What is imitated, read from a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from prorl.errors import UserError
from prorl.run.lessons import read_lessons
from prorl.tasks.contract import Message


def test_a_lesson_may_hold_separators_that_are_no_end_of_a_line(tmp_path: Path) -> None:
    file = tmp_path / "lessons.jsonl"
    lessons = [{"prompt": "a\u2028b", "completion": "c\x85d"}, {"prompt": "e", "completion": "f"}]
    file.write_text("\n\n".join(json.dumps(one, ensure_ascii=False) for one in lessons), encoding="utf-8")
    assert read_lessons(file) == [((Message("user", "a\u2028b"),), "c\x85d"), ((Message("user", "e"),), "f")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("\n \n", "the file is empty"),
        ('{"prompt": "a", "completion": "b"}\n\n{"prompt": "a"}\n', 'line 3: give {"messages"'),
        ('{"messages": [{"role": "user", "content": "a"}]}\n', 'line 1: give {"messages"'),
        ('{"prompt": 5, "completion": "b"}\n', r"lessons.jsonl, line 1: what user says is 5 and no text"),
        ('\n{"prompt": null, "completion": "b"}\n', "line 2: what user says is None and no text"),
        ('{"prompt": "a", "completion": ["b"]}\n', r"line 1: what assistant says is \['b'\] and no text"),
        (
            '{"messages": [{"role": "user", "content": [{"type": "text"}]}, {"role": "assistant", "content": "b"}]}\n',
            "line 1: what user says is .* and no text",
        ),
        (
            '{"messages": [{"role": "usr", "content": "a"}, {"role": "assistant", "content": "b"}]}\n',
            "line 1: the role 'usr' is none of system, user, assistant",
        ),
        (
            '{"messages": [{"role": ["user"], "content": "a"}, {"role": "assistant", "content": "b"}]}\n',
            "line 1: the role .* is none of",
        ),
        (None, "No such file"),
    ],
)
def test_what_is_no_lesson_is_told_by_its_line(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "lessons.jsonl").write_text(content)
    with pytest.raises(UserError, match=message):
        read_lessons(tmp_path / "lessons.jsonl")
