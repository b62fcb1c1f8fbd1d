"""YAML as recipes are written in it: numbers such as 1e-5 are numbers, and what can't be meant is refused."""

from __future__ import annotations

import re
from typing import Any

import yaml

_NUMBER = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)[eE][-+]?\d+$")
"""With an exponent; YAML 1.1 takes `1e-5` for text, and everybody who writes it means the number."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping, and a value that holds itself."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._open: list[str] = []
        """Anchors of the lists and mappings that are being read."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """A value; one that stands for what it is part of is refused."""
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) and event.anchor in self._open:
            raise _refused(f"*{event.anchor} holds itself", event)
        self._open.append(event.anchor or "")
        node = super().compose_node(parent, index)
        self._open.pop()
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """A mapping, none of whose own keys stands there twice; those that it merges in (`<<`) it may replace."""
        known = set()
        for key, _ in node.value:
            if (key.tag, str(key.value)) in known:
                raise _refused(f"key {key.value!r} stands there twice", key)
            known.add((key.tag, str(key.value)))
        return super().construct_mapping(node, deep)


def _refused(problem: str, at: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=at.start_mark)


class _Dumper(yaml.SafeDumper):
    """Quotes a text that `_Loader` would take for a number."""


for kind in (_Loader, _Dumper):
    kind.add_implicit_resolver("tag:yaml.org,2002:float", _NUMBER, list("-+.0123456789"))


def read(text: str) -> Any:
    """The plain data of a YAML text. Raises yaml.YAMLError, whose `problem` says what is wrong."""
    try:
        return yaml.load(text, _Loader)
    except RecursionError:
        raise yaml.MarkedYAMLError(problem="lists or mappings lie too deep in one another") from None


def write(data: Any) -> str:
    """YAML that `read` reads back to equal data, in the order of its keys."""
    text: str = yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def write_line(value: Any) -> str:
    """A value in one line."""
    options: dict[str, Any] = {"default_flow_style": True, "sort_keys": False, "allow_unicode": True, "width": 10_000}
    text: str = yaml.dump([value], Dumper=_Dumper, **options)  # a value by itself may get an end mark, "..."
    return text.strip()[1:-1]
