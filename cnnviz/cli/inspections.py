"""The way of a command that looks at kernels: printed as text, written as a picture or numbers."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from cnnviz.cli import names, showing, tables
from cnnviz.render.terminal import escape

if TYPE_CHECKING:
    from cnnviz.report.result import Inspection


def put(result: Inspection, look: dict[str, Any], *, show: bool, **writing: Any) -> int:
    """Print what is said of kernels and write their picture; return the exit code.

    `writing` are the other options of `cli.options.writing`.
    """
    from cnnviz import render

    how = render.Look(**look)
    return tables.put(
        names.slug(result.title).replace(".", "-"),  # where no suffix is meant
        lambda width, colour: _text(result, width),
        result.to_dict() if writing["as_json"] else {},  # long for a large kernel
        {
            "json": lambda: json.dumps(result.to_dict(), indent=2, allow_nan=False) + "\n",
            **{format: partial(_arrays, result, format) for format in ("npy", "npz", "csv")},
        },
        inputs=result.sources,
        pictures={form: partial(render.render, result, form, how) for form in render.formats()},
        draw=partial(showing.picture, result, how, no_color=writing["no_color"]) if show else None,
        **writing,
    )


def _text(result: Inspection, width: int) -> str:
    from cnnviz.render.tables import grouped

    table = grouped(result.listing, width=width).splitlines() if result.listing else []
    return "\n".join(map(escape, [*table, *result.lines(width)])) + "\n"


def _arrays(result: Inspection, format: str) -> bytes:
    from cnnviz import arrays

    named = result.arrays()
    keys = arrays.unique([names.member(name) for name, _ in named])
    return arrays.store(format, dict(zip(keys, (values for _, values in named), strict=True)))
