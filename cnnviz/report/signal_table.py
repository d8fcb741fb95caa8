"""Signal, kernel and output as rows of figures."""

from __future__ import annotations

from cnnviz.report.columns import number_column
from cnnviz.report.report import Column, Report
from cnnviz.report.signal import Sliding


def table(found: Sliding) -> Report:
    """Return a row for each of the three.

    >>> from cnnviz.report.signal import slide
    >>> from cnnviz.signals import resolve
    >>> found = table(slide(resolve("box:3"), resolve("1 2")))
    >>> [(row["name"], row["length"], row["sum"]) for row in found]
    [('x', 3, 3.0), ('h', 2, 3.0), ('y', 4, 9.0)]
    """
    names = found.signal.name, found.kernel.name, f"x {found.sign} h"
    rows = [
        row | {"name": name, "what": what}
        for row, name, what in zip(found.to_dicts(), ("x", "h", "y"), names, strict=True)
    ]
    return Report(found.subject, {}, tuple(rows), {}, (), COLUMNS)


_FORM = ".6g"
COLUMNS = (
    Column("", lambda row: f"{row['name']} = {row['what']}"),  # the first one is cut if it must be
    Column("role", lambda row: str(row["role"]), rank=3),
    number_column("length"),
    number_column("min", _FORM),
    number_column("max", _FORM),
    number_column("sum", _FORM, rank=1),
    number_column("mean", _FORM, rank=2),
)
