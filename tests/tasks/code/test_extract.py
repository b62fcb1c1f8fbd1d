import time

import pytest

from prorl.tasks.code.extract import strict, tolerant

A, B = "print('a')\n", "print('b')\n"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"```python\n{A}```", A),
        (f"Text\n```python\n{A}```\nmore\n```python\n{B}```\nend", B),
        (f"```python\n{A}```\n```\n{B}```", A),
        (f"```python\n{A}```\n```python\n\n```", A),
        (f"  ```python\n{A}  ```", A),
        (f"````python\n{A}```\n````", f"{A}```\n"),
        (f"```python title=x\n{A}```", A),
        (f"```\n{A}```", None),
        (f"```Python\n{A}```", None),
        (f"```python\n{A}", None),
        (f"```python {A}```", None),
        ("```python\n```", None),
        (A, None),
        ("", None),
    ],
)
def test_strict_takes_the_last_closed_block_named_python(text, found):
    assert strict(text) == found
    if found is not None:
        assert tolerant(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"```\n{A}```", A),
        (f"```Python\n{A}```", A),
        (f"```py\n{A}```\n```\n1\n```", A),
        (f"```text\nno\n```\n```\n{A}```", A),
        (f"```python\n{A}", A),
        (f"```python\n{A}```\n```python\n{B}", A),
        (A, A),
        (f"The program:\n{A}", f"The program:\n{A}"),
        ("```text\nprint\n```", None),
        ("No program at all.", None),
    ],
)
def test_tolerant_takes_what_looks_like_a_program(text, found):
    assert tolerant(text) == found


@pytest.mark.parametrize(
    "text", ["`" * 200_000, "```\n" * 50_000, "```python\n" * 20_000, " \t" * 100_000, "```a" * 50_000]
)
def test_extraction_is_fast_on_anything(text):
    begin = time.process_time()
    strict(text)
    tolerant(text)
    assert time.process_time() - begin < 1.0
