"""Signal, kernel and output as rows of figures."""

from __future__ import annotations

from cnnviz.report.columns import number_column, word_column
from cnnviz.report.report import Report
from cnnviz.report.signal import Sliding


def table(found: Sliding) -> Report:
    """Return a row for each of the three.

    >>> from cnnviz.report.signal import slide
    >>> from cnnviz.signals import resolve
    >>> found = table(slide(resolve("box:3"), resolve("1 2")))
    >>> [(row["name"], row["length"], row["sum"]) for row in found]
    [('x', 3, 3.0), ('h', 2, 3.0), ('y', 4, 9.0)]
    """
    rows = [
        row | {"name": name, "what": row["name"]}
        for row, name in zip(found.to_dicts(), ("x", "h", "y"), strict=True)
    ]
    return Report(found.subject, {}, tuple(rows), {}, (), COLUMNS)


_FORM = ".6g"
COLUMNS = (
    word_column("name", heading=""),
    word_column("role", heading=""),
    word_column("what", heading="name"),
    number_column("length"),
    number_column("min", _FORM),
    number_column("max", _FORM),
    number_column("sum", _FORM, rank=1),
    number_column("mean", _FORM, rank=2),
)
