"""A self-contained HTML page from a template, with plotly.js inside and nothing asked for over a network.

A template includes `base.css` and `charts.js`. An element with `data-chart="ID"` is drawn from the chart of that id; a
`<select data-chooses="ELEMENT">` changes which chart an element shows, and what is of class `note` in its figure to the
chart's caption. In a chart's data a colour is the name of a CSS variable (`--trained`), so that a page follows the
reader's light or dark scheme.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Chart = Mapping[str, Any]
"""A plotly.js figure in plain data: `id`, `title`, `data`, `layout`, and `caption` where one stands below it."""


def render(package: str, template: str, charts: Iterable[Chart], short: Mapping[str, str], **values: Any) -> str:
    """The page of a template that lies in `package`; `short` are the names of tasks where room is scarce."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
    from plotly.offline import get_plotlyjs

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "."), PackageLoader("prorl.page", ".")]),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["percent"] = lambda rate: f"{100 * rate:.1f}"
    environment.filters["points"] = lambda rate: f"{100 * rate:+.1f}"
    environment.filters["task"] = lambda name: short.get(name, name)
    data = script_json({chart["id"]: chart for chart in charts})
    return environment.get_template(template).render(charts=data, plotly=get_plotlyjs(), **values)


def script_json(value: Any) -> str:
    """JSON that can stand in a script element whatever strings it holds."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
